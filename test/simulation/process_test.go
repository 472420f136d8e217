package simulation

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/go-logr/logr/funcr"

	"github.com/xencontroller/xencontroller/pkg/desired"
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
	ended      chan error    // of informer and controller
	killed     chan struct{} // closed by kill

	mu      sync.Mutex
	dead    bool
	lines   map[*line]bool
	dieIn   int  // requests until the process is killed; 0: it is not
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
	if j.process.isDead() || j.full() {
		return errors.New("no space left on device")
	}
	return j.MemoryJournal.Put(e)
}

func (j journal) Remove(id string) error {
	if j.process.isDead() || j.full() {
		return errors.New("no space left on device")
	}
	return j.MemoryJournal.Remove(id)
}

// startProcess begins a life. kept is the journal of the life before, or a new one; log is told of every line.
func startProcess(ctx context.Context, p *process, s *schedule, life uint64, kept *reconcile.MemoryJournal, full func() bool, log func(string), told func(reconcile.ActionEvent)) error {
	p.lines, p.killed, p.ended = map[*line]bool{}, make(chan struct{}), make(chan error, 2)
	p.cache = store.New()
	p.page = newPage(p, s.DryRun)
	logger := funcr.New(func(prefix, args string) { log(prefix + " " + args) }, funcr.Options{Verbosity: s.verbosity()})
	rnd := func(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(s.Seed+life, stream)) }
	var err error
	p.client, err = xapi.New(xapi.Config{
		Addresses: p.pool.URLs(), Username: "root", Dial: p.dial, Rand: rnd(1), Log: logger, Pool: poolName, Metrics: p.page.client,
		Password: func(context.Context) (string, error) { return password, nil },
	})
	if err != nil {
		return err
	}
	p.controller, err = reconcile.New(reconcile.Config{
		Snapshot: p.cache.Snapshot, Pool: reconcile.PoolOf(p.client), Name: poolName, Workers: 1, DryRun: s.DryRun,
		Rand: rnd(2), Journal: journal{kept, p, full}, Log: logger, Metrics: p.page.reconcile,
		Observer: func(e reconcile.ActionEvent) { p.page.overview.Observe(e); told(e) },
	})
	if err != nil {
		return err
	}
	inf := informer.New(informer.Config{Client: p.client, Store: p.cache, Rand: rnd(3), Events: informer.Events(s.Events), Log: logger, Pool: poolName, Metrics: p.page.informer})
	inf.AddHandler(p.controller)
	ctx, p.cancel = context.WithCancel(ctx)
	go func() { p.ended <- inf.Run(ctx) }()
	go func() { p.ended <- p.controller.Run(ctx) }()
	return nil
}

// stop ends the process as SIGTERM does, or takes away what kill left of it. The error is why it did not end well.
func (p *process) stop() error {
	p.cancel()
	err := errors.Join(<-p.ended, <-p.ended)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err = errors.Join(err, p.client.Close(ctx))
	if p.isDead() {
		return nil // who was killed says nothing
	}
	return err
}

// declare puts a set in force.
func (p *process) declare(set *desired.Set) {
	p.page.overview.Declare(set, nil)
	p.controller.SetDeclared(set)
}
