package reconcile_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// world is a simulated pool, a controller that keeps it, and somebody else who changes things.
type world struct {
	t          *testing.T
	pool       *simulator.Pool
	stranger   *xapi.Client
	guard      *guard
	journal    reconcile.Journal
	config     func(*reconcile.Config) // of every life
	life       *life
	controller *reconcile.Controller // of the present life
	store      *store.Store
	events     []reconcile.ActionEvent
	mu         sync.Mutex // guards events
}

// life is one run of the process: a client, an informer and a controller.
type life struct {
	client *xapi.Client
	cancel context.CancelFunc
	ended  chan error
}

// play plays a story in virtual time, of a day at most, and holds what is true of every story: no two operations of ours
// on one VM, budgets kept, and at the end no task of ours left.
func play(t *testing.T, m simulator.Model, yaml string, story func(*world)) {
	t.Helper()
	playWith(t, m, yaml, nil, story)
}

func playWith(t *testing.T, m simulator.Model, yaml string, config func(*reconcile.Config), story func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, pool: simulator.Start(t, m), journal: &reconcile.MemoryJournal{}, config: config, guard: &guard{t: t}}
		w.stranger = w.newClient("stranger", 5*time.Minute)
		w.start(yaml)
		defer func() { w.stop(time.Second) }()
		story(w)
		w.wantNoTasksOfOurs()
	})
}

// start begins a life of the process.
func (w *world) start(yaml string) {
	w.t.Helper()
	w.store = store.New()
	w.life = &life{client: w.newClient("xencontroller", 10*time.Second), ended: make(chan error, 2)}
	cfg := reconcile.Config{
		Snapshot: w.store.Snapshot, Pool: reconcile.PoolOf(w.life.client), Journal: w.journal,
		Rand: rand.New(rand.NewPCG(1, 2)), Observer: w.observe,
	}
	if w.config != nil {
		w.config(&cfg)
	}
	c, err := reconcile.New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.controller = c
	w.guard.store = w.store
	w.declare(yaml)
	i := informer.New(informer.Config{Client: w.life.client, Store: w.store})
	i.AddHandler(c)
	i.AddHandler(w.guard)
	ctx, cancel := context.WithTimeout(w.t.Context(), 24*time.Hour)
	w.life.cancel = cancel
	l := w.life
	go func() { l.ended <- i.Run(ctx) }()
	go func() { l.ended <- c.Run(ctx) }()
	w.settle(2 * time.Second)
}

// stop ends the present life as SIGTERM does: gracefully, within a limit.
func (w *world) stop(limit time.Duration) {
	w.t.Helper()
	begin := time.Now()
	w.life.cancel()
	for range 2 {
		if err := <-w.life.ended; err != nil {
			w.t.Errorf("Run: %v", err)
		}
	}
	if took := time.Since(begin); took > limit {
		w.t.Errorf("it took %s to end", took)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.t.Context()), 10*time.Second)
	defer cancel()
	_ = w.life.client.Close(ctx) // the master may be gone
}

func (w *world) newClient(name string, timeout time.Duration) *xapi.Client {
	w.t.Helper()
	c, err := xapi.New(xapi.Config{
		Addresses: w.pool.URLs(), Username: "root", Dial: w.pool.Dial, Originator: name, Timeout: timeout,
		Password: func(context.Context) (string, error) { return "xenroot", nil },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = c.Close(ctx) // the master may be gone
	})
	return c
}

// declare puts manifests in force; they leave out the two lines that are always the same.
func (w *world) declare(yaml string) {
	w.t.Helper()
	w.controller.SetDeclared(parse(w.t, yaml))
}

// parse reads manifests without those two lines.
func parse(t *testing.T, yaml string) *desired.Set {
	t.Helper()
	var files []desired.File
	for i, doc := range strings.Split(yaml, "---\n") {
		if strings.TrimSpace(doc) != "" {
			files = append(files, desired.File{
				Name: fmt.Sprintf("%d.yaml", i),
				Data: []byte("apiVersion: xencontroller.io/v1alpha1\nkind: VirtualMachine\n" + doc),
			})
		}
	}
	set, err := desired.Parse(files...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// running declares VMs Running.
func running(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteString(vmYAML(name, "powerState: Running"))
	}
	return b.String()
}

// vmYAML declares one VM.
func vmYAML(name, spec string) string {
	return fmt.Sprintf("metadata: {name: %s}\nspec: {%s}\n---\n", name, spec)
}

// settle lets so much virtual time pass, and everything that is to happen by then.
func (w *world) settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// do makes a call as somebody else.
func do[T any](w *world, m xen.Message[T]) T {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Minute)
	defer cancel()
	result, err := xapi.Call(ctx, w.stranger, m)
	if err != nil {
		w.t.Fatalf("somebody else: %v", err)
	}
	return result
}

// vm asks the pool, not the cache, for the one VM of a name.
func (w *world) vm(name string) (xen.VMRef, *xen.VM) {
	w.t.Helper()
	refs := do(w, xen.VMGetByNameLabel(name))
	if len(refs) != 1 {
		w.t.Fatalf("VMs named %q: %v", name, refs)
	}
	return refs[0], do(w, refs[0].GetRecord())
}

func (w *world) wantPowerState(name string, want xen.PowerState) {
	w.t.Helper()
	if _, vm := w.vm(name); vm.PowerState != want {
		w.t.Errorf("%s is %s, want %s; %s", name, vm.PowerState, want, w.describe(name))
	}
}

func (w *world) hostOf(name string) string {
	w.t.Helper()
	_, vm := w.vm(name)
	if vm.ResidentOn.IsNull() {
		return ""
	}
	return do(w, vm.ResidentOn.GetNameLabel())
}

func (w *world) host(name string) xen.HostRef {
	w.t.Helper()
	return do(w, xen.HostGetByNameLabel(name))[0]
}

func (w *world) wantReason(name string, want plan.Reason) {
	w.t.Helper()
	if s, _ := w.controller.StatusOf(name); s.Reason != want {
		w.t.Errorf("want reason %s; %s", want, w.describe(name))
	}
}

func (w *world) wantCondition(name string, c reconcile.ConditionType, want bool) {
	w.t.Helper()
	s, _ := w.controller.StatusOf(name)
	if got, ok := s.Condition(c); (ok && got.Status == reconcile.True) != want {
		w.t.Errorf("%s of %s: want %t; %s", c, name, want, w.describe(name))
	}
}

// inFlight counts the VMs with an operation of ours.
func (w *world) inFlight() int {
	n := 0
	for _, s := range w.controller.Status() {
		if s.Action != nil {
			n++
		}
	}
	return n
}

func (w *world) describe(name string) string {
	s, _ := w.controller.StatusOf(name)
	return fmt.Sprintf("status of %s: %s %s: %s", name, s.Phase, s.Reason, s.Message)
}

// calls counts the calls of one method that came in on the wire.
func (w *world) calls(method string) int { return w.pool.Calls()[method] }

// mutations counts all calls that could change a VM.
func (w *world) mutations() int {
	n := 0
	for method, count := range w.pool.Calls() {
		if strings.HasPrefix(method, "Async.VM.") || method == "task.destroy" || method == "task.cancel" || method == "task.add_to_other_config" {
			n += count
		}
	}
	return n
}

func (w *world) observe(e reconcile.ActionEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
}

// acted lists the actions that were begun, as "Start web-1".
func (w *world) acted() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []string
	for _, e := range w.events {
		if e.Type == reconcile.ActionStarted {
			list = append(list, string(e.Action.Verb)+" "+e.Action.Key)
		}
	}
	return list
}

// oursOf reports whether a task bears a mark of ours.
func ours(config map[string]string) bool {
	for key := range config {
		if strings.HasSuffix(key, "xencontroller-owner") {
			return true
		}
	}
	return false
}

func (w *world) wantNoTasksOfOurs() {
	w.t.Helper()
	for _, task := range w.pool.Tasks() {
		if ours(task.OtherConfig) {
			w.t.Errorf("task left: %+v", task)
		}
	}
}

// guard is a second handler of the informer that holds rules 2 and 6 at every change.
type guard struct {
	t     *testing.T
	store *store.Store
}

func (g *guard) OnSync(bool, string) {}

func (g *guard) OnChange([]store.Change) {
	perVM := map[string]int{}
	verbs := map[string]int{}
	for _, task := range store.All[xen.Task](g.store.Snapshot()) {
		owner, vm := mark(task)
		if owner == "" || task.Status != xen.TaskPending {
			continue
		}
		if perVM[vm]++; perVM[vm] > 1 {
			g.t.Errorf("%d operations of ours on VM %s", perVM[vm], vm)
		}
		verbs[strings.TrimSuffix(task.NameLabel, "_on")]++
	}
	if n := verbs["Async.VM.start"] + verbs["Async.VM.resume"]; n > 4 {
		g.t.Errorf("%d starts at once", n)
	}
	if n := verbs["Async.VM.pool_migrate"]; n > 2 {
		g.t.Errorf("%d migrations at once", n)
	}
}

func mark(task *xen.Task) (owner, vm string) {
	for key, value := range task.OtherConfig.All() {
		switch strings.TrimPrefix(key, "http:") {
		case "xencontroller-owner":
			owner = value
		case "xencontroller-vm":
			vm = value
		}
	}
	return owner, vm
}

// stranger is somebody else's session.
func stranger(w *world) *xapi.Session {
	w.t.Helper()
	s, err := w.stranger.Session(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}
