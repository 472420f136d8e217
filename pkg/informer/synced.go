package informer

import (
	"context"
	"sync"
	"time"
)

// state lets other goroutines wait for the store to be in sync.
type state struct {
	mu     sync.Mutex
	synced chan struct{} // closed while in sync
	is     bool
	ended  chan struct{} // closed by the end of Run
	err    error         // of Run; written before ended is closed
}

func newState() *state { return &state{synced: make(chan struct{}), ended: make(chan struct{})} }

func (s *state) wait(ctx context.Context) error {
	s.mu.Lock()
	synced := s.synced
	s.mu.Unlock()
	select {
	case <-synced:
		return nil
	case <-s.ended:
		return s.cause()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// cause is why Run has ended.
func (s *state) cause() error {
	if s.err != nil {
		return s.err
	}
	return errEnded
}

// set reports whether that is news.
func (s *state) set(synced bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.is == synced {
		return false
	}
	s.is = synced
	if synced {
		close(s.synced)
	} else {
		s.synced = make(chan struct{})
	}
	return true
}

func (s *state) end(err error) {
	s.err = err
	close(s.ended)
}

// inSync tells everybody that the store is in sync again.
func (i *Informer) inSync(s session, reason string) {
	i.followed = true
	i.pause.began(time.Now())
	i.count.synced(true)
	i.log.Info("in sync with the pool", "reason", reason, "master", s.MasterAddress(), "epoch", s.Epoch())
	if i.state.set(true) {
		for _, h := range i.handlers {
			h.OnSync(true, reason)
		}
	}
}

// outOfSync marks the store stale before anything else happens, and tells everybody once.
func (i *Informer) outOfSync(cause error) {
	i.store.MarkStale(time.Now(), cause.Error())
	i.position.lost()
	i.count.synced(false)
	if i.state.set(false) {
		i.log.Info("out of sync with the pool", "cause", cause.Error())
		for _, h := range i.handlers {
			h.OnSync(false, cause.Error())
		}
	}
}
