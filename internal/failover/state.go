package failover

import (
	"slices"
	"time"
)

// Timing holds the durations of a search. The zero value of each stands for its default.
type Timing struct {
	MinPause   time.Duration // pause after the first round; default 1 s
	MaxPause   time.Duration // longest pause; default 30 s
	EagerPause time.Duration // pause while somebody shows signs of life and there was news of late; default 250 ms
	CalmPause  time.Duration // longest pause while somebody shows signs of life; default 2 s
	HeadStart  time.Duration // how long the last master is asked alone; default 300 ms
	Round      time.Duration // how long a round waits for answers; default 1 s
	Settle     time.Duration // how long a master that answered waits for others to contradict; default 500 ms
	Parallel   int           // probes started at once; default 8
	Eager      int           // rounds without news until pauses grow; default 1,200, some five minutes
}

// WithDefaults returns t with every zero replaced.
func (t Timing) WithDefaults() Timing {
	def := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	def(&t.MinPause, time.Second)
	def(&t.MaxPause, 30*time.Second)
	def(&t.EagerPause, 250*time.Millisecond)
	def(&t.CalmPause, 2*time.Second)
	def(&t.HeadStart, 300*time.Millisecond)
	def(&t.Round, time.Second)
	def(&t.Settle, 500*time.Millisecond)
	if t.Parallel <= 0 {
		t.Parallel = 8
	}
	if t.Eager <= 0 {
		t.Eager = 1200
	}
	return t
}

// State is everything that a search has learned. It is a value: Next never changes it in place. The exported fields may
// be set by the caller between two outcomes; all else is Next's.
type State struct {
	Timing    Timing
	Addresses []string // as configured, in the order to be asked
	Members   []string // known from the pool itself; asked after Addresses
	Pool      string   // uuid of the pool that must answer; empty: the first that does is ours from then on
	Last      string   // the last master; empty: none yet

	phase    phase
	found    bool      // a master was taken at least once: from then on no failure is for ever
	rounds   int       // finished in this search
	queue    []string  // to be asked in this round
	asked    []string  // asked in this round
	inFlight []string  // no outcome yet, of whatever round
	masters  []Outcome // answers of kind Master in this search, not taken yet
	named    []string  // masters' addresses named by members in this round, one for each that named one
	results  []Outcome // of this round, and of earlier ones where an answer came late
	sleepy   []string  // did not answer in the round before: asked last, and not waited for
	heard    []heard   // the last answer of each address in this search
	quiet    int       // rounds since an answer was another one than before
}

// heard is an answer, and the round that it came in.
type heard struct {
	Outcome
	round int
}

// rest is how many rounds somebody is left alone whose answer only a person can change: a login is refused each time, or
// opens a session in another pool.
const rest = 8

type phase int

const (
	idle     phase = iota // no search
	alone                 // the last master has its head start
	asking                // a round
	settling              // a master answered, others may contradict
	pausing               // between two rounds
)

// Results returns the answers of the round that is running or has just ended, in the order they came.
func (s State) Results() []Outcome { return slices.Clone(s.results) }

// Rounds returns how many rounds of the search have ended without a master.
func (s State) Rounds() int { return s.rounds }

// Waiting returns the addresses that were asked and have not answered, in the order they were asked.
func (s State) Waiting() []string { return slices.Clone(s.inFlight) }

// Found reports whether a master has ever been taken.
func (s State) Found() bool { return s.found }

// clone copies what Next changes in place.
func (s State) clone() State {
	for _, list := range []*[]string{&s.queue, &s.asked, &s.inFlight, &s.named, &s.sleepy} {
		*list = slices.Clone(*list)
	}
	s.masters, s.results, s.heard = slices.Clone(s.masters), slices.Clone(s.results), slices.Clone(s.heard)
	s.Timing = s.Timing.WithDefaults()
	return s
}
