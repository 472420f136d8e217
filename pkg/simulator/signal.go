package simulator

// signal wakes everybody who waits for the next change. It is guarded by the pool's lock; the channel is not.
type signal struct{ ch chan struct{} }

// next is closed at the next raise.
func (s *signal) next() <-chan struct{} {
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

// raise wakes all who wait, if any.
func (s *signal) raise() {
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}
