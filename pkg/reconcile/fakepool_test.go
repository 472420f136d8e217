package reconcile_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// fakePool counts calls and carries none out: for moments that a simulated pool does not hold still in.
type fakePool struct {
	epoch uint64
	calls int
	store *store.Store
	*reconcile.Controller
	reconcile.MemoryJournal
	before func() // what happens between a decision and its call
}

// Put is called between the decision and the call.
func (p *fakePool) Put(e reconcile.Entry) error {
	if p.before != nil {
		p.before()
	}
	return p.MemoryJournal.Put(e)
}

func (p *fakePool) At(epoch uint64) (reconcile.Session, bool) { return p, epoch == p.epoch }

func (p *fakePool) Do(context.Context, xen.Request, any) error { return nil }

func (p *fakePool) Async(context.Context, xen.Request, map[string]string) (xen.TaskRef, error) {
	p.calls++
	return "task", nil
}

// set changes a VM as the informer would.
func (p *fakePool) set(ref string, vm *xen.VM) {
	p.OnChange(p.store.Apply(store.Batch{Set: []xen.Object{{Ref: ref, Record: vm}}}))
	time.Sleep(time.Second)
	synctest.Wait()
}

// withFakePool runs a controller that is declared one VM, "db", to be Running; the cache is in sync with session 1.
func withFakePool(t *testing.T, epoch uint64, story func(*testing.T, *fakePool)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := &fakePool{epoch: epoch, store: store.New()}
		c, err := reconcile.New(reconcile.Config{Snapshot: p.store.Snapshot, Pool: p, Journal: p})
		if err != nil {
			t.Fatal(err)
		}
		p.Controller = c
		set, err := desired.Parse(desired.File{Name: "db.yaml", Data: []byte(
			"apiVersion: xencontroller.io/v1alpha1\nkind: VirtualMachine\nmetadata: {name: db}\nspec: {powerState: Running}")})
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeclared(set)
		p.store.Apply(store.Batch{Set: []xen.Object{{Ref: "pool", Record: &xen.Pool{UUID: "pool"}}}})
		p.store.MarkSynced(1, time.Now())
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- c.Run(ctx) }()
		synctest.Wait()
		story(t, p)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// A call never goes through a session that is newer than the snapshot it was decided on.
func TestRule7NeverThroughANewerSession(t *testing.T) {
	withFakePool(t, 2, func(t *testing.T, p *fakePool) {
		p.set("vm", &xen.VM{UUID: "vm", NameLabel: "db", PowerState: xen.Halted})
		time.Sleep(time.Minute)
		if p.calls > 0 {
			t.Error("a call through a session that the cache does not know")
		}
		p.store.MarkSynced(2, time.Now()) // listed again
		p.OnSync(true, "failover")
		time.Sleep(time.Second)
		synctest.Wait()
		if p.calls != 1 {
			t.Errorf("%d calls once the cache is that session's", p.calls)
		}
	})
}

// A record that is first seen while it is made does not exist yet: it is not acted on, and makes no name ambiguous.
func TestRule1FirstSeenWhileItIsMade(t *testing.T) {
	importing := xen.Map[string, xen.VMOperation]{{Key: "foreign", Value: xen.VMOperationImport}}
	half := &xen.VM{UUID: "vm", NameLabel: "db", PowerState: xen.Halted, CurrentOperations: importing}
	whole := &xen.VM{UUID: "vm", NameLabel: "db", PowerState: xen.Halted}
	withFakePool(t, 1, func(t *testing.T, p *fakePool) {
		p.set("vm", half)
		if s, _ := p.StatusOf("db"); s.Reason != plan.ReasonBeingMade || p.calls > 0 {
			t.Errorf("%s: %s, %d calls", s.Reason, s.Message, p.calls)
		}
		p.set("vm", whole)
		if p.calls != 1 {
			t.Errorf("%d calls once it is there", p.calls)
		}
	})
	withFakePool(t, 1, func(t *testing.T, p *fakePool) {
		p.set("other", &xen.VM{UUID: "other", NameLabel: "db", PowerState: xen.Running})
		p.set("vm", half)
		if s, _ := p.StatusOf("db"); s.Reason != plan.ReasonInSync {
			t.Errorf("while the other is made: %s: %s", s.Reason, s.Message)
		}
		p.set("vm", whole)
		if s, _ := p.StatusOf("db"); s.Reason != plan.ReasonAmbiguousName || p.calls > 0 {
			t.Errorf("once both are there: %s: %s, %d calls", s.Reason, s.Message, p.calls)
		}
	})
}

// Between a decision and its call the world may change: the newest snapshot has the last word.
func TestRule7TheNewestSnapshotHasTheLastWord(t *testing.T) {
	halted := &xen.VM{UUID: "vm", NameLabel: "db", PowerState: xen.Halted}
	for name, before := range map[string]func(*store.Store){
		"out of sync": func(s *store.Store) { s.MarkStale(time.Now(), "events were lost") },
		"started by somebody else": func(s *store.Store) {
			s.Apply(store.Batch{Set: []xen.Object{{Ref: "vm", Record: &xen.VM{UUID: "vm", NameLabel: "db", PowerState: xen.Running}}}})
		},
		"busy": func(s *store.Store) {
			s.Apply(store.Batch{Set: []xen.Object{{Ref: "vm", Record: &xen.VM{
				UUID: "vm", NameLabel: "db", PowerState: xen.Halted,
				CurrentOperations: xen.Map[string, xen.VMOperation]{{Key: "foreign", Value: xen.VMOperationStart}},
			}}}})
		},
		"not unique any more": func(s *store.Store) {
			s.Apply(store.Batch{Set: []xen.Object{{Ref: "twin", Record: &xen.VM{UUID: "twin", NameLabel: "db", PowerState: xen.Halted}}}})
		},
		"listed anew": func(s *store.Store) { s.MarkSynced(2, time.Now()) },
	} {
		t.Run(name, func(t *testing.T) {
			withFakePool(t, 1, func(t *testing.T, p *fakePool) {
				p.before = func() { before(p.store) }
				p.set("vm", halted)
				if p.calls > 0 {
					t.Error("a call although the world had changed")
				}
			})
		})
	}
}
