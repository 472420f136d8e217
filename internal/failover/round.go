package failover

import (
	"slices"
	"time"
)

// order lists everybody whom a round asks: those who answered last time before the others.
func (s State) order(first string) []string {
	var all, late, resting []string
	for _, a := range slices.Concat([]string{first, s.Last}, s.Addresses, s.Members) {
		switch {
		case a == "" || slices.Contains(all, a) || slices.Contains(late, a) || slices.Contains(resting, a) || slices.Contains(s.inFlight, a):
		case s.rests(a):
			resting = append(resting, a)
		case slices.Contains(s.sleepy, a) && a != first:
			late = append(late, a)
		default:
			all = append(all, a)
		}
	}
	if len(all)+len(late) == 0 {
		return resting
	}
	return append(all, late...)
}

// rests reports whether an address is left alone in this round.
func (s State) rests(address string) bool {
	return slices.ContainsFunc(s.heard, func(h heard) bool {
		return h.Address == address && h.Kind.permanent() && s.rounds < h.round+rest
	})
}

// take moves up to n addresses from the queue to those being asked.
func (s *State) take(n int) []string {
	n = min(n, len(s.queue))
	dial := slices.Clone(s.queue[:n])
	s.queue = s.queue[n:]
	s.asked = append(s.asked, dial...)
	s.inFlight = append(s.inFlight, dial...)
	return dial
}

// room is how many more probes may run; those that a round before left behind do not count.
func (s State) room() int {
	running := 0
	for _, a := range s.asked {
		if slices.Contains(s.inFlight, a) {
			running++
		}
	}
	return max(0, s.Timing.Parallel-running)
}

// note remembers an answer. One that differs from the last of its address is news: a host that changes its mind is about
// to change its role.
func (s *State) note(o Outcome) {
	i := slices.IndexFunc(s.heard, func(before heard) bool { return before.Address == o.Address })
	if i < 0 {
		i = len(s.heard)
		s.heard = append(s.heard, heard{})
	}
	if s.heard[i].Outcome != o {
		s.quiet = 0
	}
	s.heard[i] = heard{o, s.rounds}
}

// expecting reports whether an answer is worth waiting for: of somebody who was asked in this round and has answered, or
// has not been asked, in the one before.
func (s State) expecting() bool {
	return slices.ContainsFunc(s.asked, func(a string) bool {
		return slices.Contains(s.inFlight, a) && !slices.Contains(s.sleepy, a)
	})
}

// pause is how long to wait after the round that has just ended.
func (s State) pause(alive bool) time.Duration {
	first, longest, times := s.Timing.MinPause, s.Timing.MaxPause, s.rounds-1
	if alive {
		first, longest, times = s.Timing.EagerPause, min(longest, s.Timing.CalmPause), max(0, s.quiet-s.Timing.Eager)
	}
	d := min(first, longest)
	for ; times > 0 && d < longest; times-- {
		d *= 2
	}
	return min(d, longest)
}

// remove deletes one element and reports whether it was there.
func remove(list *[]string, what string) bool {
	i := slices.Index(*list, what)
	if i < 0 {
		return false
	}
	*list = slices.Delete(*list, i, i+1)
	return true
}
