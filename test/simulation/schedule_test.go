package simulation

import (
	"bufio"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// schedule is a whole run: a pool, what is declared at first, and everything that happens to it and when.
type schedule struct {
	About    string // a sentence, for those that are kept
	Seed     uint64 // of what the simulator and our own jitter draw
	Hosts    int
	VMs      int
	Version  string
	Timing   string // none, demo, slow
	Stale    bool   // a new master has an old copy of the database
	Strict   bool   // a call that meets another operation fails at once
	Events   string // register, from, auto
	Protocol string // auto, xml, json
	TLS      string // "": none; pin, known-hosts
	HA       bool   // is on, and tolerates one host's death
	State    bool   // our process remembers the pool's members in a file
	DryRun   bool
	Loud     bool // everything that is logged is looked through for secrets
	Steps    []step
}

// step is one thing that happens.
type step struct {
	At   time.Duration // from the beginning
	What string        // one of kinds
	Args []string
}

// String is the step as a line of a schedule.
func (s step) String() string {
	return strings.TrimSpace(fmt.Sprintf("at %v %s %s", s.At, s.What, strings.Join(s.Args, " ")))
}

// String is the schedule as a file holds it.
func (s *schedule) String() string {
	var b strings.Builder
	if s.About != "" {
		fmt.Fprintf(&b, "# %s\n", s.About)
	}
	fmt.Fprintf(&b, "seed %d\nhosts %d\nvms %d\nversion %s\ntiming %s\nevents %s\nprotocol %s\n", s.Seed, s.Hosts, s.VMs, s.Version, s.Timing, s.Events, s.Protocol)
	if s.TLS != "" {
		fmt.Fprintf(&b, "tls %s\n", s.TLS)
	}
	for _, flag := range s.flags() {
		if *flag.on {
			fmt.Fprintln(&b, flag.name)
		}
	}
	for _, st := range s.Steps {
		fmt.Fprintln(&b, st)
	}
	return b.String()
}

type scheduleFlag struct {
	name string
	on   *bool
}

func (s *schedule) flags() []scheduleFlag {
	return []scheduleFlag{{"stale", &s.Stale}, {"strict", &s.Strict}, {"ha", &s.HA}, {"state-file", &s.State}, {"dry-run", &s.DryRun}, {"loud", &s.Loud}}
}

// parseSchedule reads what String writes.
func parseSchedule(text string) (*schedule, error) {
	s := &schedule{Protocol: "auto"}
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		if about, ok := strings.CutPrefix(lines.Text(), "#"); ok {
			s.About = strings.TrimSpace(s.About + " " + strings.TrimSpace(about))
			continue
		}
		if err := s.line(strings.Fields(lines.Text())); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return s, lines.Err()
}

func (s *schedule) line(words []string) (err error) {
	if len(words) == 0 {
		return nil
	}
	for _, flag := range s.flags() {
		if words[0] == flag.name {
			*flag.on = true
			return nil
		}
	}
	if len(words) < 2 {
		return fmt.Errorf("%q says too little", words[0])
	}
	switch words[0] {
	case "seed":
		s.Seed, err = strconv.ParseUint(words[1], 10, 64)
	case "hosts":
		s.Hosts, err = strconv.Atoi(words[1])
	case "vms":
		s.VMs, err = strconv.Atoi(words[1])
	case "version":
		s.Version = words[1]
	case "timing":
		s.Timing = words[1]
	case "events":
		s.Events = words[1]
	case "protocol":
		s.Protocol = words[1]
	case "tls":
		s.TLS = words[1]
	case "at":
		if len(words) < 3 {
			return fmt.Errorf("what happens at %s?", words[1])
		}
		st := step{What: words[2], Args: slices.Clone(words[3:])}
		st.At, err = time.ParseDuration(words[1])
		s.Steps = append(s.Steps, st)
	default:
		return fmt.Errorf("%q is no word of a schedule", words[0])
	}
	return err
}

// with is the schedule with other steps.
func (s *schedule) with(steps []step) *schedule {
	other := *s
	other.Steps = steps
	return &other
}

// first is the schedule with no more than its first steps.
func (s *schedule) first(n int) *schedule { return s.with(s.Steps[:min(n, len(s.Steps))]) }

func (s *schedule) verbosity() int {
	if s.Loud {
		return 1
	}
	return 0
}

// model is the pool of the schedule.
func (s *schedule) model() simulator.Model {
	m := simulator.Model{
		Hosts: s.Hosts, VMs: s.VMs, Version: s.Version, Seed: int64(s.Seed), Password: password,
		StaleCopies: s.Stale, StrictConflicts: s.Strict, Boot: 3 * time.Second,
	}
	switch s.Timing {
	case "demo":
		m.Timing = simulator.DemoTiming()
	case "slow":
		m.Timing = simulator.RealTiming()
		m.Timing.Workers = 0
	}
	return m
}
