package informer_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// world is a simulated pool, an informer on it, and somebody else who changes things.
type world struct {
	t        *testing.T
	pool     *simulator.Pool
	store    *store.Store
	informer *informer.Informer
	client   *xapi.Client // the informer's
	stranger *xapi.Client
	told     *told

	events   informer.Events
	classes  []xen.Class // nil: all but roles
	reach    func(*xapi.Config)
	handlers []informer.Handler // beside told
}

// told is what handlers heard.
type told struct {
	mu      sync.Mutex
	changes []store.Change
	syncs   []string
}

func (h *told) OnChange(changes []store.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changes = append(h.changes, changes...)
}

func (h *told) OnSync(synced bool, reason string) {
	word := "stale"
	if synced {
		word = "synced: " + reason
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.syncs = append(h.syncs, word)
}

// takeChanges returns what changed since the last time.
func (h *told) takeChanges() []store.Change {
	h.mu.Lock()
	defer h.mu.Unlock()
	changes := h.changes
	h.changes = nil
	return changes
}

func (h *told) allSyncs() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.syncs)
}

// inBubble plays a story in virtual time, of an hour at most.
func inBubble(t *testing.T, m simulator.Model, story func(*testing.T, *world)) {
	t.Helper()
	inBubbleWith(t, m, func(*world) {}, story)
}

// inBubbleWith lets prepare change how the pool is followed, before it is.
func inBubbleWith(t *testing.T, m simulator.Model, prepare func(*world), story func(*testing.T, *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, pool: simulator.Start(t, m), store: store.New(), told: &told{}, reach: func(*xapi.Config) {}}
		prepare(w)
		w.client, w.stranger = w.newClient("informer", w.reach), w.newClient("stranger", func(*xapi.Config) {})
		w.informer = informer.New(informer.Config{Client: w.client, Store: w.store, Pool: "simulated", Events: w.events, Classes: w.classes})
		w.informer.AddHandler(w.told)
		for _, h := range w.handlers {
			w.informer.AddHandler(h)
		}
		stop := runUntil(t, w.informer)
		defer func() {
			stop()
			if w.store.Snapshot().Synced() {
				t.Error("the store is in sync with a pool that nobody watches")
			}
		}()
		w.waitForSync(time.Minute)
		story(t, w)
	})
}

func (w *world) newClient(name string, change func(*xapi.Config)) *xapi.Client {
	w.t.Helper()
	cfg := xapi.Config{
		Addresses: w.pool.URLs(), Username: "root", Dial: w.pool.Dial, Originator: name, Pool: "simulated", Timeout: 10 * time.Second,
		Password: func(context.Context) (string, error) { return "xenroot", nil },
	}
	change(&cfg)
	c, err := xapi.New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = c.Close(ctx) // a session that could not be logged out is no matter here
	})
	return c
}

// waitForSync waits until the store is in sync, and some seconds more for what is on its way.
func (w *world) waitForSync(limit time.Duration) {
	w.t.Helper()
	time.Sleep(time.Second) // what has to be noticed is noticed by then
	ctx, cancel := context.WithTimeout(w.t.Context(), limit)
	defer cancel()
	if err := w.informer.WaitForSync(ctx); err != nil {
		_, reason := w.store.Snapshot().Stale()
		w.t.Fatalf("not in sync: %v; stale: %s", err, reason)
	}
	time.Sleep(time.Second)
	synctest.Wait()
}

// do makes a call as somebody else.
func do[T any](w *world, m xen.Message[T]) T {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Minute)
	defer cancel()
	result, err := xapi.Call(ctx, w.stranger, m)
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

func (w *world) vm(name string) (xen.VMRef, *xen.VM) {
	w.t.Helper()
	snap := w.store.Snapshot()
	refs := snap.ByNameLabel(xen.ClassVM, name)
	if len(refs) != 1 {
		w.t.Fatalf("VMs named %q: %v", name, refs)
	}
	vm, _ := store.Get[xen.VM](snap, refs[0])
	return xen.VMRef(refs[0]), vm
}

// wantTruth asks the pool for every object there is, and compares.
func (w *world) wantTruth() {
	w.t.Helper()
	if objects := w.compare(); objects < 50 {
		w.t.Errorf("%d objects in all: this compares nothing", objects)
	}
}

// compare compares all classes that are kept but some with the pool, and returns how many objects that were.
func (w *world) compare(but ...xen.Class) (objects int) {
	w.t.Helper()
	snap := w.store.Snapshot()
	if !snap.Synced() {
		w.t.Fatal("the store is not in sync")
	}
	for _, class := range xen.Classes() {
		kept := slices.Contains(w.classes, class) || w.classes == nil && class != xen.ClassRole
		if !class.HasEvents() || !class.HasGetAllRecords() || slices.Contains(but, class) || !kept {
			continue
		}
		want := map[string]xen.Record{}
		list, err := xapi.Call(w.t.Context(), w.stranger, xen.GetAllRecords(class))
		// A pool need not have every class of the newest datamodel; what it does not list has to be empty in the cache.
		if err != nil && !errors.Is(err, xen.MessageRemoved) && !errors.Is(err, xen.MessageMethodUnknown) {
			w.t.Fatal(err)
		}
		for _, o := range list.Objects {
			want[o.Ref] = o.Record
		}
		got := map[string]xen.Record{}
		for ref := range snap.Refs(class) {
			got[ref], _ = snap.Record(class, ref)
		}
		objects += len(got)
		if diff := cmp.Diff(want, got); diff != "" {
			w.t.Errorf("%s: the cache is not the pool (-pool +cache):\n%s", class, diff)
		}
	}
	return objects
}

func (w *world) wantSyncs(want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.told.allSyncs()); diff != "" {
		w.t.Errorf("in and out of sync (-want +got):\n%s", diff)
	}
}

// callsSince are the calls that arrived after before was taken.
func (w *world) callsSince(before map[string]int) map[string]int {
	since := map[string]int{}
	for method, n := range w.pool.Calls() {
		if n > before[method] {
			since[method] = n - before[method]
		}
	}
	return since
}

func lists(calls map[string]int) (n int) {
	for method, count := range calls {
		if strings.HasSuffix(method, ".get_all_records") {
			n += count
		}
	}
	return n
}

// runUntil runs an informer until the function that it returns is called.
func runUntil(t *testing.T, i *informer.Informer) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	ended := make(chan error, 1)
	go func() { ended <- i.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}
