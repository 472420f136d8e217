package failover

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// runs is how often each way to lose a master is played, each time with other durations; -short: fewer.
func runs() int64 {
	if testing.Short() {
		return 5
	}
	return 50
}

// limit is how long after a new master lets people in its list has to be applied. In virtual time the list takes no time.
const limit = time.Second

// way is one way in which a pool can lose its master, or we the way to it.
type way struct {
	name      string
	addresses []int // of the hosts that are configured
	prepare   func(*lab)
	lose      func(*lab, *rand.Rand)
}

var ways = []way{
	{"planned: pool.designate_new_master", []int{0}, nil, func(l *lab, _ *rand.Rand) {
		if err := l.pool.DesignateMaster("xen-2"); err != nil {
			l.t.Error(err)
		}
	}},
	{"crash of the machine, then emergency_transition_to_master", []int{0}, nil, func(l *lab, rng *rand.Rand) {
		if err := l.pool.MasterDies(); err != nil {
			l.t.Fatal(err)
		}
		time.Sleep(time.Duration(rng.Int64N(int64(90 * time.Second)))) // somebody notices
		l.call("xen-3", "pool.emergency_transition_to_master")
	}},
	{"crash of the machine with HA", []int{0}, func(l *lab) {
		if _, err := xapi.Call(l.t.Context(), l.client, xen.PoolEnableHA(nil, nil)); err != nil {
			l.t.Fatal(err)
		}
	}, func(l *lab, _ *rand.Rand) {
		if err := l.pool.MasterDies(); err != nil {
			l.t.Error(err)
		}
	}},
	{"crash of xapi, which comes back", []int{0}, nil, func(l *lab, _ *rand.Rand) {
		if err := l.pool.CrashXapi("xen-1"); err != nil {
			l.t.Error(err)
		}
	}},
	{"the host whose address we have is ejected, then the master changes", []int{2}, func(l *lab) {
		eject(l, "xen-3")
		time.Sleep(time.Minute) // it is back, as a pool of its own
	}, func(l *lab, _ *rand.Rand) {
		if err := l.pool.DesignateMaster("xen-2"); err != nil {
			l.t.Error(err)
		}
	}},
}

// eject makes a host leave the pool.
func eject(l *lab, name string) {
	hosts, err := xapi.Call(l.t.Context(), l.client, xen.HostGetByNameLabel(name))
	if err != nil {
		l.t.Fatal(err)
	}
	if _, err := xapi.Call(l.t.Context(), l.client, xen.PoolEject(hosts[0])); err != nil {
		l.t.Fatal(err)
	}
}

// timing is how long things take in these pools. Everything that a new master needs is drawn anew in each run.
func timing() simulator.Timing {
	return simulator.Timing{
		Restart:   simulator.Span{Min: 2 * time.Second, Max: 40 * time.Second},
		Hello:     simulator.Span{Min: 300 * time.Millisecond, Max: 5 * time.Second},
		HostBoot:  simulator.Span{Min: 10 * time.Second, Max: 20 * time.Second},
		Contact:   simulator.Span{Min: 10 * time.Second, Max: 11 * time.Second},
		Designate: simulator.Span{Min: time.Second, Max: 6 * time.Second},
	}
}

// TestFailover plays every way to lose the master many times, prints how long after the new master lets people in its
// list was applied, and holds it to the limit. The client never takes a wrong master in between.
func TestFailover(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			var behind []time.Duration
			for seed := range runs() {
				synctest.Test(t, func(t *testing.T) { behind = append(behind, play(t, w, seed)) })
			}
			slices.Sort(behind)
			n := len(behind)
			t.Logf("%-70s p50 %4d ms, max %4d ms after the new master lets people in (%d runs)", w.name,
				behind[n/2].Milliseconds(), behind[n-1].Milliseconds(), n)
			if worst := behind[n-1]; worst > limit {
				t.Errorf("%v at worst", worst)
			}
		})
	}
}

// play loses the master once.
func play(t *testing.T, w way, seed int64) time.Duration {
	rng := rand.New(rand.NewPCG(uint64(seed), 1)) //nolint:gosec // a seed is not negative
	l := startLab(t, simulator.Model{VMs: -1, Seed: seed, Timing: timing(), Boot: time.Duration(rng.Int64N(int64(5 * time.Second)))}, w.addresses...)
	if w.prepare != nil {
		w.prepare(l)
	}
	l.mu.Lock()
	since := len(l.synced)
	l.mu.Unlock()
	lost := make(chan struct{})
	go func() { defer close(lost); w.lose(l, rng) }()
	for l.client.Current() != nil {
		time.Sleep(step)
	}
	master, at := l.answers("")
	applied := l.follows(master, since)
	<-lost
	if found, epochs := l.count(xapi.TransitionFound), int(l.client.Current().Epoch()); found != 2 || epochs != 2 {
		t.Errorf("seed %d: %d masters were taken, not two: %s", seed, found, fmt.Sprint(l.seen))
	}
	return applied.Sub(at) + step
}

// TestSecondMaster switches the old master on again while a new one rules: it takes itself for the master, with the same
// pool uuid, and an older database. Whenever we lose our connection, we go back to the one that the members name.
func TestSecondMaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := startLab(t, simulator.Model{VMs: -1, Timing: timing()}, 0, 1, 2)
		if err := l.pool.MasterDies(); err != nil {
			t.Fatal(err)
		}
		l.call("xen-3", "pool.emergency_transition_to_master")
		master, _ := l.answers("")
		l.follows(master, 1)
		if _, err := xapi.Call(t.Context(), l.client, xen.PoolRecoverSlaves()); err != nil {
			t.Fatal(err)
		}
		if err := l.pool.StartHost("xen-1"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute) // both rule by now
		for range 10 {
			l.pool.DropConnections()
			time.Sleep(time.Minute)
			if s := l.client.Current(); s == nil || s.MasterAddress() != addressOf("xen-3") {
				t.Fatalf("%v is in use", s)
			}
		}
	})
}
