package record

import "sync"

// Idle keeps decoders, and with them what they remember, from one reply to the next. The zero Idle is ready for use, by
// several goroutines at once.
type Idle[T any] struct {
	mu   sync.Mutex
	kept []*T
}

// maxIdle is how many decoders are kept; more exist only while as many replies are read at once.
const maxIdle = 2

// Take returns a decoder that is not in use; nil where there is none.
func (i *Idle[T]) Take() *T {
	i.mu.Lock()
	defer i.mu.Unlock()
	last := len(i.kept) - 1
	if last < 0 {
		return nil
	}
	d := i.kept[last]
	i.kept = i.kept[:last]
	return d
}

// Give takes a decoder back.
func (i *Idle[T]) Give(d *T) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.kept) < maxIdle {
		i.kept = append(i.kept, d)
	}
}
