package informer

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// inFrom plays a story with an informer that follows a fake pool of one VM by event.from, in sync and heard.
func inFrom(t *testing.T, events Events, p *fakePool, story func(t *testing.T, i *Informer, j *journal)) {
	t.Helper()
	p.put("a", vm(xen.Halted))
	i, j := startFakeWith(t, p, Config{Store: store.New(), Pool: "rack-1", Events: events})
	synctest.Wait()
	story(t, i, j)
}

func TestFollowByToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		inFrom(t, EventsFrom, p, func(t *testing.T, _ *Informer, j *journal) {
			want(t, j, "add VM a Halted", "add host h", "add pool p", "synced: startup")
			p.put("a", vm(xen.Running))
			p.put("b", vm(xen.Paused))
			want(t, j, "mod VM a Running", "add VM b Paused")
			p.drop(xen.ClassVM, "a")
			want(t, j, "del VM a")
			time.Sleep(time.Hour / 2)
			synctest.Wait()
			p.mu.Lock()
			defer p.mu.Unlock()
			for method, n := range p.calls {
				switch {
				case method == "event.from" && (n < 60 || n > 70), method != "event.from" && n != 1: // each class is listed once
					t.Errorf("%d calls of %s in half an idle hour", n, method)
				}
			}
		})
	})
}

// What happens while the lists are written is applied with them, before the store is in sync.
func TestChangeBehindTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		calls := 0
		p.before = func(method string) error {
			if method != "event.from" {
				return nil
			}
			if calls++; calls == 2 {
				p.put("a", vm(xen.Running))
				p.put("b", vm(xen.Paused))
			}
			return nil
		}
		inFrom(t, EventsFrom, p, func(t *testing.T, i *Informer, j *journal) {
			want(t, j, "add VM a Halted", "add host h", "add pool p", "mod VM a Running", "add VM b Paused", "synced: startup")
			if !i.Synced() {
				t.Error("not in sync")
			}
		})
	})
}

// A reply that never arrived has eaten nothing: the token is asked with again, and nobody is told.
func TestBrokenReplyOfFromCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		inFrom(t, EventsFrom, p, func(t *testing.T, _ *Informer, j *journal) {
			j.take()
			broken := 0
			p.mu.Lock()
			p.before = func(string) error {
				if broken++; broken == 1 {
					return &xapi.TransportError{Method: "event.from", Err: errors.New("EOF"), Sent: true}
				}
				return nil
			}
			p.mu.Unlock()
			p.put("a", vm(xen.Running)) // ends the call that waits
			p.put("b", vm(xen.Running))
			want(t, j, "mod VM a Running", "add VM b Running")
			if len(p.given) != 0 || broken < 2 {
				t.Errorf("%d calls, invalidated %v", broken, p.given)
			}
		})
	})
}

// Deletions that the server has forgotten are found by the number of objects, and cost a list.
func TestForgottenDeletions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		p.put("b", vm(xen.Halted))
		inFrom(t, EventsFrom, p, func(t *testing.T, _ *Informer, j *journal) {
			j.take()
			p.mu.Lock()
			p.forgets = len(p.events) + 1
			p.mu.Unlock()
			p.drop(xen.ClassVM, "b")
			synctest.Wait()
			time.Sleep(4 * fromWait)
			synctest.Wait()
			lines := j.take()
			if len(lines) != 3 || lines[1] != "del VM b" || lines[2] != "synced: count" {
				t.Errorf("told %q", lines)
			}
			if len(p.given) != 0 {
				t.Errorf("invalidated %v", p.given)
			}
		})
	})
}

// An object that is counted and not told, once, is no loss. xapi: it ended between the scan and the snapshots.
func TestOneMiscountIsNoLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		inFrom(t, EventsFrom, p, func(t *testing.T, i *Informer, j *journal) {
			j.take()
			spoilt := 0
			p.mu.Lock()
			p.replies = func(b *xen.EventBatch) {
				if len(b.Events) > 0 && spoilt < 2 {
					spoilt++
					at := slices.IndexFunc(b.ValidRefCounts, func(c xen.Pair[string, int64]) bool { return c.Key == "vm" })
					b.ValidRefCounts[at].Value++
				}
			}
			p.mu.Unlock()
			p.put("a", vm(xen.Running))
			synctest.Wait()
			p.put("a", vm(xen.Halted))
			want(t, j, "mod VM a Running", "mod VM a Halted")
			time.Sleep(10 * fromWait)
			want(t, j)
			if spoilt != 2 || !i.Synced() {
				t.Errorf("%d replies were spoilt, synced %v", spoilt, i.Synced())
			}
		})
	})
}

// A server that counts objects which it does not tell of costs one list, not one after the other.
func TestLastingMiscount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		p.replies = func(b *xen.EventBatch) {
			at := slices.IndexFunc(b.ValidRefCounts, func(c xen.Pair[string, int64]) bool { return c.Key == "vm" })
			b.ValidRefCounts[at].Value++
		}
		inFrom(t, EventsFrom, p, func(t *testing.T, _ *Informer, j *journal) {
			time.Sleep(time.Hour / 2)
			p.put("a", vm(xen.Running))
			synctest.Wait()
			lines := slices.DeleteFunc(j.take(), func(line string) bool { return !strings.HasPrefix(line, "synced") && !strings.HasPrefix(line, "mod") })
			if diff := cmp.Diff([]string{"synced: startup", "synced: count", "mod VM a Running"}, lines); diff != "" {
				t.Error(diff)
			}
		})
	})
}

func TestVeryManyDeletedMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		inFrom(t, EventsFrom, p, func(t *testing.T, _ *Informer, j *journal) {
			j.take()
			p.mu.Lock()
			p.replies = func(b *xen.EventBatch) {
				if len(b.Events) > 0 {
					b.Events = append(b.Events, slices.Repeat([]xen.Event{{Class: xen.ClassMessage, Operation: xen.EventDel, Ref: "m"}}, manyMessages)...)
					p.replies = nil
				}
			}
			p.mu.Unlock()
			p.put("a", vm(xen.Running))
			synctest.Wait()
			if lines := j.take(); len(lines) != 3 || lines[1] != "mod VM a Running" || lines[2] != "synced: count" {
				t.Errorf("told %q", lines)
			}
		})
	})
}

// An object that cannot be read is asked for alone, and left out where that does not help; it is no miscount.
func TestUnreadableObjectOfFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		bad := func(b *xen.EventBatch) {
			for n := range b.Events {
				if b.Events[n].Ref == "bad" {
					b.Events[n].Snapshot, b.Events[n].Err = nil, errors.New("no number")
				}
			}
		}
		p.replies = bad
		readable := true
		p.before = func(method string) error {
			if method == "VM.get_record" && !readable {
				return &xapi.ReplyError{Method: method, Err: errors.New("no number")}
			}
			return nil
		}
		inFrom(t, EventsFrom, p, func(t *testing.T, i *Informer, j *journal) {
			want(t, j, "add VM a Halted", "add host h", "add pool p", "synced: startup")
			p.put("bad", vm(xen.Halted))
			want(t, j, "add VM bad Halted") // by get_record
			time.Sleep(rereadPause)
			p.put("bad", vm(xen.Running))
			want(t, j, "mod VM bad Running")
			p.mu.Lock()
			readable = false
			p.mu.Unlock()
			time.Sleep(rereadPause)
			p.put("bad", vm(xen.Paused))
			want(t, j, "del VM bad")
			time.Sleep(10 * fromWait)
			p.drop(xen.ClassVM, "bad")
			time.Sleep(10 * fromWait)
			want(t, j)
			if !i.Synced() || i.store.Snapshot().Epoch() != 1 {
				t.Error("an object that could not be read has cost a list")
			}
		})
	})
}

// Messages come with the token. One that cannot be read is left out, and known to be.
func TestMessagesOfTheFirstReply(t *testing.T) {
	list := messagesOf([]xen.Event{
		{Class: xen.ClassPool, Operation: xen.EventAdd, Ref: "p", Snapshot: &xen.Pool{}},
		{Class: xen.ClassMessage, Operation: xen.EventAdd, Ref: "read", Snapshot: &xen.MessageRecord{}},
		{Class: xen.ClassMessage, Operation: xen.EventAdd, Ref: "bad", Err: errors.New("no time")},
		{Class: xen.ClassMessage, Operation: xen.EventDel, Ref: "gone"},
	})
	if len(list.Objects) != 1 || list.Objects[0].Ref != "read" || len(list.Skipped) != 1 || list.Skipped[0].Ref != "bad" {
		t.Errorf("%+v", list)
	}
}

// What event.from has to have for auto to use it.
func TestAuto(t *testing.T) {
	for _, c := range []struct {
		name   string
		before error
		spoil  func(*xen.EventBatch)
		from   bool
	}{
		{name: "a good server", from: true},
		{name: "no event.from", before: fault(xen.MessageMethodUnknown)},
		{name: "a reply that cannot be read", before: &xapi.ReplyError{Method: "event.from", Err: errors.New("offset 7: & is no entity")}},
		{name: "no token", spoil: func(b *xen.EventBatch) { b.Token = "" }},
		{name: "a token of one number", spoil: func(b *xen.EventBatch) { b.Token = "17" }},
		{name: "no numbers of objects", spoil: func(b *xen.EventBatch) { b.ValidRefCounts = nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newFakePool()
				p.replies = c.spoil
				p.before = func(method string) error {
					if method == "event.from" {
						return c.before
					}
					return nil
				}
				inFrom(t, EventsAuto, p, func(t *testing.T, i *Informer, j *journal) {
					p.put("a", vm(xen.Running))
					synctest.Wait()
					lines := j.take()
					if !slices.Contains(lines, "mod VM a Running") || !i.Synced() {
						t.Errorf("told %q, synced %v", lines, i.Synced())
					}
					if registered := p.calls["event.register"] > 0; registered == c.from {
						t.Errorf("calls %v", p.calls)
					}
					if (i.declined == "") != c.from {
						t.Errorf("declined because of %q", i.declined)
					}
				})
			})
		})
	}
}

func TestWrongConfigEndsRun(t *testing.T) {
	for _, c := range []Config{{Classes: []xen.Class{"hologram"}}, {Classes: []xen.Class{xen.ClassSession}}, {Events: "telepathy"}} {
		c.Store = store.New()
		if err := newInformer(c, newFakePool()).Run(t.Context()); err == nil {
			t.Errorf("Run with classes %q and events %q began", c.Classes, c.Events)
		}
	}
}

func TestFewClasses(t *testing.T) {
	for _, events := range []Events{EventsRegister, EventsFrom} {
		t.Run(string(events), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newFakePool()
				p.put("n", &xen.Network{NameLabel: "storage"})
				p.put("a", vm(xen.Halted))
				_, j := startFakeWith(t, p, Config{Store: store.New(), Pool: "rack-1", Events: events, Classes: []xen.Class{xen.ClassVM}})
				want(t, j, "add VM a Halted", "add host h", "add pool p", "synced: startup")
				p.put("n2", &xen.Network{NameLabel: "other"}) // a server that tells more than it was asked
				p.put("a", vm(xen.Running))
				want(t, j, "mod VM a Running")
				if diff := cmp.Diff(0, p.calls["network.get_all_records"]); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}
