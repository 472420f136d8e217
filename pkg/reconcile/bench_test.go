package reconcile_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
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

// BenchmarkDecision is one VM among 10,000 on 64 hosts that was halted, from the handler until a worker has decided what to do
// and makes the call. The queue and a goroutine's wake-up are in it. There are no pauses, so that all is warm.
func BenchmarkDecision(b *testing.B) {
	for _, placed := range []bool{false, true} {
		pool := newBenchPool(b, placed)
		name := map[bool]string{false: "anywhere", true: "placed"}[placed]
		b.Run(name, pool.measure)
	}
}

// benchPool is a cache of a pool, its controller, and a pool that carries out whatever is asked.
type benchPool struct {
	*reconcile.Controller
	store   *store.Store
	running map[string]*xen.VM
	refs    []string // of those
	last    int
	called  chan time.Time
	gone    chan struct{} // one for each task destroyed
}

func newBenchPool(b *testing.B, placed bool) *benchPool {
	p := &benchPool{
		store: store.New(), running: map[string]*xen.VM{}, called: make(chan time.Time, 1), gone: make(chan struct{}, 1),
	}
	fill(b, p.store)
	var yaml strings.Builder
	for ref, vm := range store.All[xen.VM](p.store.Snapshot()) {
		if vm.PowerState != xen.Running || vm.IsControlDomain {
			continue
		}
		p.running[ref] = vm
		p.refs = append(p.refs, ref)
		spec := "powerState: Running"
		if placed {
			host, _ := store.Get[xen.Host](p.store.Snapshot(), string(vm.ResidentOn))
			spec += ", placement: {hosts: [" + host.NameLabel + "]}"
		}
		fmt.Fprintf(&yaml, "---\napiVersion: xencontroller.io/v1alpha1\nkind: VirtualMachine\nmetadata: {name: %s}\nspec: {%s}\n", vm.NameLabel, spec)
	}
	set, err := desired.Parse(desired.File{Name: "bench.yaml", Data: []byte(yaml.String())})
	if err != nil {
		b.Fatal(err)
	}
	p.Controller, err = reconcile.New(reconcile.Config{Snapshot: p.store.Snapshot, Pool: p, Limits: plan.Limits{Starts: 100}, Contest: reconcile.Contest{Times: 1 << 30}})
	if err != nil {
		b.Fatal(err)
	}
	p.SetDeclared(set)
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	for len(p.Status()) < len(p.refs) {
		time.Sleep(time.Millisecond)
	}
	return p
}

// fill lists a simulated pool.
func fill(b *testing.B, s *store.Store) {
	pool, err := simulator.New(simulator.Model{Hosts: 64, VMs: 10_000})
	if err != nil {
		b.Fatal(err)
	}
	defer pool.Close()
	client, err := xapi.New(xapi.Config{
		Addresses: []string{pool.URLs()[0]}, Username: "root", Dial: pool.Dial,
		Password: func(context.Context) (string, error) { return "xenroot", nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	inf := informer.New(informer.Config{Client: client, Store: s})
	ended := make(chan error, 1)
	go func() { ended <- inf.Run(ctx) }()
	if err := inf.WaitForSync(ctx); err != nil {
		b.Fatal(err)
	}
	cancel()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	_ = client.Close(b.Context())
	s.MarkSynced(1, time.Now())
}

func (p *benchPool) At(uint64) (reconcile.Session, bool) { return p, true }

func (p *benchPool) Async(context.Context, xen.Request, map[string]string) (xen.TaskRef, error) {
	p.called <- time.Now()
	return xen.TaskRef(fmt.Sprint("task-", p.last)), nil
}

func (p *benchPool) Do(_ context.Context, r xen.Request, _ any) error {
	if r.Method == "task.destroy" {
		p.gone <- struct{}{}
	}
	return nil
}

func (p *benchPool) change(objects ...xen.Object) {
	p.OnChange(p.store.Apply(store.Batch{Set: objects}))
}

func (p *benchPool) measure(b *testing.B) {
	b.ReportAllocs()
	var took time.Duration
	for b.Loop() {
		p.last++
		ref := p.refs[p.last%len(p.refs)]
		took += p.call(ref, p.running[ref])
	}
	b.ReportMetric(float64(took.Nanoseconds())/float64(b.N)/1000, "µs/decision")
}

// call halts a VM, and has it started again.
func (p *benchPool) call(ref string, vm *xen.VM) time.Duration {
	down := *vm
	down.PowerState, down.ResidentOn, down.Domid = xen.Halted, xen.NullRef, -1
	changes := p.store.Apply(store.Batch{Set: []xen.Object{{Ref: ref, Record: &down}}})
	began := time.Now()
	p.OnChange(changes)
	took := (<-p.called).Sub(began)
	task := fmt.Sprint("task-", p.last)
	p.change(xen.Object{Ref: task, Record: &xen.Task{UUID: task, Status: xen.TaskSuccess, Finished: time.Now(), Progress: 1}}, xen.Object{Ref: ref, Record: vm})
	<-p.gone
	p.OnChange(p.store.Apply(store.Batch{Delete: []store.Key{{Class: xen.ClassTask, Ref: task}}}))
	return took
}
