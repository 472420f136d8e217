package simulator

import (
	"testing"
	"testing/synctest"
	"time"
)

// later changes a VM's description some time from now.
func later(p *Pool, vm string, after time.Duration, text string) {
	go func() {
		time.Sleep(after)
		write(p, func(t *tx) { t.set("VM", vm, "name_description", text) })
	}()
}

// timed makes a call and says how long it took.
func timed(w *wire, method string, params ...any) (v any, took time.Duration) {
	begun := time.Now()
	v = w.must(method, params...)
	return v, time.Since(begun)
}

// Since xapi 25.5 event.next waits 200 ms before it looks at all, and 50 ms from the first change until the next look;
// before, it answers the first change alone.
func TestEventNextCollects(t *testing.T) {
	for version, want := range map[string]struct {
		events int
		took   time.Duration
	}{"25.4.0": {1, time.Second}, "25.5.0": {2, time.Second + 50*time.Millisecond}} {
		synctest.Test(t, func(t *testing.T) {
			p := Start(t, Model{Hosts: 1, VMs: 2, Version: version})
			w, vm := login1(t, p), vmNamed(p, "web-1")
			w.must("event.register", setOf("vm"))
			later(p, vm, time.Second, "one")
			later(p, vm, time.Second+40*time.Millisecond, "two")
			v, took := timed(w, "event.next")
			if n := len(v.(Set)); n != want.events || took != want.took {
				t.Errorf("%s: %d events after %v, want %d after %v", version, n, took, want.events, want.took)
			}
			time.Sleep(time.Second) // until the second change has been made
		})
	}
}

// What lies there already waits 200 ms too, since 25.5.
func TestEventNextWaitsBeforeItLooks(t *testing.T) {
	for version, want := range map[string]time.Duration{"25.4.0": 0, "25.5.0": 200 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			p := Start(t, Model{Hosts: 1, VMs: 2, Version: version})
			w, vm := login1(t, p), vmNamed(p, "web-1")
			w.must("event.register", setOf("vm"))
			write(p, func(t *tx) { t.set("VM", vm, "name_description", "there") })
			if _, took := timed(w, "event.next"); took != want {
				t.Errorf("%s: answered after %v, want %v", version, took, want)
			}
		})
	}
}

// Since 25.5 event.from waits before its first look, but not for tasks alone, and 6.25 ms from the first change until the
// next look; before, it looks at once, and waits 50 ms after a change.
func TestEventFromDelays(t *testing.T) {
	for version, want := range map[string]struct{ there, tasks, change time.Duration }{
		"25.4.0": {0, 0, time.Second + 50*time.Millisecond},
		"25.5.0": {50 * time.Millisecond, 0, time.Second + 6250*time.Microsecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := Start(t, Model{Hosts: 1, VMs: 2, Version: version})
			w, vm := login1(t, p), vmNamed(p, "web-1")
			w.must("task.create", "T", "")
			v, took := timed(w, "event.from", setOf("vm"), "", 0.0)
			if took != want.there {
				t.Errorf("%s: what is there is answered after %v, want %v", version, took, want.there)
			}
			if _, took := timed(w, "event.from", setOf("task"), "", 0.0); took != want.tasks {
				t.Errorf("%s: tasks are answered after %v, want %v", version, took, want.tasks)
			}
			later(p, vm, time.Second, "changed")
			if _, took := timed(w, "event.from", setOf("vm"), field(v, "token"), 10.0); took != want.change {
				t.Errorf("%s: a change after a second is answered after %v, want %v", version, took, want.change)
			}
		})
	}
}

// Deletions of messages are kept twice as long as those of other classes.
func TestEventFromForgetsOldMessages(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: 1})
	w := login1(t, p)
	token := field(w.must("event.from", setOf("message"), "", 0.0), "token")
	refs := make([]string, 1100)
	write(p, func(t *tx) {
		for i := range refs {
			refs[i] = t.create("message", values{"name": "X"})
		}
	})
	token = field(w.must("event.from", setOf("message"), token, 0.0), "token")
	for _, c := range []struct{ destroy, want int }{{1000, 1000}, {100, 512 + 1100 - 1024}} {
		write(p, func(t *tx) {
			for _, ref := range refs[:c.destroy] {
				t.destroy("message", ref)
			}
		})
		refs = refs[c.destroy:]
		if n := len(field(w.must("event.from", setOf("message"), token, 0.0), "events").(Set)); n != c.want {
			t.Errorf("%d deletions told, want %d", n, c.want)
		}
	}
}
