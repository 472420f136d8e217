package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	streamLimit    = 64                     // followers at once; more are answered 503
	streamInterval = 100 * time.Millisecond // a burst of changes is one event
	streamPing     = 20 * time.Second       // a comment, so that a dead peer is found and proxies keep the connection
	streamPatience = 10 * time.Second       // how long a follower may take to read one event
)

// broadcast tells any number of followers that something changed. The zero value is ready to use.
type broadcast struct {
	mu        sync.Mutex
	followers map[chan struct{}]bool
}

// follow returns a channel that holds at most one "changed", and a function that ends it; nil when there are too many.
func (b *broadcast) follow() (changed <-chan struct{}, leave func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.followers) >= streamLimit {
		return nil, nil
	}
	if b.followers == nil {
		b.followers = map[chan struct{}]bool{}
	}
	ch := make(chan struct{}, 1)
	b.followers[ch] = true
	return ch, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.followers, ch)
	}
}

func (b *broadcast) notify() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ch := range b.followers {
		select {
		case ch <- struct{}{}:
		default: // it has not looked since the last change, and will see this one too
		}
	}
}

// renderer turns a view into the data of an event.
type renderer func(View) ([]byte, error)

func renderJSON(v View) ([]byte, error) { return json.Marshal(v) }

// stream sends the view now and after each change, as server-sent events, until the client leaves or the server ends.
func (s *Server) stream(render renderer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.Header().Set("Content-Type", "text/event-stream")
			return
		}
		changed, leave := s.changes.follow()
		if leave == nil {
			w.Header().Set("Retry-After", "5")
			plain(w, http.StatusServiceUnavailable, "too many streams\n")
			return
		}
		defer leave()
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
		out := eventWriter{w: w, control: http.NewResponseController(w)}
		if err := s.follow(r.Context(), out, changed, render); err != nil {
			s.config.Log.V(1).Info("stream ended", "remote", r.RemoteAddr, "cause", err.Error())
		}
	}
}

// follow is the life of one stream. What it does not send while the client is slow, or within the interval, is not kept:
// the next event is the newest view.
func (s *Server) follow(ctx context.Context, out eventWriter, changed <-chan struct{}, render renderer) error {
	ping := time.NewTicker(streamPing)
	defer ping.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for id := 1; ; id++ {
		if err := s.sendView(out, id, render); err != nil {
			return err
		}
		pause.Reset(streamInterval)
		select {
		case <-pause.C:
		case <-ctx.Done():
			return nil
		}
		for waiting := true; waiting; {
			select {
			case <-changed:
				waiting = false
			case <-ping.C:
				if err := out.comment("ping"); err != nil {
					return err
				}
			case <-ctx.Done():
				return nil
			}
		}
	}
}

func (s *Server) sendView(out eventWriter, id int, render renderer) error {
	data, err := render(s.config.View())
	if err != nil {
		return fmt.Errorf("rendering the view: %w", err)
	}
	return out.event("view", id, data)
}

// eventWriter writes the text/event-stream format; each write has a deadline of its own.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// event writes one event; data may have several lines.
func (e eventWriter) event(name string, id int, data []byte) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "event: %s\nid: %d\n", name, id)
	for line := range bytes.Lines(data) {
		b.WriteString("data: ")
		b.Write(bytes.TrimRight(line, "\r\n"))
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	return e.flush(b.Bytes())
}

func (e eventWriter) comment(text string) error { return e.flush([]byte(": " + text + "\n\n")) }

func (e eventWriter) flush(b []byte) error {
	if err := e.control.SetWriteDeadline(time.Now().Add(streamPatience)); err != nil {
		return err
	}
	if _, err := e.w.Write(b); err != nil {
		return err
	}
	return e.control.Flush()
}
