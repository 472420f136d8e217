package informer

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

func vm(state xen.PowerState) *xen.VM { return &xen.VM{UUID: "u", NameLabel: "web", PowerState: state} }

func fault(code xen.ErrorCode) error { return &xen.Error{Code: code} }

func want(t *testing.T, j *journal, lines ...string) {
	t.Helper()
	synctest.Wait()
	if diff := cmp.Diff(lines, j.take()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestListThenFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		p.put("a", vm(xen.Halted))
		i, j := startFake(t, p)
		if err := i.WaitForSync(t.Context()); err != nil {
			t.Fatal(err)
		}
		want(t, j, "add VM a Halted", "add host h", "add pool p", "synced: startup")
		if snap := i.store.Snapshot(); !snap.Synced() || snap.Epoch() != 1 || !i.Synced() {
			t.Errorf("synced %v, epoch %d", snap.Synced(), snap.Epoch())
		}
		p.put("a", vm(xen.Running))
		p.put("a", vm(xen.Running)) // no news
		p.put("b", vm(xen.Paused))
		p.drop(xen.ClassVM, "a")
		want(t, j, "mod VM a Running", "add VM b Paused", "del VM a")
	})
}

// Between register and the end of the list a VM is started and stopped. The events of that are older than the list: nobody
// may see the VM running again once the store is in sync.
func TestNobodySeesThePastAfterAList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		p.put("a", vm(xen.Halted))
		p.before = func(method string) error {
			if method == "VM.get_all_records" {
				p.put("a", vm(xen.Running))
				p.put("b", vm(xen.Running))
				p.put("a", vm(xen.Halted))
				p.drop(xen.ClassVM, "b")
			}
			return nil
		}
		p.after = func(method string) {
			if method == "VM.get_all_records" {
				p.put("c", vm(xen.Suspended)) // newer than the list, and known all the same
			}
		}
		_, j := startFake(t, p)
		want(t, j, "add VM a Halted", "add host h", "add pool p", "add VM c Suspended", "synced: startup")
	})
}

// What happened between two lists is told as the difference, and the objects stay readable meanwhile.
func TestListAfterLostEvents(t *testing.T) {
	for _, c := range []struct {
		name, reason string
		err          error
		epoch        uint64
	}{
		{"events lost", "events_lost", fault(xen.EventsLost), 1},
		{"unreadable reply", "decode", &xapi.ReplyError{Method: "event.next", Err: errors.New("offset 7: & is no entity")}, 1},
		{"broken stream", "stream", &xapi.TransportError{Method: "event.next", Err: errors.New("EOF"), Sent: true}, 2},
		{"session gone", "session", fault(xen.SessionInvalid), 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newFakePool()
				p.put("a", vm(xen.Halted))
				p.put("b", vm(xen.Halted))
				i, j := startFake(t, p)
				synctest.Wait()
				j.take()

				release := make(chan struct{})
				p.mu.Lock()
				p.before = func(method string) error {
					switch method {
					case "event.next": // eats its batch
						p.mu.Lock()
						p.before = func(method string) error {
							if method == "VM.get_all_records" {
								<-release
							}
							return nil
						}
						p.mu.Unlock()
						return c.err
					}
					return nil
				}
				p.mu.Unlock()
				p.put("a", vm(xen.Running))
				p.drop(xen.ClassVM, "b")
				synctest.Wait()
				snap := i.store.Snapshot()
				if _, reason := snap.Stale(); snap.Synced() || reason == "" || store.Len(snap, xen.ClassVM) != 2 {
					t.Errorf("while listing: synced %v, reason %q, %d VMs", snap.Synced(), reason, store.Len(snap, xen.ClassVM))
				}
				close(release)
				synctest.Wait()
				lines := j.take()
				if len(lines) != 4 || !strings.HasPrefix(lines[0], "stale: following the pool's events: ") {
					t.Fatalf("told %q", lines)
				}
				if diff := cmp.Diff([]string{"mod VM a Running", "del VM b", "synced: " + c.reason}, lines[1:]); diff != "" {
					t.Error(diff)
				}
				if epoch := i.store.Snapshot().Epoch(); epoch != c.epoch {
					t.Errorf("epoch %d, want %d", epoch, c.epoch)
				}
				if c.epoch > 1 && (len(p.given) != 1 || !errors.Is(p.given[0], c.err)) {
					t.Errorf("invalidated %v", p.given)
				}
			})
		})
	}
}

// A dead connection that nobody resets brings nothing, not even the heartbeat.
func TestSilentStreamIsBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		_, j := startFake(t, p)
		synctest.Wait()
		j.take()
		time.Sleep(silence - time.Second)
		want(t, j)
		time.Sleep(2 * time.Second)
		want(t, j, "stale: "+errSilent.Error(), "synced: stream")
	})
}

// An event whose object cannot be read makes its class listed again, and nothing else; the store stays in sync.
func TestUnreadableEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		p.put("a", vm(xen.Halted))
		i, j := startFake(t, p)
		synctest.Wait()
		j.take()
		break1 := func(state xen.PowerState) {
			p.mu.Lock()
			p.objects[xen.ClassVM]["a"] = vm(state)
			p.happen(xen.Event{Class: xen.ClassVM, Operation: xen.EventMod, Ref: "a", Err: errors.New("memory_target: \"many\" is no number")})
			p.mu.Unlock()
		}
		break1(xen.Running)
		want(t, j, "mod VM a Running")
		break1(xen.Paused)
		want(t, j) // so soon again it has to wait
		time.Sleep(rereadPause)
		p.emit(xen.Event{Class: xen.ClassPool, Operation: xen.EventMod, Ref: "p", Snapshot: &xen.Pool{NameLabel: "rack-1"}})
		want(t, j, "mod VM a Paused")
		if p.calls["VM.get_all_records"] != 3 || p.calls["host.get_all_records"] != 1 || !i.Synced() || len(p.given) != 0 {
			t.Errorf("calls %v, synced %v, invalidated %v", p.calls, i.Synced(), p.given)
		}
	})
}

// Whatever a newer server says is counted or skipped, and harms nothing.
func TestUnknownWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		_, j := startFake(t, p)
		synctest.Wait()
		j.take()
		p.emit(xen.Event{Class: "hologram", Operation: xen.EventAdd, Ref: "x"})
		p.emit(xen.Event{Class: "hologram", Operation: xen.EventMod, Ref: "x", Err: errors.New("what is a hologram")})
		p.emit(xen.Event{Class: xen.ClassVM, Operation: xen.EventDel, Ref: "never seen"})
		p.put("a", vm(xen.Halted))
		want(t, j, "add VM a Halted")
	})
}

// A class that the server does not have, or does not show, is empty; any other failure is a reason to begin again.
func TestClassesThatCannotBeListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		p.put("a", vm(xen.Halted))
		tries := 0
		p.before = func(method string) error {
			switch method {
			case "Cluster.get_all_records":
				return fault(xen.MessageMethodUnknown)
			case "pool_patch.get_all_records":
				return fault(xen.MessageRemoved)
			case "secret.get_all_records", "VMPP.get_all_records":
				return fault(xen.RBACPermissionDenied)
			case "host.get_all_records":
				if tries++; tries == 1 {
					return fault(xen.InternalError)
				}
			}
			return nil
		}
		i, j := startFake(t, p)
		want(t, j, "add VM a Halted", "add host h", "add pool p", "synced: startup")
		if i.store.Snapshot().Epoch() != 2 || len(p.given) != 1 {
			t.Errorf("epoch %d, invalidated %v", i.store.Snapshot().Epoch(), p.given)
		}
	})
}

// One key with an ampersand in one object breaks the list of its class; the others can be read all the same.
func TestUnreadableList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		p.put("a", vm(xen.Halted))
		p.put("b", vm(xen.Running))
		records := 0
		p.before = func(method string) error {
			switch method {
			case "VM.get_record":
				if records++; records > 1 {
					return nil
				}
				fallthrough
			case "VM.get_all_records":
				return &xapi.ReplyError{Method: method, Err: errors.New("offset 99: & is no entity")}
			}
			return nil
		}
		_, j := startFake(t, p)
		want(t, j, "add VM b Running", "add host h", "add pool p", "synced: startup")
	})
}

func TestMembersAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		startFake(t, p)
		synctest.Wait()
		p.put("h2", &xen.Host{Address: "10.0.0.2"})
		p.put("h2", &xen.Host{Address: "10.0.0.2", Enabled: true})
		p.put("h", &xen.Host{Address: "10.0.0.9"})
		p.drop(xen.ClassHost, "h2")
		synctest.Wait()
		if diff := cmp.Diff([][]string{{"10.0.0.1"}, {"10.0.0.1", "10.0.0.2"}, {"10.0.0.2", "10.0.0.9"}, {"10.0.0.9"}}, p.members); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRunEndsWhereWaitingCannotHelp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		login := &xapi.LoginError{User: "root", Err: fault(xen.SessionAuthenticationFailed)}
		p.login = func() error { return login }
		i := newInformer(Config{Store: store.New()}, p)
		err := i.Run(t.Context())
		if !errors.Is(err, login) {
			t.Errorf("Run: %v", err)
		}
		if waited := i.WaitForSync(t.Context()); !errors.Is(waited, login) {
			t.Errorf("WaitForSync after Run: %v", waited)
		}
	})
}

func TestWaitForSyncEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newInformer(Config{Store: store.New()}, newFakePool())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := i.WaitForSync(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("WaitForSync: %v", err)
		}
	})
}

// A pool that loses events all the time is listed ever more seldom.
func TestPauses(t *testing.T) {
	now := time.Unix(0, 0)
	p := pause{rand: rand.New(rand.NewPCG(1, 2))}
	if d := p.next(now); d != 0 {
		t.Errorf("first pause %v", d)
	}
	for n := range 20 {
		least := min(time.Second<<n, 20*time.Second)
		if d := p.next(now); d < least || d > 30*time.Second || d > least*3/2 {
			t.Errorf("pause %d is %v, want %v … %v", n+2, d, least, least*3/2)
		}
	}
	p.began(now)
	if d := p.next(now.Add(healthy - time.Second)); d < 20*time.Second {
		t.Errorf("pause %v after a short success", d)
	}
	p.began(now)
	if d := p.next(now.Add(healthy)); d != 0 {
		t.Errorf("pause %v after a long success", d)
	}
}

func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		p.put("a", vm(xen.Halted))
		m := NewMetrics(nil)
		i := newInformer(Config{Store: store.New(), Pool: "rack-1", Metrics: m}, p)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		ended := make(chan error)
		go func() { ended <- i.Run(ctx) }()
		synctest.Wait()
		p.put("b", &xen.VM{
			PowerState: "Dreaming", AllowedOperations: []xen.VMOperation{xen.VMOperationStart, "dream"},
			Unknown: xen.StringMap("mood", "<value>good</value>"),
		})
		p.drop(xen.ClassVM, "a")
		p.emit(xen.Event{Class: "hologram", Operation: "bend", Ref: "x"})
		synctest.Wait()
		expected := `
# HELP xencontroller_informer_events_total Events received by class and operation (add, mod, del); class unknown: newer than this program.
# TYPE xencontroller_informer_events_total counter
xencontroller_informer_events_total{class="VM",operation="add",pool="rack-1"} 1
xencontroller_informer_events_total{class="VM",operation="del",pool="rack-1"} 1
xencontroller_informer_events_total{class="unknown",operation="unknown",pool="rack-1"} 1
`
		if err := testutil.CollectAndCompare(m.events, strings.NewReader(expected)); err != nil {
			t.Error(err)
		}
		for name, c := range map[string]struct{ got, want float64 }{
			"synced":          {testutil.ToFloat64(m.inSync.WithLabelValues("rack-1")), 1},
			"startup relists": {testutil.ToFloat64(m.relists.WithLabelValues("rack-1", "startup")), 1},
			"unknown members": {testutil.ToFloat64(m.surprises.WithLabelValues("rack-1", "member")), 1},
			"unknown words":   {testutil.ToFloat64(m.surprises.WithLabelValues("rack-1", "word")), 2},
			"VMs":             {testutil.ToFloat64(m.objects.WithLabelValues("rack-1", "VM")), 1},
		} {
			if c.got != c.want {
				t.Errorf("%s: %v, want %v", name, c.got, c.want)
			}
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if got := testutil.ToFloat64(m.inSync.WithLabelValues("rack-1")); got != 0 {
			t.Errorf("synced is %v after the end", got)
		}
	})
}

// One reply may add, delete and add again; the last word counts, and every change is told.
func TestOneReplyInOrder(t *testing.T) {
	i := newInformer(Config{Store: store.New()}, newFakePool())
	event := func(operation xen.EventOperation, ref string) xen.Event {
		e := xen.Event{Class: xen.ClassVM, Operation: operation, Ref: ref}
		if operation != xen.EventDel {
			e.Snapshot = vm(xen.Halted)
		}
		return e
	}
	changes := i.store.Apply(i.batches([]xen.Event{event("add", "a"), event("del", "a"), event("add", "a"), event("add", "b"), event("del", "b")})...)
	_, a := i.store.Snapshot().Record(xen.ClassVM, "a")
	_, b := i.store.Snapshot().Record(xen.ClassVM, "b")
	if !a || b || len(changes) != 5 {
		t.Errorf("a is there: %v, b is there: %v, %d changes", a, b, len(changes))
	}
}
