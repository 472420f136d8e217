package informer

import (
	"sync"
)

// place is how much of what happened in the pool has been applied.
type place struct {
	list       int     // number of the last whole list that was completed; 0: none
	session    session // that it was made on and is followed; nil: out of sync
	tokens     bool    // followed by event.from
	event      int64   // without tokens: id of the last event
	generation int64   // with tokens: of the database, of the last reply
}

// position is the place of Run, for other goroutines to wait on.
type position struct {
	mu    sync.Mutex
	now   place
	begun int           // number of the last list that was begun
	moved chan struct{} // closed at the next move; nil: nobody waits
}

func newPosition() *position { return &position{} }

// begin numbers a list that begins now.
func (p *position) begin() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun++
	return p.begun
}

// lists is the number of the last list that was begun.
func (p *position) lists() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.begun
}

// listed says that a whole list was applied, and where in the stream it stands.
func (p *position) listed(now place) { p.move(func(at *place) { *at = now }) }

// event says that events up to an id were applied.
func (p *position) event(id int64) { p.move(func(at *place) { at.event = id }) }

// generation says that changes up to a generation of the database were applied.
func (p *position) generation(n int64) { p.move(func(at *place) { at.generation = n }) }

// lost says that the store is out of sync.
func (p *position) lost() { p.move(func(at *place) { at.session = nil }) }

func (p *position) move(by func(*place)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	by(&p.now)
	if p.moved != nil {
		close(p.moved)
		p.moved = nil
	}
}

// watch returns the place, and a channel that is closed when it is another.
func (p *position) watch() (now place, moved <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.moved == nil {
		p.moved = make(chan struct{})
	}
	return p.now, p.moved
}
