package informer

import (
	"context"
	"math/rand/v2"
	"time"
)

// Pauses between attempts. The first attempt after a time in sync is made at once: a new master should not have to wait.
const (
	minPause = time.Second
	maxPause = 30 * time.Second
	healthy  = 30 * time.Second // in sync for so long, all earlier failures are forgotten
)

// pause is the back-off between attempts to get and stay in sync.
type pause struct {
	rand     *rand.Rand
	failures int       // in a row
	synced   time.Time // of the last success that is not forgotten; zero: none
}

// began notes that the store came into sync.
func (p *pause) began(now time.Time) { p.synced = now }

// wait waits before the next attempt: not at all, then 1 … 30 s, each time about twice as long, a third of it at random.
// False: ctx ended.
func (p *pause) wait(ctx context.Context) bool {
	timer := time.NewTimer(p.next(time.Now()))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (p *pause) next(now time.Time) time.Duration {
	if !p.synced.IsZero() && now.Sub(p.synced) >= healthy {
		p.failures = 0
	}
	p.synced = time.Time{}
	p.failures++
	if p.failures == 1 {
		return 0
	}
	steady := min(minPause<<min(p.failures-2, 10), maxPause*2/3)
	return steady + time.Duration(p.rand.Int64N(int64(steady)/2))
}
