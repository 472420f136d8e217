package web

import (
	"io"
	"net/http"
	"strings"
)

// healthz answers while the process can answer: a pool that is away is no reason to restart it.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok\n") }

// readyz answers 200 once every pool is in sync, and 503 with the reasons before that and whenever one no longer is.
func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	if why := s.config.View().notReady(); len(why) > 0 {
		plain(w, http.StatusServiceUnavailable, "not ready\n"+strings.Join(why, "\n")+"\n")
		return
	}
	plain(w, http.StatusOK, "ready\n")
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the client has gone: nobody is left to tell
}
