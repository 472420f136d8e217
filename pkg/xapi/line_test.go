package xapi

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// waiting is a server that answers with what a test puts in, and the line to it.
type waiting struct {
	t       *testing.T
	client  http.Client
	opened  int
	answers chan string // whole replies; empty: the connection ends
}

// wait plays a story with such a server in virtual time.
func wait(t *testing.T, story func(*waiting)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &waiting{t: t, answers: make(chan string, 1)}
		l := &line{open: w.open}
		w.client.Transport = l
		story(w)
		close(w.answers)
		l.CloseIdleConnections()
	})
}

func (w *waiting) open(context.Context) (net.Conn, error) {
	w.opened++
	near, far := net.Pipe()
	go func() {
		defer far.Close() //nolint:errcheck // a pipe
		for in := bufio.NewReader(far); ; {
			req, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, req.Body)
			answer := <-w.answers
			if _, err := io.WriteString(far, answer); err != nil || answer == "" {
				return
			}
		}
	}()
	return near, nil
}

// call makes a call and reads so many bytes of its body; all for -1.
func (w *waiting) call(ctx context.Context, most int64) (string, error) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://xen-1/", strings.NewReader("event.next"))
	if err != nil {
		w.t.Fatal(err)
	}
	res, err := w.client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	if most < 0 {
		most = 1 << 30
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, most))
	return string(body), err
}

const fine = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"

// A connection serves one call after the other, unless something speaks against it.
func TestALineKeepsItsConnection(t *testing.T) {
	for name, tt := range map[string]struct {
		answer string
		read   int64
		pause  time.Duration
		opened int
	}{
		"read to its end":            {answer: fine, read: -1, opened: 1},
		"in pieces":                  {answer: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", read: -1, opened: 1},
		"closed before its end":      {answer: fine, read: 2, opened: 2},
		"the server wants to close":  {answer: strings.Replace(fine, "\r\n\r\n", "\r\nconnection: close\r\n\r\n", 1), read: -1, opened: 2},
		"the server says more":       {answer: fine + "HTTP/1.1 200 OK", read: -1, opened: 2},
		"not used for a while":       {answer: fine, read: -1, pause: time.Minute, opened: 2},
		"used again after a second":  {answer: fine, read: -1, pause: time.Second, opened: 1},
		"an answer without any body": {answer: "HTTP/1.1 204 No Content\r\n\r\n", read: -1, opened: 1},
	} {
		t.Run(name, func(t *testing.T) {
			wait(t, func(w *waiting) {
				for range 2 {
					w.answers <- tt.answer
					if _, err := w.call(w.t.Context(), tt.read); err != nil {
						t.Error(err)
					}
					time.Sleep(tt.pause)
				}
				if w.opened != tt.opened {
					t.Errorf("%d connections for two calls, not %d", w.opened, tt.opened)
				}
			})
		})
	}
}

// The end of a context ends a call that waits for its reply, or for the rest of one, and the next call works.
func TestALineIsLetGo(t *testing.T) {
	for name, answer := range map[string]string{"no answer": "", "half an answer": "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe"} {
		t.Run(name, func(t *testing.T) {
			wait(t, func(w *waiting) {
				ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
				defer cancel()
				if answer != "" {
					w.answers <- answer
				}
				began := time.Now()
				if got, err := w.call(ctx, -1); err == nil || time.Since(began) != time.Minute {
					t.Errorf("%q, %v after %s", got, err, time.Since(began))
				}
				synctest.Wait()
				if answer == "" {
					w.answers <- "" // to the call that nobody waits for
				}
				synctest.Wait()
				w.answers <- fine
				if got, err := w.call(w.t.Context(), -1); got != "hello" || err != nil {
					t.Errorf("%q, %v", got, err)
				}
			})
		})
	}
}

func TestALineTakesNoEndlessHead(t *testing.T) {
	wait(t, func(w *waiting) {
		w.answers <- "HTTP/1.1 200 OK\r\nx: " + strings.Repeat("x", 2*maxReplyHead)
		if _, err := w.call(w.t.Context(), -1); err == nil || !strings.Contains(err.Error(), "head has more than") {
			t.Error(err)
		}
	})
}

func TestALineThatBreaksSaysSo(t *testing.T) {
	wait(t, func(w *waiting) {
		w.answers <- ""
		if _, err := w.call(w.t.Context(), -1); !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	})
}
