//go:build unix

package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http/httptrace"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/internal/wire/wiretest"
	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

const (
	busyVMs         = 10_000
	eventsPerSecond = 1000
	haltEvery       = 10 // one event in so many halts a VM that is to run, and so leads to a call
)

// BenchmarkBusyPool is the whole controller on a pool of 64 hosts and 10,000 VMs over TLS, in which 1,000 VMs a second
// change (at random moments, as Poisson has it), one in ten of them being halted although it is declared to run. It measures from
// reading the last bytes of a reply on the one socket to writing those of the Async call on another. Goals: p50 0.25 ms,
// p99 2 ms; 70 µs of it ours (decode, apply, queue, plan).
func BenchmarkBusyPool(b *testing.B) {
	snap := fleetOf(b, busyVMs)
	for name, placed := range map[string]bool{"anywhere": false, "placed": true} {
		b.Run(name, func(b *testing.B) { newBusy(b, snap, placed).measure(b) })
	}
}

// busy is such a pool, its controller, and what was seen at the sockets.
type busy struct {
	server *scripted
	halted map[string]string // events by VM: its record halted, its record running
	mended map[string]string
	vms    []string      // that are declared to run
	called chan struct{} // one for each Async call

	mu      sync.Mutex
	sockets map[string]*timedConn // by the client's address
	events  *timedConn            // the one of event.next
	head    time.Time             // when net/http saw the first byte of a reply to the informer
	under   map[string]*moments   // by VM, from its event to its call
	seen    []moments
}

// moments are what happens to one event that leads to a call.
type moments struct {
	read    time.Time // the last bytes of the reply with it have come off the socket
	head    time.Time // net/http has the reply, decrypted
	applied time.Time // it is in the store
	decided time.Time // the call is about to be made
	wrote   time.Time // its bytes go to the socket
}

// timedConn notes when it was last read from and written to.
type timedConn struct {
	net.Conn
	busy        *busy
	read, wrote time.Time // busy.mu is held
}

func (c *timedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	now := time.Now()
	c.busy.mu.Lock()
	c.read = now
	c.busy.mu.Unlock()
	return n, err
}

func (c *timedConn) Write(p []byte) (int, error) {
	now := time.Now()
	c.busy.mu.Lock()
	c.wrote = now
	c.busy.mu.Unlock()
	return c.Conn.Write(p)
}

// fleetOf is the objects of a simulated pool whose master is where the scripted server is.
func fleetOf(b *testing.B, vms int) store.Snapshot {
	pool, err := simulator.New(simulator.Model{Hosts: 64, VMs: vms})
	if err != nil {
		b.Fatal(err)
	}
	defer pool.Close()
	client := connected(b, pool.URLs()[0], pool.Dial)
	defer client.Close(b.Context()) //nolint:errcheck // the pool is closed next
	cache := store.New()
	inf := informer.New(informer.Config{Client: client, Store: cache})
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- inf.Run(ctx) }()
	err = inf.WaitForSync(ctx)
	snap := cache.Snapshot()
	cancel()
	if err := errors.Join(err, <-ended); err != nil {
		b.Fatal(err)
	}
	return snap
}

func connected(b *testing.B, url string, dial func(context.Context, string, string) (net.Conn, error)) *xapi.Client {
	client, err := xapi.New(xapi.Config{
		Addresses: []string{url}, Username: "root", Dial: dial, Protocol: xapi.ProtocolXML, TLS: xapi.TLSConfig{Insecure: true},
		Password: func(context.Context) (string, error) { return "xenroot", nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	return client
}

func newBusy(b *testing.B, snap store.Snapshot, placed bool) *busy {
	y := &busy{
		server: newScripted(b, snap), halted: map[string]string{}, mended: map[string]string{}, called: make(chan struct{}, busyVMs),
		sockets: map[string]*timedConn{}, under: map[string]*moments{},
	}
	y.server.asked, y.server.began = y.asked, y.began
	var manifests strings.Builder
	for ref, vm := range store.All[xen.VM](snap) {
		if vm.PowerState != xen.Running || vm.IsControlDomain {
			continue
		}
		y.vms = append(y.vms, ref)
		spec := "powerState: Running"
		if placed {
			host, _ := store.Get[xen.Host](snap, string(vm.ResidentOn))
			spec += ", placement: {hosts: [" + host.NameLabel + "]}"
		}
		fmt.Fprintf(&manifests, "---\napiVersion: xencontroller.io/v1alpha1\nkind: VirtualMachine\nmetadata: {name: %s}\nspec: {%s}\n", vm.NameLabel, spec)
	}
	set, err := desired.Parse(desired.File{Name: "bench.yaml", Data: []byte(manifests.String())})
	if err != nil {
		b.Fatal(err)
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(y.vms), func(i, j int) { y.vms[i], y.vms[j] = y.vms[j], y.vms[i] })
	for _, ref := range y.vms {
		vm, _ := store.Get[xen.VM](snap, ref)
		down := *vm
		down.PowerState, down.ResidentOn, down.Domid = xen.Halted, xen.NullRef, -1
		y.halted[ref], y.mended[ref] = event("vm", "mod", ref, wiretest.XML(&down)), event("vm", "mod", ref, wiretest.XML(vm))
	}
	y.start(b, set)
	return y
}

// start runs the controller until the benchmark ends.
func (y *busy) start(b *testing.B, set *desired.Set) {
	client := connected(b, y.server.url, y.dial)
	cache := store.New()
	controller, err := reconcile.New(reconcile.Config{
		Snapshot: cache.Snapshot, Pool: watchedPool{reconcile.PoolOf(client), y}, Name: "bench",
		Limits: plan.Limits{Starts: busyVMs},
	})
	if err != nil {
		b.Fatal(err)
	}
	inf := informer.New(informer.Config{Client: client, Store: cache, Pool: "bench"})
	inf.AddHandler(y)
	inf.AddHandler(controller)
	controller.SetDeclared(set)
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 2)
	go func() {
		ended <- inf.Run(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotFirstResponseByte: y.answered}))
	}()
	go func() { ended <- controller.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, <-ended, client.Close(context.WithoutCancel(ctx))); err != nil {
			b.Error(err)
		}
		y.server.close()
	})
	if err := inf.WaitForSync(ctx); err != nil {
		b.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); len(controller.Status()) < len(y.vms); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.Fatalf("only %d of %d VMs were looked at", len(controller.Status()), len(y.vms))
		}
	}
	runtime.GC() // what it took to come here
}

func (y *busy) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	timed := &timedConn{Conn: c, busy: y}
	y.mu.Lock()
	defer y.mu.Unlock()
	y.sockets[c.LocalAddr().String()] = timed
	return timed, nil
}

// answered is told of each reply to the informer.
func (y *busy) answered() {
	now := time.Now()
	y.mu.Lock()
	defer y.mu.Unlock()
	y.head = now
}

// asked is told of each event.next on the server's side.
func (y *busy) asked(from net.Addr) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.events = y.sockets[from.String()]
}

// OnChange is told of changes before the controller is. The reply that they were in is the last thing that was read of
// the events' socket.
func (y *busy) OnChange(changes []store.Change) {
	now := time.Now()
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, c := range changes {
		if vm, ok := c.New.(*xen.VM); ok && c.Old != nil && vm.PowerState == xen.Halted {
			y.under[c.Ref] = &moments{read: y.events.read, head: y.head, applied: now}
		}
	}
}

// OnSync implements informer.Handler.
func (y *busy) OnSync(bool, string) {}

// watchedPool notes when the controller has decided.
type watchedPool struct {
	reconcile.Pool
	busy *busy
}

func (p watchedPool) At(epoch uint64) (reconcile.Session, bool) {
	s, ok := p.Pool.At(epoch)
	return watchedSession{s, p.busy}, ok
}

type watchedSession struct {
	reconcile.Session
	busy *busy
}

func (s watchedSession) Async(ctx context.Context, r xen.Request, mark map[string]string) (xen.TaskRef, error) {
	now := time.Now()
	s.busy.mu.Lock()
	if m := s.busy.under[fmt.Sprint(r.Params[0])]; m != nil {
		m.decided = now
	}
	s.busy.mu.Unlock()
	return s.Session.Async(ctx, r, mark) //nolint:wrapcheck // as it is
}

// began is told of each Async call on the server's side; what it asks for has happened.
func (y *busy) began(vm string, from net.Addr) {
	y.mu.Lock()
	if m := y.under[vm]; m != nil {
		m.wrote = y.sockets[from.String()].wrote
		y.seen = append(y.seen, *m)
		delete(y.under, vm)
	}
	y.mu.Unlock()
	y.server.tell(y.mended[vm])
	y.called <- struct{}{}
}

// measure lets the pool live; each turn of the loop is one VM that is halted, and the changes of others up to the next.
func (y *busy) measure(b *testing.B) {
	halts, others := y.vms[:len(y.vms)/2], y.vms[len(y.vms)/2:]
	random := rand.New(rand.NewPCG(3, 4))
	used, began := processorTime(b), time.Now()
	calls, next := 0, began
	for ; b.Loop(); calls++ {
		for n := range haltEvery {
			next = next.Add(time.Duration(random.ExpFloat64() * float64(time.Second) / eventsPerSecond))
			time.Sleep(time.Until(next))
			if n == 0 {
				y.server.tell(y.halted[halts[calls%len(halts)]])
				continue
			}
			version := fmt.Sprintf("<name>user_version</name><value>%d</value>", calls*haltEvery+n+10)
			y.server.tell(strings.Replace(y.mended[others[random.IntN(len(others))]], "<name>user_version</name><value>1</value>", version, 1))
		}
	}
	for range calls {
		select {
		case <-y.called:
		case <-time.After(30 * time.Second):
			b.Fatalf("only %d of %d VMs were started again", len(y.seen), calls)
		}
	}
	took := time.Since(began)
	y.mu.Lock()
	defer y.mu.Unlock()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(calls*haltEvery)/took.Seconds(), "events/s")
	b.ReportMetric(float64((processorTime(b)-used).Microseconds())/float64(calls*haltEvery), "cpu-µs/event")
	y.report(b, "", func(m moments) time.Duration { return m.wrote.Sub(m.read) })
	y.report(b, "own-", func(m moments) time.Duration { return m.decided.Sub(m.head) })
	y.report(b, "read-", func(m moments) time.Duration { return m.head.Sub(m.read) })
	y.report(b, "decode-apply-", func(m moments) time.Duration { return m.applied.Sub(m.head) })
	y.report(b, "queue-plan-", func(m moments) time.Duration { return m.decided.Sub(m.applied) })
	y.report(b, "send-", func(m moments) time.Duration { return m.wrote.Sub(m.decided) })
}

func (y *busy) report(b *testing.B, what string, of func(moments) time.Duration) {
	took := make([]time.Duration, len(y.seen))
	for i, m := range y.seen {
		took[i] = of(m)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), what+"p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), what+"p99-µs")
}

// processorTime is what this process has used of the processors, the scripted server's part included.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
