package web_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/xencontroller/xencontroller/internal/golden"
	"github.com/xencontroller/xencontroller/pkg/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answer is a response that was read to its end.
type answer struct {
	Status     string
	StatusCode int
	Header     http.Header
	Body       string
}

func get(t *testing.T, s *web.Server, path string) answer {
	t.Helper()
	return do(t, s, http.MethodGet, path)
}

func do(t *testing.T, s *web.Server, method, path string) answer {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	r := w.Result()
	return answer{r.Status, r.StatusCode, r.Header, body(t, r)}
}

// body reads a response to its end.
func body(t *testing.T, r *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(r.Body)
	if err := errors.Join(err, r.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The JSON is an API: a change of shape is seen here, and belongs into the CHANGELOG.
func TestAPIShape(t *testing.T) {
	golden.Walk(t, "testdata/*.txtar", func(t *testing.T, ar *golden.Archive) {
		view := exampleView()
		if string(ar.Section("view")) == "empty\n" {
			view = web.View{}
		}
		s := web.New(web.Config{View: fixed(view)})
		for _, path := range []string{"/api/v1/pools", "/api/v1/hosts", "/api/v1/virtualmachines", "/api/v1/actions"} {
			r := get(t, s, path)
			if got := r.Header.Get("Content-Type"); r.StatusCode != http.StatusOK || got != "application/json" {
				t.Errorf("%s: %s, %s", path, r.Status, got)
			}
			ar.Want(t, path, r.Body)
		}
	})
}

func TestOnlyGetAndHead(t *testing.T) {
	s := web.New(web.Config{View: fixed(exampleView())})
	for _, path := range []string{
		"/", "/metrics", "/healthz", "/readyz", "/api/v1/pools", "/api/v1/hosts", "/api/v1/virtualmachines", "/api/v1/actions",
		"/api/v1/stream", "/page/stream", "/page/page.css", "/page/page.js",
	} {
		if r := do(t, s, http.MethodHead, path); r.StatusCode != http.StatusOK {
			t.Errorf("HEAD %s: %s", path, r.Status)
		}
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, "BREW"} {
			r := do(t, s, method, path)
			if r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %s, Allow %q; want 405 and GET, HEAD", method, path, r.Status, r.Header.Get("Allow"))
			}
		}
	}
	for _, path := range []string{"/nothing", "/api/v1", "/page/view.html", "/page/index.html", "/page/..%2fserver.go", "/page/"} {
		if r := get(t, s, path); r.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s: %s, want 404", path, r.Status)
		}
	}
}

func TestReadiness(t *testing.T) {
	stale := exampleView()
	stale.Pools = append(stale.Pools, web.Pool{Name: "rack-2", Reason: "the master does not answer; looking for the new one"}, web.Pool{Name: "rack-3"})
	for _, c := range []struct {
		name   string
		view   web.View
		status int
		text   string
	}{
		{"in sync", exampleView(), http.StatusOK, "ready\n"},
		{"nothing yet", web.View{}, http.StatusServiceUnavailable, "not ready\nno pool is connected yet\n"},
		{"two of three pools away", stale, http.StatusServiceUnavailable, "not ready\npool rack-2: the master does not answer; looking for the new one\npool rack-3: not in sync\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := web.New(web.Config{View: fixed(c.view)})
			r := get(t, s, "/readyz")
			if r.StatusCode != c.status || r.Body != c.text {
				t.Errorf("readyz: %d %q, want %d %q", r.StatusCode, r.Body, c.status, c.text)
			}
			if r := get(t, s, "/healthz"); r.StatusCode != http.StatusOK {
				t.Errorf("healthz: %s; a pool that is away is no reason to restart the process", r.Status)
			}
		})
	}
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "xencontroller_test_total", Help: "A test."})
	registry.MustRegister(counter)
	counter.Add(3)
	s := web.New(web.Config{View: fixed(web.View{}), Gatherer: registry})
	if text := get(t, s, "/metrics").Body; !strings.Contains(text, "\nxencontroller_test_total 3\n") {
		t.Errorf("/metrics does not show the registry that it was given:\n%s", text)
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- web.New(web.Config{View: fixed(exampleView())}).Serve(ctx, listener) }()

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	url := "http://" + listener.Addr().String() + "/healthz"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if text := body(t, r); text != "ok\n" {
		t.Errorf("healthz: %q", text)
	}
	cancel()
	if err := <-served; err != nil {
		t.Errorf("Serve: %v, want nil after its context ended", err)
	}
}

func TestServeSaysWhichListenerFailed(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	err = web.New(web.Config{View: fixed(web.View{})}).Serve(t.Context(), listener)
	if err == nil || !strings.Contains(err.Error(), address) {
		t.Errorf("Serve on a closed listener: %v, want an error that names %s", err, address)
	}
}
