package informer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// fakePool is a server that does what the simulator, being faithful, does not: it answers nonsense, and lets a test look
// in between any two calls. Like xapi before 25.5 it gives one event a reply.
type fakePool struct {
	mu      sync.Mutex
	objects map[xen.Class]map[string]xen.Record
	events  []xen.Event
	cursor  int
	more    chan struct{} // holds a token while there may be events
	epoch   uint64
	calls   map[string]int

	forgets int                       // event.from tells nothing of deletions before this event
	replies func(*xen.EventBatch)     // spoils the replies of event.from
	before  func(method string) error // is called before a call is answered
	after   func(method string)       // is called after the answer was made
	login   func() error
	given   []error // to invalidate
	members [][]string
}

func newFakePool() *fakePool {
	p := &fakePool{objects: map[xen.Class]map[string]xen.Record{}, more: make(chan struct{}, 1), calls: map[string]int{}}
	p.put("p", &xen.Pool{NameLabel: "rack-1"})
	p.put("h", &xen.Host{Address: "10.0.0.1"})
	return p
}

// put writes an object and makes its event.
func (p *fakePool) put(ref string, r xen.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.objects[r.Class()] == nil {
		p.objects[r.Class()] = map[string]xen.Record{}
	}
	operation := xen.EventMod
	if p.objects[r.Class()][ref] == nil {
		operation = xen.EventAdd
	}
	p.objects[r.Class()][ref] = r
	p.happen(xen.Event{Class: r.Class(), Operation: operation, Ref: ref, Snapshot: r})
}

func (p *fakePool) drop(class xen.Class, ref string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.objects[class], ref)
	p.happen(xen.Event{Class: class, Operation: xen.EventDel, Ref: ref})
}

// emit makes an event of which nothing is true.
func (p *fakePool) emit(e xen.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.happen(e)
}

func (p *fakePool) happen(e xen.Event) {
	e.ID = int64(len(p.events))
	p.events = append(p.events, e)
	select {
	case p.more <- struct{}{}:
	default:
	}
}

func (p *fakePool) session(context.Context) (session, error) {
	if p.login != nil {
		if err := p.login(); err != nil {
			return nil, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.epoch++
	return &fakeSession{p, p.epoch}, nil
}

func (p *fakePool) invalidate(_ session, cause error) { p.given = append(p.given, cause) }
func (p *fakePool) setMembers(addresses []string)     { p.members = append(p.members, addresses) }

func (p *fakePool) answer(req xen.Request, into any) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	class, call, _ := strings.Cut(req.Method, ".")
	objects := p.objects[xen.Class(class)]
	refs := slices.Sorted(maps.Keys(objects))
	switch into := into.(type) {
	case *xen.Void: // event.register
		p.cursor = len(p.events)
	case *string: // event.inject
		*into = fmt.Sprintf("%020d,%020d", len(p.events), 0)
		p.happen(xen.Event{Class: xen.ClassPool, Operation: xen.EventMod, Ref: "p", Snapshot: p.objects[xen.ClassPool]["p"]})
	case *int64: // event.get_current_id
		*into = int64(len(p.events))
	case *xen.ObjectList:
		*into = xen.ObjectList{Class: xen.Class(class)}
		for _, ref := range refs {
			into.Objects = append(into.Objects, xen.Object{Ref: ref, Record: objects[ref]})
		}
	case *[]string: // get_all
		*into = refs
	case *xen.VM: // get_record
		*into = *objects[req.Params[0].(string)].(*xen.VM)
	default:
		return fmt.Errorf("the fake has no %s of %s", call, class)
	}
	return nil
}

type fakeSession struct {
	pool  *fakePool
	epoch uint64
}

func (s *fakeSession) Epoch() uint64         { return s.epoch }
func (s *fakeSession) Master() xen.HostRef   { return "h" }
func (s *fakeSession) MasterAddress() string { return "10.0.0.1" }

func (s *fakeSession) Do(_ context.Context, req xen.Request, into any) error {
	s.pool.mu.Lock()
	s.pool.calls[req.Method]++
	before, after := s.pool.before, s.pool.after
	s.pool.mu.Unlock()
	if before != nil {
		if err := before(req.Method); err != nil {
			return err
		}
	}
	if err := s.pool.answer(req, into); err != nil {
		return err
	}
	if after != nil {
		after(req.Method)
	}
	return nil
}

func (s *fakeSession) NextEvents(ctx context.Context) ([]xen.Event, error) {
	for {
		s.pool.mu.Lock()
		if s.pool.cursor < len(s.pool.events) {
			e := s.pool.events[s.pool.cursor]
			s.pool.cursor++
			before := s.pool.before
			s.pool.mu.Unlock()
			if before != nil {
				if err := before("event.next"); err != nil {
					return nil, err
				}
			}
			return []xen.Event{e}, nil
		}
		s.pool.mu.Unlock()
		select {
		case <-s.pool.more:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// journal is a handler that writes down what it is told.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) OnChange(changes []store.Change) {
	for _, ch := range changes {
		what := "mod"
		switch {
		case ch.Old == nil:
			what = "add"
		case ch.New == nil:
			what = "del"
		}
		name := ch.Ref
		if vm, ok := ch.New.(*xen.VM); ok {
			name += " " + string(vm.PowerState)
		}
		j.write(what, string(ch.Class), name)
	}
}

func (j *journal) OnSync(synced bool, reason string) {
	if synced {
		j.write("synced:", reason)
		return
	}
	j.write("stale:", reason)
}

func (j *journal) write(words ...string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, strings.Join(words, " "))
}

// take returns what was written since the last time.
func (j *journal) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := j.lines
	j.lines = nil
	return lines
}

// startFake runs an informer on a fake pool until the test ends. It has to be called in a bubble.
func startFake(t *testing.T, p *fakePool) (*Informer, *journal) {
	t.Helper()
	return startFakeWith(t, p, Config{Store: store.New(), Pool: "rack-1"})
}

func startFakeWith(t *testing.T, p *fakePool, cfg Config) (*Informer, *journal) {
	t.Helper()
	i := newInformer(cfg, p)
	j := &journal{}
	i.AddHandler(j)
	run(t, i)
	return i, j
}

// run runs an informer until the test ends.
func run(t *testing.T, i *Informer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	ended := make(chan error, 1)
	go func() { ended <- i.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}
