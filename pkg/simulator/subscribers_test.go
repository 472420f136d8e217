package simulator

import (
	"bytes"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A hundred subscribers of a pool that changes 500 times a second: none is behind by more than what xapi itself waits
// before it answers. How fast that is on a machine, the benchmarks of test/bench tell.
func TestSubscribersKeepUp(t *testing.T) {
	const subscribers, changes, pause = 100, 25, 2 * time.Millisecond
	for _, c := range []struct {
		version, method string
		behind          time.Duration
	}{
		{"24.19", "event.next", 0},
		{"24.19", "event.from", fromDelay},
		{"26", "event.next", nextDelay},
		{"26", "event.from", fromDelay},
	} {
		t.Run(c.version+" "+c.method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := Start(t, Model{VMs: 5, Version: c.version})
				vm := vmNamed(p, "web-1")
				change := func(n int) { write(p, func(t *tx) { t.set("VM", vm, "user_version", int64(n)) }) }
				change(1000)
				f := &followed{written: []time.Time{time.Now()}}
				var all sync.WaitGroup
				for range subscribers {
					w := login1(t, p)
					w.must("event.register", setOf("vm"))
					all.Go(func() { f.follow(w, c.method, 1000+changes) })
				}
				time.Sleep(time.Second) // all of them wait
				for n := range changes {
					f.note()
					change(1001 + n)
					time.Sleep(pause)
				}
				all.Wait()
				if f.seen != subscribers*changes || f.behind > c.behind {
					t.Errorf("%d of %d events were seen, the latest %v after its change, want %v at most", f.seen, subscribers*changes, f.behind, c.behind)
				}
			})
		})
	}
}

// followed is what became of numbered changes, the first of which is 1000.
type followed struct {
	mu      sync.Mutex
	written []time.Time // by number
	seen    int         // events or newer ones, of all subscribers
	behind  time.Duration
}

func (f *followed) note() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.written = append(f.written, time.Now())
}

// follow reads events until it has seen the last change, or the connection ends.
func (f *followed) follow(w *wire, method string, last int) {
	token, seen := "", 1000
	for seen < last {
		var params []any
		if method == "event.from" {
			params = []any{setOf("vm"), token, 30.0}
		}
		body, err := w.bytes(method, params...)
		if err != nil {
			return // which the count of events tells
		}
		_, rest, _ := bytes.Cut(body, []byte("<name>token</name><value>"))
		text, _, _ := bytes.Cut(rest, []byte("<"))
		token = string(text)
		newest := newestVersion(body)
		f.mu.Lock()
		for ; seen < newest; seen++ {
			f.behind = max(f.behind, time.Since(f.written[seen+1-1000]))
			f.seen++
		}
		f.mu.Unlock()
	}
}

// newestVersion is the highest user_version in a reply.
func newestVersion(body []byte) int {
	newest := 0
	for _, part := range bytes.Split(body, []byte("<name>user_version</name><value>"))[1:] {
		text, _, _ := bytes.Cut(part, []byte("<"))
		n, _ := strconv.Atoi(string(text))
		newest = max(newest, n)
	}
	return newest
}
