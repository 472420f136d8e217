package simulation

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// turns makes one order of what happens at once. Whoever is about to touch the wire takes a turn: those who come at the same
// virtual instant are sorted by what they are about to say, and let go one at a time. The clock of a bubble stands until
// everybody waits, so that all that one turn sets off is over before the next one begins, whatever the scheduler does.
type turns struct {
	mu      sync.Mutex
	waiting []*turn
	taken   int
	limit   int // of turns; more are a loop without an end
	runaway bool
	rng     *rand.Rand
	arrived chan struct{}
	over    chan struct{}
}

type turn struct {
	since time.Time
	key   string
	ready chan struct{}
}

func newTurns(seed uint64, limit int) *turns {
	return &turns{rng: rand.New(rand.NewPCG(seed, 0x7475726e)), limit: limit, arrived: make(chan struct{}, 1), over: make(chan struct{})}
}

// take waits for a turn; after the end it returns at once.
func (t *turns) take(key string) {
	mine := &turn{since: time.Now(), key: key, ready: make(chan struct{})}
	t.mu.Lock()
	t.waiting = append(t.waiting, mine)
	t.mu.Unlock()
	select {
	case t.arrived <- struct{}{}:
	default:
	}
	select {
	case <-mine.ready:
	case <-t.over:
	}
}

// run gives turns until end.
func (t *turns) run() {
	for {
		select {
		case <-t.arrived:
		case <-t.over:
			return
		}
		for t.give() {
		}
	}
}

// give lets one go, some microseconds after it came: by then all others of that instant have come too.
func (t *turns) give() bool {
	t.mu.Lock()
	none := len(t.waiting) == 0
	pause := time.Duration(0)
	if !none {
		pause = 10*time.Microsecond + time.Duration(t.rng.Int64N(int64(100*time.Microsecond)))
	}
	t.mu.Unlock()
	if none {
		return false
	}
	time.Sleep(pause)
	t.mu.Lock()
	defer t.mu.Unlock()
	first := slices.MinFunc(t.waiting, func(a, b *turn) int { return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.key, b.key)) })
	t.waiting = slices.DeleteFunc(t.waiting, func(other *turn) bool { return other == first })
	if t.taken++; t.taken > t.limit {
		t.runaway = true
		return false
	}
	close(first.ready)
	return true
}

// end lets everybody go.
func (t *turns) end() { close(t.over) }

// ranAway reports whether there were more turns than there can be reasons for.
func (t *turns) ranAway() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.runaway
}
