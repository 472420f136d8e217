package failover_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/xencontroller/xencontroller/internal/failover"
)

// search plays the caller of a State: it knows what is in flight and whether a wait is running.
type search struct {
	state    failover.State
	inFlight []string
	asked    []string // since the round began
	waiting  bool
	over     bool
	answered map[string]failover.Kind
}

// feed hands one outcome in and checks what must hold after any.
func (s *search) feed(t *rapid.T, o failover.Outcome) {
	rounds := s.state.Rounds()
	var e failover.Effect
	s.state, e = s.state.Next(o)
	if o.Kind == failover.Wanted || s.state.Rounds() != rounds {
		s.asked = nil
	}
	for _, a := range e.Dial {
		if slices.Contains(s.inFlight, a) {
			t.Fatalf("%s is asked while it has not answered", a)
		}
		if slices.Contains(s.asked, a) {
			t.Fatalf("%s is asked twice in one round", a)
		}
		s.inFlight, s.asked = append(s.inFlight, a), append(s.asked, a)
	}
	if e.Wait > 30e9 {
		t.Fatalf("waits %v", e.Wait)
	}
	s.waiting = s.waiting || e.Wait > 0
	s.over = e.Take != "" || e.Fail
	if e.Take != "" && s.answered[e.Take] != failover.Master {
		t.Fatalf("took %s, whose answer was %v", e.Take, s.answered[e.Take])
	}
	if e.Fail && s.state.Found() {
		t.Fatal("gave up although the pool was found once")
	}
	if !s.over && len(s.inFlight) == 0 && !s.waiting {
		t.Fatal("stuck: nothing in flight and no wait")
	}
}

func (s *search) step(t *rapid.T, addresses []string) {
	if len(s.inFlight) > 0 && (!s.waiting || rapid.Bool().Draw(t, "answer")) {
		i := rapid.IntRange(0, len(s.inFlight)-1).Draw(t, "who")
		o := failover.Outcome{
			Kind:    rapid.SampledFrom([]failover.Kind{failover.Master, failover.Member, failover.Booting, failover.Gone, failover.Silent, failover.Failed, failover.BadLogin, failover.NotXAPI, failover.Untrusted, failover.OtherPool}).Draw(t, "kind"),
			Address: s.inFlight[i],
			Pool:    rapid.SampledFrom([]string{"P", "P", "P", "Q"}).Draw(t, "pool"),
		}
		if o.Kind == failover.Master && s.state.Pool != "" {
			o.Pool = s.state.Pool // the caller reports another pool's master as OtherPool
		}
		if o.Kind == failover.Master || o.Kind == failover.Member {
			o.Named = rapid.SampledFrom(addresses).Draw(t, "named")
		}
		s.inFlight = slices.Delete(s.inFlight, i, i+1)
		s.answered[o.Address] = o.Kind
		s.feed(t, o)
		return
	}
	s.waiting = false
	s.feed(t, failover.Outcome{Kind: failover.Due})
}

// TestSearchNeverSticks plays any outcomes in any order: nobody is asked twice a round or while in flight, only a master
// is taken, the search never stops by itself, and after a first success it never gives up.
func TestSearchNeverSticks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "members")
		var addresses []string
		for i := range n {
			addresses = append(addresses, fmt.Sprintf("h%d", i))
		}
		s := search{state: failover.State{Addresses: addresses[:1], Members: addresses}}
		for range rapid.IntRange(1, 4).Draw(t, "searches") {
			s.over, s.waiting, s.inFlight, s.answered = false, false, nil, map[string]failover.Kind{}
			s.feed(t, failover.Outcome{Kind: failover.Wanted})
			for range rapid.IntRange(1, 60).Draw(t, "steps") {
				if s.over {
					break
				}
				s.step(t, addresses)
			}
		}
	})
}

// TestSearchFindsTheMaster asks a pool with one master and dead or misled members: it is found within two rounds.
func TestSearchFindsTheMaster(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "members")
		var addresses []string
		kinds := map[string]failover.Kind{}
		for i := range n {
			a := fmt.Sprintf("h%d", i)
			addresses = append(addresses, a)
			kinds[a] = rapid.SampledFrom([]failover.Kind{failover.Member, failover.Booting, failover.Gone, failover.Silent}).Draw(t, a)
		}
		master := rapid.SampledFrom(addresses).Draw(t, "master")
		kinds[master] = failover.Master
		s := failover.State{Members: addresses, Pool: "P", Last: rapid.SampledFrom(addresses).Draw(t, "last")}
		s, e := s.Next(failover.Outcome{Kind: failover.Wanted})
		for e.Take == "" && s.Rounds() < 2 {
			next := failover.Effect{}
			for _, a := range e.Dial {
				if kinds[a] == failover.Silent {
					continue // stays in flight
				}
				var more failover.Effect
				s, more = s.Next(failover.Outcome{Kind: kinds[a], Address: a, Pool: "P", Named: rapid.SampledFrom(addresses).Draw(t, "named")})
				next.Dial = append(next.Dial, more.Dial...)
				if more.Take != "" {
					next = more
					break
				}
			}
			if len(next.Dial) == 0 && next.Take == "" {
				s, next = s.Next(failover.Outcome{Kind: failover.Due})
			}
			e = next
		}
		if e.Take != master {
			t.Fatalf("took %q, the master is %s", e.Take, master)
		}
	})
}
