package simulator

import "sync"

// extent is how long something lasts. It ends once, and everybody who waits for that sees it. Safe without a lock.
type extent struct {
	ended chan struct{}
	once  sync.Once
}

func newExtent() *extent { return &extent{ended: make(chan struct{})} }

// end ends it; again does nothing.
func (e *extent) end() { e.once.Do(func() { close(e.ended) }) }

// done is closed at the end.
func (e *extent) done() <-chan struct{} { return e.ended }

// over says whether the end has come.
func (e *extent) over() bool {
	select {
	case <-e.ended:
		return true
	default:
		return false
	}
}
