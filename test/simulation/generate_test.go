package simulation

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// generator makes schedules up.
type generator struct {
	rng *rand.Rand
	*schedule
}

// generate makes the schedule of a seed up.
func generate(seed uint64) *schedule {
	g := &generator{rng: rand.New(rand.NewPCG(seed, 0x7363686564)), schedule: &schedule{Seed: seed}}
	g.model()
	for range g.rng.IntN(3) {
		g.at(0, "guest", g.guest(), pick(g.rng, "plain", "mute", "stubborn"))
	}
	for range 2 + g.rng.IntN(min(g.VMs, 7)) {
		g.declare(0)
	}
	at := time.Duration(0)
	for range 2 + g.rng.IntN(13) {
		at += time.Duration(g.rng.Int64N(int64(3 * time.Minute))).Round(time.Millisecond)
		g.happening(at)
	}
	slices.SortStableFunc(g.Steps, func(a, b step) int { return cmp.Compare(a.At, b.At) })
	return g.schedule
}

// model makes the pool up, and how our process is run.
func (g *generator) model() {
	g.Hosts = 1 + min(g.rng.IntN(8), g.rng.IntN(8))
	g.VMs = 3 + min(g.rng.IntN(58), g.rng.IntN(58), g.rng.IntN(58))
	g.Version = pick(g.rng, "8.2", "24.19", "24.19", "26")
	g.Timing = pick(g.rng, "none", "demo", "demo", "slow")
	g.Events = pick(g.rng, "register", "register", "from", "auto")
	g.Protocol = pick(g.rng, "auto", "auto", "xml", "json")
	g.Stale, g.Strict = g.rng.IntN(3) == 0, g.rng.IntN(4) == 0
	g.HA = g.Hosts > 1 && g.rng.IntN(6) == 0
	g.State = g.rng.IntN(3) == 0
	g.Loud = g.rng.IntN(8) == 0
}

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

func (g *generator) at(at time.Duration, what string, args ...string) {
	g.Steps = append(g.Steps, step{At: at, What: what, Args: args})
}

// seconds is a duration of at least a second, below a limit.
func (g *generator) seconds(limit int) string { return fmt.Sprintf("%ds", 1+g.rng.IntN(limit)) }

func (g *generator) after(at time.Duration, limit int) time.Duration {
	return at + time.Duration(1+g.rng.IntN(limit))*time.Second
}

func (g *generator) guest() string { return fmt.Sprintf("guest-%d", g.rng.IntN(9)) }

// vm is a VM that there is, mostly; one that is declared more often than not.
func (g *generator) vm() string {
	if g.rng.IntN(12) == 0 {
		return g.guest()
	}
	if g.rng.IntN(2) == 0 {
		var declared []string
		for _, s := range g.Steps {
			if s.What == "declare" {
				declared = append(declared, s.Args[0])
			}
		}
		if len(declared) > 0 {
			return pick(g.rng, declared...)
		}
	}
	i := g.rng.IntN(g.VMs)
	return fmt.Sprintf("%s-%d", []string{"web", "app", "db", "cache", "batch"}[i%5], i/5+1)
}

func (g *generator) host() string { return fmt.Sprintf("xen-%d", 1+g.rng.IntN(g.Hosts)) }

// declare declares a VM, or changes what is declared of it.
func (g *generator) declare(at time.Duration) {
	spec := []string{"powerState: " + pick(g.rng, "Running", "Running", "Running", "Halted", "Halted", "Suspended", "Paused")}
	if g.rng.IntN(4) == 0 {
		spec = append(spec, "placement: {hosts: ["+g.host()+"]}")
	}
	if g.rng.IntN(4) == 0 {
		spec = append(spec, fmt.Sprintf("shutdown: {mode: %s, gracePeriod: %ds}", pick(g.rng, "Clean", "Hard", "CleanThenHard"), 20+g.rng.IntN(100)))
	}
	if g.rng.IntN(12) == 0 {
		spec = append(spec, "mode: Observe")
	}
	g.at(at, "declare", g.vm(), "{"+strings.Join(spec, ", ")+"}")
}

// family is what one kind of actor, or one kind of trouble, does.
type family struct {
	weight int
	happen func(g *generator, at time.Duration)
}

// families are all that can happen, and how often each does.
var families = []family{
	{4, (*generator).declare},
	{3, (*generator).files},
	{5, (*generator).people},
	{3, (*generator).strangers},
	{2, (*generator).meddlers},
	{6, (*generator).wire},
	{2, (*generator).tasks},
	{2, (*generator).events},
	{4, (*generator).process},
	{4, (*generator).machine},
	{2, (*generator).masters},
}

// happening makes up one thing that people, guests, hosts, the wire or our own machine do.
func (g *generator) happening(at time.Duration) {
	total := 0
	for _, f := range families {
		total += f.weight
	}
	n := g.rng.IntN(total)
	for _, f := range families {
		if n -= f.weight; n < 0 {
			f.happen(g, at)
			return
		}
	}
}
