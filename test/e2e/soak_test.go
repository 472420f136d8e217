package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var (
	soakFor  = flag.Duration("soak", 20*time.Second, "how long TestSoak lets everything go wrong, before it lets it come to rest")
	soakSeed = flag.Uint64("soak-seed", 1, "seed of what TestSoak does; 0: another one each time")
)

// What the soak allows. Times are far above what is needed, for machines with other work.
const (
	restPatience = 4 * time.Minute  // until the fleet is as declared
	endPatience  = 20 * time.Second // from SIGTERM to the end of the process
	handful      = 5                // sessions of one process
	soakPassword = "canary-4c1d0a6e-pa55"
)

// TestSoak lets a simulated pool and a controller, two processes, live through people, faults, edits and kill -9 in real time,
// lets them come to rest, and holds the pool's own history against the rules of the design. docs/reference/soak.md says more.
func TestSoak(t *testing.T) {
	t.Parallel()
	s := newSoak(t)
	s.startPool()
	s.begin()
	s.chaos(*soakFor)
	s.rest()
	s.end()
	t.Log(s.progress() + ": in order")
}

// soak is one run.
type soak struct {
	t      *testing.T
	dir    string // of everything; kept where the test fails
	rng    *rand.Rand
	began  time.Time
	agenda agenda
	count  struct{ kills, terms, hands, refused, faults, edits, spoiled, forgotten int }

	pool    *program
	address [4]string // of the hosts, and of the admin listener and the controller's web server
	web     string
	admin   string
	fleet   *fleet
	witness *witness

	life     *program
	lives    int
	up       bool           // the life has said that it runs
	turned   map[string]int // what people did to each VM in this life
	mending  time.Time      // until when a fault of a host is at work
	repairs  []func()       // what the schedule owes the pool
	baseline usage          // of the pool's process after the first minute
	slowest  time.Duration  // from SIGTERM to the end
}

func newSoak(t *testing.T) *soak {
	t.Helper()
	seed := *soakSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano()) % 1_000_000
	}
	dir, err := os.MkdirTemp("", "xencontroller-soak-") //nolint:usetesting // kept where the test fails
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("seed %d; play it again with -run TestSoak -soak %s -soak-seed %d", seed, *soakFor, seed)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d: logs, history, journal and manifests are kept in %s", seed, dir)
			return
		}
		os.RemoveAll(dir)
	})
	return &soak{
		t: t, dir: dir, rng: rand.New(rand.NewPCG(seed, 0)), began: time.Now(), turned: map[string]int{},
		fleet: newFleet(t, filepath.Join(dir, "manifests")),
	}
}

// in is a file of the run.
func (s *soak) in(name string) string { return filepath.Join(s.dir, name) }

// between draws a duration.
func (s *soak) between(least, most time.Duration) time.Duration {
	return least + time.Duration(s.rng.Int64N(int64(most-least)))
}

// chance is true once in n times.
func (s *soak) chance(n int) bool { return s.rng.IntN(n) == 0 }

// startPool starts the pool's process.
func (s *soak) startPool() {
	s.t.Helper()
	const base = "127.0.59"
	port := freePort(s.t, base+".1")
	for i := range s.address {
		s.address[i] = fmt.Sprintf("http://%s.%d:%d", base, i+1, port)
	}
	// Addresses of their own: what connects somewhere never takes such a port between two lives.
	s.admin, s.web = fmt.Sprintf("%s.100:%d", base, port), fmt.Sprintf("%s.101:%d", base, port)
	s.pool = launch(s.t, s.in("simulator.log"), "simulate", "--listen", s.address[0], "--hosts", "3", "--vms", "20", "--timing", "demo",
		"--admin", s.admin, "--password", soakPassword, "--history", s.in("history.jsonl"))
	s.pool.says(s.t, "press Ctrl-C")
	s.witness = newWitness(s.t, s.in("history.jsonl"), s.fleet.untouchable)
	if err := os.WriteFile(s.in("password"), []byte(soakPassword+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Mkdir(s.in("state"), 0o700); err != nil {
		s.t.Fatal(err)
	}
}

// progress is where the run stands, in one line.
func (s *soak) progress() string {
	c := s.count
	return fmt.Sprintf("%4.0f s: life %d, %d kills, %d SIGTERMs; operations of VMs: %d ours, %d by people, %d refused to them; %d faults; %d edits, %d with a mistake; %d files forgotten",
		time.Since(s.began).Seconds(), s.lives, c.kills, c.terms, s.witness.operations, c.hands-c.refused, c.refused, c.faults, c.edits, c.spoiled, c.forgotten)
}

// check ends the run where the witness has seen a rule broken.
func (s *soak) check() {
	s.t.Helper()
	s.witness.read()
	if len(s.witness.breaches) > 0 {
		s.t.Fatalf("in life %d: %s", s.lives, strings.Join(s.witness.breaches, "\n"))
	}
	select {
	case <-s.pool.done:
		s.t.Fatalf("the pool has ended:\n%s", s.pool.tail())
	default:
	}
}
