package simulator

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// story writes events as "id class operation name", one a line; name is the name_label, or the reference's end.
func story(events any) string {
	var lines []string
	for _, e := range events.(Set) {
		name := ""
		if snapshot, ok := e.(Map).Get("snapshot"); ok {
			name, _ = field(snapshot, "name_label").(string)
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %s", field(e, "id"), field(e, "class"), field(e, "operation"), name))
	}
	return strings.Join(lines, "\n")
}

func wantStory(t *testing.T, events any, want ...string) {
	t.Helper()
	if got, want := story(events), strings.Join(want, "\n"); got != want {
		t.Errorf("events:\n%s\nwant:\n%s", got, want)
	}
}

// write changes the database as somebody's hand.
func write(p *Pool, f func(*tx)) {
	_ = p.update(func(t *tx) error { f(t); return nil })
}

func vmNamed(p *Pool, name string) (ref string) {
	p.view(func(t *tx) { ref = t.find("VM", "name_label", name)[0] })
	return ref
}

func TestEventNextNumbersOnlyWhatSomebodyWants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 4})
		w := login1(t, p)
		web := vmNamed(p, "web-1")
		write(p, func(t *tx) { t.set("VM", web, "name_description", "nobody listens") })
		w.must("event.register", setOf("VM/"+web, "Task"))
		write(p, func(t *tx) {
			t.set("VM", web, "name_description", "one")
			t.set("VM", web, "name_description", "one") // equal: no event
			t.set("host", t.the("host"), "name_description", "not wanted")
			t.destroy("task", t.create("task", values{"name_label": "T"}))
		})
		wantStory(t, w.must("event.next"), "0 vm mod web-1", "1 task add T", "2 task del T")
		if id := w.must("event.get_current_id"); id != "3" {
			t.Errorf("the next event gets id %s, want 3", id)
		}
		w.must("event.unregister", setOf("task"))
		write(p, func(t *tx) {
			t.create("task", values{"name_label": "U"})
			_ = t.addTo("VM", web, "other_config", "k", "v")
		})
		wantStory(t, w.must("event.next"), "3 vm mod web-1")
	})
}

// xapi: mod of the object formerly referred to, of the row, of the object referred to now; sets take the new in front.
func TestReferenceWritesTellBothSides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 3})
		w := login1(t, p)
		w.must("event.register", setOf("vm", "host", "vbd"))
		var from, to string
		vm := vmNamed(p, "db-1")
		write(p, func(t *tx) {
			from = t.str("VM", vm, "resident_on")
			for _, h := range t.all("host") {
				if h != from {
					to = h
				}
			}
			t.set("VM", vm, "resident_on", to)
			if front := t.strs("host", to, "resident_VMs")[0]; front != vm {
				panic(front)
			}
		})
		fromName, toName := "", ""
		p.view(func(t *tx) { fromName, toName = t.str("host", from, "name_label"), t.str("host", to, "name_label") })
		wantStory(t, w.must("event.next"), "0 host mod "+fromName, "1 vm mod db-1", "2 host mod "+toName)
		write(p, func(t *tx) {
			t.destroy("VBD", t.create("VBD", values{"VM": vm}))
		})
		wantStory(t, w.must("event.next"), "3 vbd add ", "4 vm mod db-1", "5 vbd del ", "6 vm mod db-1")
	})
}

func TestEventsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2, EventQueueBytes: 100_000})
		w := login1(t, p)
		w.must("event.register", setOf("*"))
		web := vmNamed(p, "web-1")
		rename := func(n int) {
			for i := range n {
				write(p, func(t *tx) { t.set("VM", web, "name_description", fmt.Sprint(n, "/", i)) })
			}
		}
		rename(5)
		if n := len(w.must("event.next").(Set)); n != 5 {
			t.Errorf("%d events, want 5", n)
		}
		rename(100)
		if got := w.refused("event.next"); got != "EVENTS_LOST" {
			t.Errorf("next answers %s, want EVENTS_LOST", got)
		}
		rename(1) // the cursor stands at the present, and the registration is intact
		wantStory(t, w.must("event.next"), "105 vm mod web-1")
		p.LoseEvents()
		if got := w.refused("event.next"); got != "EVENTS_LOST" {
			t.Errorf("next answers %s, want EVENTS_LOST", got)
		}
	})
}

// A client that went away during event.next takes the next batch with it.
func TestZombieReaderEatsABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		w := login1(t, p)
		w.must("event.register", setOf("vm"))
		gone := w.again(p)
		go func() { _, _ = gone.call("event.next") }()
		synctest.Wait()
		p.DropConnections()
		synctest.Wait()
		w = w.again(p)
		web := vmNamed(p, "web-1")
		write(p, func(t *tx) { t.set("VM", web, "name_description", "eaten") })
		synctest.Wait()
		write(p, func(t *tx) { t.set("VM", web, "name_description", "seen") })
		wantStory(t, w.must("event.next"), "1 vm mod web-1")
	})
}

func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		w := login1(t, p)
		w.must("event.register", setOf("pool"))
		begun := time.Now()
		wantStory(t, w.must("event.next"), "0 pool mod simulated")
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("the heartbeat came after %v, want 30 s at most", took)
		}
	})
}

func TestLogoutEndsBlockedCalls(t *testing.T) {
	for _, method := range []string{"event.next", "event.from"} {
		synctest.Test(t, func(t *testing.T) {
			p := Start(t, Model{VMs: 2})
			w := login1(t, p)
			w.must("event.register", setOf("vm"))
			blocked := w.again(p)
			answer := make(chan string, 1)
			go func() {
				if method == "event.next" {
					answer <- blocked.refused(method)
				} else {
					answer <- blocked.refused(method, setOf("vm/x"), "", 3600.0)
				}
			}()
			synctest.Wait()
			w.must("session.logout")
			if got, want := <-answer, "SESSION_INVALID | "+w.session; got != want {
				t.Errorf("%s answers %s, want %s", method, got, want)
			}
		})
	}
}

func TestEventFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 3})
		w := login1(t, p)
		from := func(token any, classes ...string) any { return w.must("event.from", setOf(classes...), token, 1.0) }
		all := from("", "vm", "pool")
		if n := len(field(all, "events").(Set)); n != len(w.must("VM.get_all").(Set))+1 {
			t.Errorf("the first reply holds %d events, want every VM and the pool", n)
		}
		if n := field(field(all, "valid_ref_counts"), "host"); n != "3" {
			t.Errorf("%v hosts counted, want 3", n)
		}
		token := field(all, "token")
		begun := time.Now()
		quiet := from(token, "vm", "pool")
		if took := time.Since(begun); len(field(quiet, "events").(Set)) != 0 || took != 1550*time.Millisecond || field(quiet, "token") != token {
			t.Errorf("a quiet pool answers %v after %v, want nothing after 1.55 s", quiet, took)
		}
		web, db := vmNamed(p, "web-1"), vmNamed(p, "app-1")
		write(p, func(t *tx) {
			t.destroy("VM", db)
			t.set("VM", web, "name_description", "a")
			t.set("VM", web, "name_description", "b")
			t.destroy("VM", t.create("VM", values{"name_label": "between"}))
			t.create("VM", values{"name_label": "new"})
		})
		changed := from(token, "VM/"+web, "VM/"+db, "pool")
		ops := ""
		for _, e := range field(changed, "events").(Set) {
			_, snapshot := e.(Map).Get("snapshot")
			ops += fmt.Sprintf("%s %s %t %s\n", field(e, "class"), field(e, "operation"), snapshot, field(e, "timestamp"))
		}
		if want := "vm mod true 0.0\nvm del false 0.0\n"; ops != want {
			t.Errorf("events:\n%swant:\n%s", ops, want)
		}
		groups := ""
		for _, e := range field(from(token, "vm"), "events").(Set) {
			groups += field(e, "operation").(string) + " "
		}
		if groups != "add mod del " {
			t.Errorf("operations %s, want an add, a mod, a del, and nothing of what came and went", groups)
		}
		for _, bad := range []string{"x", "1", "1,", "1,2,3"} {
			if got := w.refused("event.from", setOf("vm"), bad, 0.0); got != "EVENT_FROM_TOKEN_PARSE_FAILURE | "+bad {
				t.Errorf("token %q: %s", bad, got)
			}
		}
	})
}

// Beyond 511 deletions of a class event.from never tells of the older ones.
func TestEventFromForgetsOldDeletions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		w := login1(t, p)
		refs := make([]string, 600)
		write(p, func(t *tx) {
			for i := range refs {
				refs[i] = t.create("VM", values{})
			}
		})
		token := field(w.must("event.from", setOf("vm"), "", 0.0), "token")
		write(p, func(t *tx) {
			for _, ref := range refs {
				t.destroy("VM", ref)
			}
		})
		if n := len(field(w.must("event.from", setOf("vm"), token, 0.0), "events").(Set)); n < 256 || n >= 512 {
			t.Errorf("%d deletions told, want at least 256 and less than 512", n)
		}
	})
}

func TestInjectBarrier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		w := login1(t, p)
		pool := w.must("pool.get_all").(Set)[0]
		before := field(w.must("event.from", setOf("pool"), "", 0.0), "token")
		barrier := w.must("event.inject", "pool", pool).(string)
		after := field(w.must("event.from", setOf("pool"), before, 1.0), "token").(string)
		if after <= barrier {
			t.Errorf("token %s is not beyond the injected %s", after, barrier)
		}
		if got, want := w.refused("event.inject", "VM", pool), "HANDLE_INVALID | VM | "+pool.(string); got != want {
			t.Errorf("inject answers %s, want %s", got, want)
		}
	})
}
