package xapi_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi"
)

// serve answers as a pool of one on a real socket; its own address is part of what it says.
func serve(t *testing.T, start func(*httptest.Server)) *httptest.Server {
	t.Helper()
	h := &fakeHost{name: "a"}
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	h.answer = master("P", "127.0.0.1", "127.0.0.1")
	start(server)
	t.Cleanup(server.Close)
	return server
}

func connect(t *testing.T, url string, trust xapi.TLSConfig) (*xapi.Session, error) {
	t.Helper()
	c, err := xapi.New(xapi.Config{
		Addresses: []string{url}, TLS: trust, Username: "root",
		Password: func(context.Context) (string, error) { return password, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.WithoutCancel(t.Context())) })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	return c.Session(ctx)
}

// TestTrust connects to a host with a self-signed certificate, with each way to trust it and with none.
func TestTrust(t *testing.T) {
	server := serve(t, (*httptest.Server).StartTLS)
	raw := server.Certificate().Raw
	sum := sha256.Sum256(raw)
	plain := hex.EncodeToString(sum[:])
	var colons []string
	for i := 0; i < len(plain); i += 2 {
		colons = append(colons, strings.ToUpper(plain[i:i+2]))
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	other := strings.Repeat("00", 32)
	tests := []struct {
		name  string
		trust xapi.TLSConfig
		want  []string // of the error; none: it works
	}{
		{"CA file", xapi.TLSConfig{CAFile: ca}, nil},
		{"pin", xapi.TLSConfig{Fingerprint: plain}, nil},
		{"pin with colons", xapi.TLSConfig{Fingerprint: strings.Join(colons, ":")}, nil},
		{"pin with a name", xapi.TLSConfig{Fingerprint: "sha256:" + plain}, nil},
		{"pin as openssl writes it", xapi.TLSConfig{Fingerprint: "SHA-256:" + strings.Join(colons, ":")}, nil},
		{"one of several pins", xapi.TLSConfig{Fingerprint: other + ", " + plain}, nil},
		{"insecure", xapi.TLSConfig{Insecure: true}, nil},
		{"another pin", xapi.TLSConfig{Fingerprint: other}, []string{"is not the host whose certificate was pinned", strings.Join(colons, ":"), "--tls-fingerprint"}},
		{"nothing", xapi.TLSConfig{}, []string{"shows a certificate that is not trusted", strings.Join(colons, ":"), "--ca-file", "--tls-fingerprint", "--insecure-skip-tls-verify"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := connect(t, server.URL, tt.trust)
			if tt.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantError[*xapi.TrustError](t, err)
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error does not say %q: %v", w, err)
				}
			}
		})
	}
}

// TestWrongScheme says http to a TLS port and https to a plain one: neither waits, each says what is wrong.
func TestWrongScheme(t *testing.T) {
	plain := serve(t, (*httptest.Server).Start)
	_, err := connect(t, strings.Replace(plain.URL, "http:", "https:", 1), xapi.TLSConfig{})
	if wantError[*xapi.NotXAPIError](t, err); !strings.Contains(err.Error(), "is it http:// instead of https://?") {
		t.Error(err)
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() { // a TLS server in front of which nobody answers in words: an alert
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = conn.Write([]byte("\x15\x03\x01\x00\x02\x02\x46"))
			_ = conn.Close()
		}
	}()
	_, err = connect(t, "http://"+l.Addr().String(), xapi.TLSConfig{})
	if wantError[*xapi.NotXAPIError](t, err); !strings.Contains(err.Error(), "is it https:// instead of http://?") {
		t.Error(err)
	}
	secure := serve(t, (*httptest.Server).StartTLS)
	_, err = connect(t, strings.Replace(secure.URL, "https:", "http:", 1), xapi.TLSConfig{})
	wantError[*xapi.NotXAPIError](t, err)
}

// TestRedirect is not followed: xapi never redirects a call, and the password must not go elsewhere.
func TestRedirect(t *testing.T) {
	target := serve(t, (*httptest.Server).Start)
	from := httptest.NewServer(http.RedirectHandler(target.URL, http.StatusTemporaryRedirect))
	t.Cleanup(from.Close)
	_, err := connect(t, from.URL, xapi.TLSConfig{})
	if wantError[*xapi.NotXAPIError](t, err); !strings.Contains(err.Error(), "HTTP status 307 and sends us elsewhere") {
		t.Error(err)
	}
}

// TestUnixSocket needs no password.
func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "xapi")
	serve(t, func(s *httptest.Server) {
		l, err := new(net.ListenConfig).Listen(t.Context(), "unix", path)
		if err != nil {
			t.Fatal(err)
		}
		s.Listener = l
		s.Start()
	})
	c, err := xapi.New(xapi.Config{Addresses: []string{"unix://" + path}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	s, err := c.Session(ctx)
	if err != nil || s.PoolUUID() != "P" {
		t.Fatal(s, err)
	}
	if err := c.Close(ctx); err != nil {
		t.Error(err)
	}
}

// TestErrorPage reads xapi's own page, without the references that it may repeat.
func TestErrorPage(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `<html><body><h1>HTTP 500 internal server error</h1>An unexpected error occurred; please wait a while and try again. If the problem persists, please contact your support representative.<h1> Additional information </h1>Failure(&quot;OpaqueRef:1-2 `+password+`&quot;)</body></html>`)
	}))
	t.Cleanup(server.Close)
	c, err := xapi.New(xapi.Config{Addresses: []string{server.URL}, Username: "root", Password: func(context.Context) (string, error) { return password, nil }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.WithoutCancel(t.Context())) })
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = c.Session(ctx)
	page, ok := errors.AsType[*xapi.HTTPError](err)
	if !ok || page.Status != 500 || page.Text != `Failure("<redacted> <redacted>")` || xapi.NotExecuted(page) {
		t.Errorf("%+v", page)
	}
}
