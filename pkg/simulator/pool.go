package simulator

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"sync"
)

// Pool is a simulated pool. Its methods may be called from any goroutine.
type Pool struct {
	model      Model
	schema     *schema
	behaviours map[string]behaviour

	*extent // ends with Close

	work sync.WaitGroup // every goroutine of the pool

	buffers sync.Pool // of *[]byte, that replies are made in

	// mu guards all that follows and everything in lives and members. It is never held while sleeping or doing I/O.
	mu       sync.Mutex
	rng      *rand.Rand
	life     *life   // of the master; ended when there is none
	master   *member // nil: no master
	members  []*member
	nowhere  *life  // over: what a member reaches that has no master
	linked   signal // a member has reached its master, or a master has started
	faults   []*injection
	calls    map[string]int
	handlers map[string][]*Handler // by message: what replaced its behaviour, newest last

	operations operationQueue      // calls that wait for their turn
	sources    map[string]bool     // figures that somebody has told hosts to keep or not, by uuid and name
	domids     map[string]int64    // the newest domain of each host, by reference
	built      int                 // VMs made without a wish for a host
	backends   map[string]*backend // what storage knows beside the database, by the SR's uuid
	unmeasured map[string]bool     // hosts whose memory has changed since they reported it, by reference
	beside                         // what lies in files, and in the hypervisor

	observer func(Fact) // nil: nobody
	arrived  int64      // calls that it was told of
}

// New makes a pool and starts it. It can be reached through Dial at once, and on sockets after Listen. The caller ends
// it with Close. The error is about the model.
func New(m Model) (*Pool, error) {
	if m.Dump != nil {
		var err error
		if m, err = m.Dump.fitted(m); err != nil {
			return nil, fmt.Errorf("simulator: %w", err)
		}
	}
	m = m.defaults()
	if m.Hosts < 1 || m.Hosts > 64 {
		return nil, fmt.Errorf("simulator: %d hosts: a pool has 1 to 64", m.Hosts)
	}
	s, err := schemaOf(m.release())
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	p := &Pool{
		model: m, schema: s, behaviours: behaviours(), extent: newExtent(),
		rng: rand.New(rand.NewPCG(uint64(m.Seed), 0x78617069)), calls: make(map[string]int),
		domids: make(map[string]int64), sources: make(map[string]bool), operations: operationQueue{working: make(map[string]int), sending: make(map[string]int)},
		unmeasured: make(map[string]bool), beside: newBeside(),
	}
	p.life, p.nowhere = newLife(p, newDB(s)), newLife(p, newDB(s))
	p.nowhere.end()
	for i := range m.Hosts {
		p.members = append(p.members, newMember(p, i))
	}
	first, fill := p.members[0], p.populate
	if m.Dump != nil {
		if first, err = p.takeMembers(m.Dump); err != nil {
			return nil, fmt.Errorf("simulator: %w", err)
		}
		fill = m.Dump.play
	}
	p.firstMaster(first)
	if err := p.update(fill); err != nil {
		p.Close()
		return nil, fmt.Errorf("simulator: filling the pool: %w", err)
	}
	p.view(func(*tx) { p.life.syncDatabase() })
	p.life.start()
	return p, nil
}

// Close ends the pool: connections break, calls that wait end, and every goroutine of the pool is gone on return.
func (p *Pool) Close() {
	p.end()
	p.mu.Lock()
	p.life.end()
	for _, m := range p.members {
		if m.life != nil {
			m.life.end()
		}
		m.run.end()
		m.hangUp()
		m.unlisten()
	}
	p.mu.Unlock()
	p.work.Wait()
}

// update runs f on the database of the present master, as a hand from outside.
func (p *Pool) update(f func(*tx) error) error {
	return p.current().update(f)
}

// view is update for f that only reads.
func (p *Pool) view(f func(*tx)) {
	l := p.current()
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&tx{life: l})
}

// current is the life of the present master, or of the last one.
func (p *Pool) current() *life {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.life
}

// newRef makes a reference. xapi: random bytes in the layout of a uuid, without version bits. The lock must be held.
func (p *Pool) newRef() string { return "OpaqueRef:" + p.newUUID() }

// newUUID makes a uuid. The lock must be held.
func (p *Pool) newUUID() string {
	var b [16]byte
	for i := range b {
		b[i] = byte(p.rng.UintN(256))
	}
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
