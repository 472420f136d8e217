package simulation

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/go-logr/logr/funcr"

	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/desired/source"
	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
)

// process is one life of our daemon: client, informer and controller, wired as cmd/xencontroller does it.
type process struct {
	pool       *simulator.Pool
	turns      *turns
	client     *xapi.Client
	cache      *store.Store
	controller *reconcile.Controller
	page       *page
	cancel     context.CancelFunc
	ended      chan error    // of informer, controller and source
	killed     chan struct{} // closed by kill

	mu      sync.Mutex
	dead    bool
	lines   map[*line]bool
	dieIn   int  // writes to wire and journal until the process is killed; 0: it is not
	dieSent bool // by the time that the last of them has been sent
}

// password of root, and nothing that must ever be read anywhere.
const password = "simulated-secret-0815"

// journal is a journal that outlives a process, and takes nothing of one that is dead, or while its disk is full.
type journal struct {
	*reconcile.MemoryJournal
	process *process
	full    func() bool
}

func (j journal) Put(e reconcile.Entry) error {
	return j.write(func() error { return j.MemoryJournal.Put(e) })
}

func (j journal) Remove(id string) error {
	return j.write(func() error { return j.MemoryJournal.Remove(id) })
}

// write changes the journal. The process may die of it, before or after.
func (j journal) write(change func() error) error {
	before, after := j.process.nextWrite()
	if before {
		j.process.kill()
	}
	if j.process.isDead() || j.full() {
		return errors.New("no space left on device")
	}
	err := change()
	if after {
		j.process.kill()
	}
	return err
}

// surroundings are what a life of our process finds.
type surroundings struct {
	*schedule
	life      uint64
	addresses []string
	journal   *reconcile.MemoryJournal // of the life before, or a new one
	full      func() bool              // the disk of the journal
	log       func(string)             // is told of every line
	told      func(reconcile.ActionEvent)
	manifests string // a directory
	watch     func() (source.Watcher, error)
	declared  func(*desired.Set, error)
	stateFile string // "": none
	tls       xapi.TLSConfig
}

// deadProcess is one that has not begun.
func deadProcess() *process {
	return &process{dead: true, killed: make(chan struct{})}
}

// startProcess begins a life.
func startProcess(ctx context.Context, p *process, a surroundings) error {
	p.lines, p.killed, p.ended = map[*line]bool{}, make(chan struct{}), make(chan error, 3)
	p.cache = store.New()
	p.page = newPage(p, a.DryRun)
	logger := funcr.New(func(prefix, args string) { a.log(prefix + " " + args) }, funcr.Options{Verbosity: a.verbosity()})
	rnd := func(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(a.Seed+a.life, stream)) }
	var err error
	p.client, err = xapi.New(xapi.Config{
		Addresses: a.addresses, Username: "root", Dial: p.dial, Rand: rnd(1), Log: logger, Pool: poolName, Metrics: p.page.client,
		StateFile: a.stateFile,
		Password:  func(context.Context) (string, error) { return password, nil }, Protocol: xapi.Protocol(a.Protocol), TLS: a.tls,
	})
	if err != nil {
		return err
	}
	p.controller, err = reconcile.New(reconcile.Config{
		Snapshot: p.cache.Snapshot, Pool: reconcile.PoolOf(p.client), Name: poolName, Workers: 1, DryRun: a.DryRun,
		Rand: rnd(2), Journal: journal{a.journal, p, a.full}, Log: logger, Metrics: p.page.reconcile,
		Observer: func(e reconcile.ActionEvent) { p.page.overview.Observe(e); a.told(e) },
	})
	if err != nil {
		return err
	}
	inf := informer.New(informer.Config{Client: p.client, Store: p.cache, Rand: rnd(3), Events: informer.Events(a.Events), Log: logger, Pool: poolName, Metrics: p.page.informer})
	inf.AddHandler(p.controller)
	dir := &source.Dir{Paths: []string{a.manifests}, Watch: a.watch, Log: logger}
	ctx, p.cancel = context.WithCancel(ctx)
	go func() { p.ended <- inf.Run(ctx) }()
	go func() { p.ended <- p.controller.Run(ctx) }()
	go func() { p.ended <- dir.Run(ctx, a.declared) }()
	return nil
}

// stop ends the process as SIGTERM does, or takes away what kill left of it. The error is why it did not end well.
func (p *process) stop() error {
	if p.cancel == nil {
		return nil // it never began
	}
	p.cancel()
	err := errors.Join(<-p.ended, <-p.ended, <-p.ended)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err = errors.Join(err, p.client.Close(ctx))
	if p.isDead() {
		return nil // who was killed says nothing
	}
	return err
}
