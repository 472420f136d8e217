package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/web"
)

// memory is a listener whose connections are pipes: nothing is buffered, and time is that of the bubble.
type memory struct {
	accept chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newMemory() *memory {
	return &memory{accept: make(chan net.Conn), closed: make(chan struct{})}
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case conn := <-m.accept:
		return conn, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}
func (m *memory) Close() error   { m.once.Do(func() { close(m.closed) }); return nil }
func (m *memory) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "memory"} }

func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case m.accept <- far:
		return near, nil
	case <-m.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// site is a server in a bubble whose view can be changed.
type site struct {
	*web.Server
	view   atomic.Pointer[web.View]
	client *http.Client
	stop   func() // ends Serve and waits for it
}

func startSite(t *testing.T, view web.View) *site {
	t.Helper()
	s := &site{}
	s.view.Store(&view)
	s.Server = web.New(web.Config{View: func() web.View { return *s.view.Load() }})
	listener := newMemory()
	s.client = &http.Client{Transport: &http.Transport{DialContext: listener.dial}}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, listener) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
		s.client.CloseIdleConnections()
	})
	t.Cleanup(s.stop)
	return s
}

// revise makes the view that of a later revision and says so.
func (s *site) revise(revision uint64) {
	view := exampleView()
	view.Pools[0].Revision = revision
	s.view.Store(&view)
	s.Notify()
}

// follower reads a stream event by event.
type follower struct {
	t      *testing.T
	reader *bufio.Reader
	close  func() error
}

func (s *site) follow(t *testing.T, path string) *follower {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://memory"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.client.Do(request) //nolint:bodyclose // its body is the stream: followers that end early close it
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Header.Get("Content-Type"); r.StatusCode != http.StatusOK || got != "text/event-stream" {
		t.Fatalf("%s: %s, %s", path, r.Status, got)
	}
	return &follower{t: t, reader: bufio.NewReader(r.Body), close: r.Body.Close}
}

// event returns the next event's fields; io.EOF ends the stream.
func (f *follower) event() (map[string]string, error) {
	fields := map[string]string{}
	for {
		line, err := f.reader.ReadString('\n')
		if err != nil {
			return nil, err
		}
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			return fields, nil
		}
		name, value, _ := strings.Cut(line, ": ")
		if have, twice := fields[name]; twice {
			value = have + "\n" + value
		}
		fields[name] = value
	}
}

// revision returns the revision of the view in the next event.
func (f *follower) revision() uint64 {
	f.t.Helper()
	fields, err := f.event()
	if err != nil {
		f.t.Fatalf("reading an event: %v", err)
	}
	var view web.View
	if err := json.Unmarshal([]byte(fields["data"]), &view); err != nil || fields["event"] != "view" {
		f.t.Fatalf("event %q: %v", fields, err)
	}
	return view.Pools[0].Revision
}

func TestStreamDeliversChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startSite(t, exampleView())
		f := s.follow(t, "/api/v1/stream")
		if got := f.revision(); got != 42 {
			t.Errorf("the first event has revision %d, want 42: the view as it is", got)
		}
		s.revise(43)
		start := time.Now()
		if got := f.revision(); got != 43 {
			t.Errorf("the event after a change has revision %d, want 43", got)
		}
		if waited := time.Since(start); waited > 200*time.Millisecond {
			t.Errorf("a change took %v to arrive", waited)
		}
		ended := make(chan error)
		go func() { _, err := f.event(); ended <- err }()
		start = time.Now()
		s.stop()
		if time.Since(start) > 100*time.Millisecond {
			t.Errorf("the server took %v to end, with one stream open", time.Since(start))
		}
		if err := <-ended; !errors.Is(err, io.EOF) {
			t.Errorf("after the server ended the stream says %v, want io.EOF", err)
		}
	})
}

func TestStreamKeepsASilentConnectionAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startSite(t, exampleView())
		f := s.follow(t, "/api/v1/stream")
		f.revision()
		start := time.Now()
		time.AfterFunc(time.Minute, func() { _ = f.close() }) // virtual
		fields, err := f.event()
		if _, comment := fields[""]; err != nil || !comment {
			t.Errorf("%v without a change brought %v, %v; want a comment", time.Since(start), fields, err)
		}
	})
}

// A burst is one event, and who is slow gets the newest view and not the ones between.
func TestSlowFollowerSeesTheNewestView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startSite(t, exampleView())
		f := s.follow(t, "/api/v1/stream")
		f.revision()
		s.revise(43)
		time.Sleep(time.Second) // virtual: the server is now writing 43 to somebody who does not read
		for revision := uint64(44); revision <= 2000; revision++ {
			s.revise(revision) // must not block
		}
		if got := f.revision(); got != 43 {
			t.Errorf("revision %d, want 43, which was being written", got)
		}
		if got := f.revision(); got != 2000 {
			t.Errorf("revision %d, want 2000, the newest", got)
		}
	})
}

func TestFollowerThatNeverReadsIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startSite(t, exampleView())
		f := s.follow(t, "/api/v1/stream")
		f.revision()
		s.revise(43)
		time.Sleep(30 * time.Second) // virtual, and past the server's patience
		for range 2 {
			if _, err := f.event(); err != nil {
				return
			}
		}
		t.Error("the stream still goes on")
	})
}

func TestStreamsAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startSite(t, exampleView())
		var last *follower
		for range 64 {
			last = s.follow(t, "/api/v1/stream")
			last.revision()
		}
		r, err := s.client.Get("http://memory/api/v1/stream")
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		if r.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("one stream too many: %s, want 503", r.Status)
		}
		_ = last.close()
		synctest.Wait()
		s.follow(t, "/api/v1/stream").revision() // its place is free again
	})
}

func TestPageStreamSendsWhatThePageShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startSite(t, exampleView())
		fields, err := s.follow(t, "/page/stream").event()
		if err != nil {
			t.Fatal(err)
		}
		page := get(t, s.Server, "/").Body
		if fragment := strings.TrimSpace(fields["data"]); fragment == "" || !strings.Contains(page, fragment) {
			t.Errorf("the fragment is not part of the page:\n%s", fragment)
		}
	})
}
