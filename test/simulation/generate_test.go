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
	g.Hosts = 1 + min(g.rng.IntN(8), g.rng.IntN(8))
	g.VMs = 3 + min(g.rng.IntN(58), g.rng.IntN(58), g.rng.IntN(58))
	g.Version = pick(g.rng, "8.2", "24.19", "24.19", "26")
	g.Timing = pick(g.rng, "none", "demo", "demo", "slow")
	g.Events = pick(g.rng, "register", "register", "register", "auto")
	g.Stale, g.Strict = g.rng.IntN(3) == 0, g.rng.IntN(4) == 0
	g.Loud = g.rng.IntN(8) == 0
	for range g.rng.IntN(3) {
		g.at(0, "guest", fmt.Sprintf("guest-%d", g.rng.IntN(9)), pick(g.rng, "plain", "mute", "stubborn"))
	}
	for range 2 + g.rng.IntN(min(g.VMs, 12)) {
		g.declare(0)
	}
	at := time.Duration(0)
	for range 3 + g.rng.IntN(20) {
		at += time.Duration(g.rng.Int64N(int64(3 * time.Minute))).Round(time.Millisecond)
		g.happening(at)
	}
	slices.SortStableFunc(g.Steps, func(a, b step) int { return cmp.Compare(a.At, b.At) })
	return g.schedule
}

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

func (g *generator) at(at time.Duration, what string, args ...string) {
	g.Steps = append(g.Steps, step{At: at, What: what, Args: args})
}

func (g *generator) vm() string {
	i := g.rng.IntN(g.VMs)
	if g.rng.IntN(12) == 0 {
		return fmt.Sprintf("guest-%d", g.rng.IntN(9))
	}
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

// happening makes up one thing that people, guests, hosts, the wire or our own machine do.
func (g *generator) happening(at time.Duration) {
	switch g.rng.IntN(20) {
	case 0, 1:
		g.declare(at)
	case 2:
		g.at(at, pick(g.rng, "undeclare", "twin", "remove", "typo"), g.vm())
	case 3:
		name := g.vm()
		g.at(at, "rename", name, name+"-renamed")
		g.at(at+time.Minute, "rename", name+"-renamed", name)
	case 4, 5, 6:
		g.at(at, "click", pick(g.rng, "halt", "start", "pause", "unpause", "suspend", "resume", "migrate", "power-off", "reboot", "crash"), g.vm(), g.host())
	case 7:
		g.at(at, "backup", g.vm(), fmt.Sprintf("%ds", 5+g.rng.IntN(200)))
	case 8, 9, 10, 11:
		g.wire(at)
	case 12:
		g.at(at, pick(g.rng, "lose-events", "drop-connections"))
	case 13, 14:
		g.at(at, "kill", fmt.Sprint(1+g.rng.IntN(40)), pick(g.rng, "before", "after"), pick(g.rng, "keep", "lose"), fmt.Sprintf("%ds", 1+g.rng.IntN(60)))
	case 15:
		g.at(at, "journal-full", fmt.Sprintf("%ds", 10+g.rng.IntN(100)))
	case 16:
		host := g.host()
		g.at(at, "disable", host)
		g.at(at+2*time.Minute, "enable", host)
	default:
		g.machine(at)
	}
}

// wire makes up something that befalls a call.
func (g *generator) wire(at time.Duration) {
	method := pick(g.rng, "Async.VM.*", "Async.VM.*", "Async.VM.start*", "task.*", "event.*", "VM.get_all_records", "session.*", "*")
	mishap := pick(g.rng, "lose-reply", "lose-reply", "reset", "hang", "events-lost", fmt.Sprintf("delay:%ds", 1+g.rng.IntN(25)), "fails:SESSION_INVALID")
	if strings.HasPrefix(method, "Async.VM") && g.rng.IntN(3) == 0 {
		mishap = pick(g.rng, "task-hangs", "task-fails:INTERNAL_ERROR", "task-fails:VM_BAD_POWER_STATE", "task-fails:NO_HOSTS_AVAILABLE",
			"task-fails:SR_BACKEND_FAILURE_44", "fails:TOO_MANY_PENDING_TASKS", "fails:OTHER_OPERATION_IN_PROGRESS")
	}
	g.at(at, "fault", mishap, method, fmt.Sprint(1+g.rng.IntN(4)), fmt.Sprintf("%ds", 30+g.rng.IntN(600)))
}

// machine makes up something that befalls a host.
func (g *generator) machine(at time.Duration) {
	host := g.host()
	switch g.rng.IntN(5) {
	case 0:
		g.at(at, "kill-master", host)
	case 1:
		g.at(at, "die", host)
		g.at(at+time.Duration(30+g.rng.IntN(900))*time.Second, "power", host)
	case 2:
		g.at(at, "stop-member", host)
		g.at(at+time.Minute, "start-member", host)
	case 3:
		g.at(at, "skew", host, fmt.Sprintf("%ds", g.rng.IntN(7200)-3600))
	default:
		g.at(at, "crash", host)
	}
}
