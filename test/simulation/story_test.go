package simulation

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/simulator"
)

const (
	quiet   = 25 * time.Minute // after the last step everything has to come to rest within this time
	maxTurn = 150_000          // of one schedule; a long one takes some ten thousand
)

// story is a schedule that is being played.
type story struct {
	*schedule
	pool    *simulator.Pool
	turns   *turns
	history *history
	fleet   *fleet
	dir     string // of all files of ours

	ended    chan struct{} // closed when the last life is to end
	healed   chan struct{} // closed when the last fault has ended: everybody else goes home
	watchers sync.WaitGroup

	mu        sync.Mutex
	process   *process // the life that goes on, or the last one; dead at first
	life      uint64
	set       *desired.Set // in force, as the process was told
	journal   *reconcile.MemoryJournal
	loseIt    bool          // the next life begins without the journal
	pause     time.Duration // until the next life
	full      time.Time     // until when the journal's disk is full
	strangers int           // that have come so far
	removers  []func()
	logged    []string // what broke a rule at once, in words
	looks     *looks
	secrets   secrets
	final     *final // once the verdict was spoken
}

// outcome is a schedule that was played.
type outcome struct {
	history  *history
	problems []string
}

// play plays a schedule in a bubble of its own.
func play(t *testing.T, s *schedule) (o outcome) {
	t.Helper()
	dir, err := os.MkdirTemp("", "schedule") //nolint:usetesting // a test plays thousands, and keeps none
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	defer func() {
		if p := recover(); p != nil { // goroutines that are left end the bubble with a panic
			o.problems = append(o.problems, fmt.Sprint("panic: ", p))
		}
	}()
	synctest.Test(t, func(*testing.T) {
		st := &story{
			schedule: s, history: &history{began: time.Now()}, turns: newTurns(s.Seed, maxTurn), dir: dir,
			journal: &reconcile.MemoryJournal{}, ended: make(chan struct{}), healed: make(chan struct{}), process: deadProcess(),
			looks: newLooks(s.Seed),
		}
		o.history = st.history
		o.problems = st.tell()
	})
	return o
}

// tell plays it from the first life of the process to the last.
func (st *story) tell() (problems []string) {
	model := st.model()
	model.Key = keyOf
	pool, err := simulator.New(model)
	if err != nil {
		return []string{err.Error()}
	}
	st.pool = pool
	defer pool.Close()
	if st.fleet, err = newFleet(st.dir); err != nil {
		return []string{err.Error()}
	}
	go st.turns.run()
	pool.Observe(func(f simulator.Fact) {
		st.secrets.learn(&f)
		st.history.observe(f)
	})
	if err := st.prepare(); err != nil {
		return []string{err.Error()}
	}
	first := slices.IndexFunc(st.Steps, func(s step) bool { return s.At > 0 })
	if first < 0 {
		first = len(st.Steps)
	}
	began := time.Now()
	for _, s := range st.Steps[:first] {
		st.do(s)
	}
	st.watchers.Go(st.live)
	for _, s := range st.Steps[first:] {
		st.until(began.Add(s.At))
		st.do(s)
	}
	st.heal()
	st.until(time.Now().Add(quiet))
	problems = append(st.verdict(), st.inForce()...)
	problems = append(problems, st.end()...)
	return append(problems, breaches(st.history)...)
}

// end ends the last life in good order, and looks at what it leaves.
func (st *story) end() (problems []string) {
	close(st.ended)
	st.mu.Lock()
	p := st.process
	st.mu.Unlock()
	if err := p.stop(); err != nil {
		st.read(err.Error())
		problems = append(problems, "the end: "+err.Error())
	}
	st.watchers.Wait()
	problems = append(problems, st.leftBehind()...)
	st.turns.end()
	return problems
}

// do does one step. What cannot be done is noted: a host that is dead already does not die.
func (st *story) do(s step) {
	st.history.notef("%s", s)
	if err := st.happen(s); err != nil {
		st.history.notef("that did not happen: %v", err)
	}
}

// happen does one step, or says why not.
func (st *story) happen(s step) error {
	k, known := kinds[s.What]
	if !known {
		return fmt.Errorf("%q is no step", s.What)
	}
	if len(s.Args) < k.words {
		return fmt.Errorf("%q takes %d words", s.What, k.words)
	}
	return k.do(st, s.Args)
}
