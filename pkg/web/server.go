package web

import (
	"context"
	"errors"
	"fmt"
	"log"      //nolint:depguard // net/http and promhttp take no other logger; see errorLog
	"log/slog" //nolint:depguard // the bridge from logr to that one
	"net"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	headerTimeout   = 5 * time.Second
	requestTimeout  = 10 * time.Second // to read a request; nobody has a body to send
	writeTimeout    = 30 * time.Second
	idleTimeout     = 2 * time.Minute
	shutdownTimeout = 2 * time.Second // streams end at once; what else is running is short
	maxHeaderBytes  = 16 << 10
)

// Config is everything a Server is given.
type Config struct {
	// View returns the newest view. Required. It is called once a request and once a change, from any goroutine, and
	// must not block.
	View     func() View
	Gatherer prometheus.Gatherer // what /metrics shows; nil: nothing
	Log      logr.Logger         // zero: silent
	Version  string              // shown at the foot of the page
}

// Server answers HTTP. Its methods may be called from any goroutine.
type Server struct {
	config  Config
	changes broadcast
	handler http.Handler
}

// New returns a server; it starts nothing.
func New(config Config) *Server {
	if config.Gatherer == nil {
		config.Gatherer = prometheus.NewRegistry()
	}
	s := &Server{config: config}
	s.handler = secured(s.routes())
	return s
}

// routes is the whole map of the server. A method in a pattern makes the mux answer others with 405 and Allow; GET
// includes HEAD.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.config.Gatherer, promhttp.HandlerOpts{
		ErrorLog:            s.errorLog(),
		MaxRequestsInFlight: 8,
		Timeout:             requestTimeout,
	}))
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc("GET /api/v1/pools", list(s, func(v View) []Pool { return v.Pools }))
	mux.HandleFunc("GET /api/v1/hosts", list(s, func(v View) []Host { return v.Hosts }))
	mux.HandleFunc("GET /api/v1/virtualmachines", list(s, func(v View) []VirtualMachine { return v.VirtualMachines }))
	mux.HandleFunc("GET /api/v1/actions", list(s, func(v View) []Action { return v.Actions }))
	mux.HandleFunc("GET /api/v1/stream", s.stream(renderJSON))
	mux.HandleFunc("GET /page/stream", s.stream(renderFragment))
	mux.HandleFunc("GET /page/{file}", asset)
	mux.HandleFunc("GET /{$}", s.page)
	return mux
}

// Handler returns what Serve serves, for a caller that has a server of its own.
func (s *Server) Handler() http.Handler { return s.handler }

// Notify says that the view has changed. It never blocks: who follows the stream and is slow sees the newest view next,
// not every one.
func (s *Server) Notify() { s.changes.notify() }

// Serve answers on the listener until ctx ends, then ends the streams, waits a moment for what is running, closes the
// listener and returns nil. Another error means that the listener failed.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          s.errorLog(),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serving HTTP on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		s.config.Log.V(1).Info("connections cut at shutdown", "address", listener.Addr().String(), "cause", err.Error())
		_ = server.Close() // the reason is known; what it could say is the same again
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving HTTP on %s: %w", listener.Addr(), err)
	}
	return nil
}

// errorLog turns what net/http and promhttp say into log lines of ours.
func (s *Server) errorLog() *log.Logger {
	return slog.NewLogLogger(logr.ToSlogHandler(s.config.Log), slog.LevelWarn)
}

// secured puts the headers on every answer that keep a browser from doing anything but showing it.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "+
			"img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
