package failover

import (
	"slices"
)

// Next is all the thinking of a search. The caller does what the Effect says and feeds each outcome back in. Outcomes
// that fit nothing (a wait that is no longer needed, an answer after the search) change nothing.
func (s State) Next(o Outcome) (State, Effect) {
	s = s.clone()
	switch {
	case o.Kind == Wanted:
		return s.wanted(o.Named)
	case o.Kind == Due:
		return s.due()
	case o.Kind == NoPassword && s.phase != idle:
		return s.noPassword(o)
	case !remove(&s.inFlight, o.Address) || s.phase == idle:
		return s, Effect{}
	}
	return s.answered(o)
}

// wanted begins a search, or goes on with one whose caller went away: nobody will report what is still in flight.
func (s State) wanted(named string) (State, Effect) {
	if s.phase == idle {
		s.rounds, s.sleepy, s.heard, s.quiet = 0, nil, nil, 0
	}
	s.masters, s.inFlight = nil, nil
	return s.begin(named)
}

// noPassword ends a round whose probes never left.
func (s State) noPassword(o Outcome) (State, Effect) {
	s.inFlight = slices.DeleteFunc(s.inFlight, func(a string) bool { return slices.Contains(s.asked, a) })
	s.results = append(s.results, o)
	s.queue = nil
	return s.endRound()
}

// begin starts a round; first is asked before all others.
func (s State) begin(first string) (State, Effect) {
	s.results, s.named, s.asked = nil, nil, nil
	s.queue = s.order(first)
	s.phase = asking
	if s.rounds == 0 && first == "" && s.Last != "" && len(s.queue) > 1 && s.queue[0] == s.Last {
		s.phase = alone
		return s, Effect{Dial: s.take(1), Wait: s.Timing.HeadStart}
	}
	return s, Effect{Dial: s.take(s.Timing.Parallel), Wait: s.Timing.Round}
}

// due goes on after a wait.
func (s State) due() (State, Effect) {
	switch s.phase {
	case alone:
		s.phase = asking
		return s, Effect{Dial: s.take(s.Timing.Parallel), Wait: s.Timing.Round}
	case asking:
		if len(s.queue) > 0 {
			return s, Effect{Dial: s.take(s.Timing.Parallel), Wait: s.Timing.Round}
		}
		return s.endRound()
	case settling:
		return s.decide()
	case pausing:
		return s.begin("")
	case idle:
	}
	return s, Effect{}
}

// answered weighs one answer.
func (s State) answered(o Outcome) (State, Effect) {
	s.results = append(s.results, o)
	s.note(o)
	switch o.Kind {
	case Master:
		s.masters = append(s.masters, o)
		if s.phase == alone {
			return s.decide() // nobody else was asked, so nobody can contradict
		}
	case Member:
		s.hear(o.Named)
	default: // says nothing about who is the master
	}
	if len(s.masters) > 0 {
		return s.settle()
	}
	switch s.phase {
	case alone:
		s.phase = asking
		return s, Effect{Dial: s.take(s.Timing.Parallel), Wait: s.Timing.Round}
	case pausing:
		if s.hopeless() {
			return s.fail()
		}
		return s, Effect{}
	default: // asking: the round goes on
	}
	if dial := s.take(s.room()); len(dial) > 0 {
		return s, Effect{Dial: dial}
	}
	if !s.expecting() {
		return s.endRound()
	}
	return s, Effect{}
}

// hear puts the address that a member named in front of the queue, unless it was asked in this round already.
func (s *State) hear(named string) {
	if named == "" {
		return
	}
	s.named = append(s.named, named)
	claims := slices.ContainsFunc(s.masters, func(m Outcome) bool { return m.Address == named })
	if claims || slices.Contains(s.asked, named) || slices.Contains(s.inFlight, named) || s.rests(named) {
		return
	}
	remove(&s.queue, named)
	if s.phase != pausing {
		s.queue = slices.Insert(s.queue, 0, named)
	}
}

// settle gives the others a moment to contradict a master that answered, and asks whomever they name.
func (s State) settle() (State, Effect) {
	var e Effect
	if s.phase != settling {
		s.phase = settling
		s.queue = slices.DeleteFunc(s.queue, func(a string) bool { return !slices.Contains(s.named, a) })
		e.Wait = s.Timing.Settle
	}
	e.Dial = s.take(s.room())
	if !s.expecting() && len(s.queue) == 0 {
		return s.decide()
	}
	return s, e
}

// decide takes the master that most members name; among equals the one that answered first.
func (s State) decide() (State, Effect) {
	best, votes := 0, -1
	for i, m := range s.masters {
		if s.Pool == "" && m.Pool != s.masters[0].Pool {
			for j := range s.results {
				if s.results[j].Kind == Master {
					s.results[j].Kind = OtherPool
				}
			}
			return s.fail() // the addresses belong to several pools, and none is known to be ours
		}
		n := 0
		for _, a := range s.named {
			if a == m.Address || a == m.Named {
				n++
			}
		}
		if n > votes {
			best, votes = i, n
		}
	}
	won := s.masters[best]
	s.Last, s.Pool, s.found = won.Address, won.Pool, true
	return s.over(), Effect{Take: won.Address}
}

// endRound pauses, or gives up where waiting cannot help.
func (s State) endRound() (State, Effect) {
	s.rounds++
	s.quiet++
	if s.hopeless() {
		return s.fail()
	}
	alive := slices.ContainsFunc(s.heard, func(h heard) bool { return h.Kind.alive() })
	s.sleepy = slices.Clone(s.inFlight)
	for _, o := range s.results {
		if o.Kind == Silent {
			s.sleepy = append(s.sleepy, o.Address)
		}
	}
	s.phase = pausing
	return s, Effect{Wait: s.pause(alive)}
}

// hopeless reports whether the search is better ended than continued: the first one only, when the login was refused or
// when every address has a fault that only a person can mend, or names one that has.
func (s State) hopeless() bool {
	if s.found || len(s.results) == 0 {
		return false
	}
	var lasting []string
	for _, o := range s.results {
		if o.Kind == BadLogin || o.Kind == NoPassword {
			return true
		}
		if o.Kind.permanent() {
			lasting = append(lasting, o.Address)
		}
	}
	return len(s.inFlight) == 0 && len(lasting) > 0 && !slices.ContainsFunc(s.results, func(o Outcome) bool {
		return !o.Kind.permanent() && (o.Kind != Member || !slices.Contains(lasting, o.Named))
	})
}

func (s State) fail() (State, Effect) {
	return s.over(), Effect{Fail: true}
}

// over ends a search; the results stay for whoever reports them, the probes in flight are nobody's concern any more.
func (s State) over() State {
	s.phase, s.masters, s.queue, s.inFlight = idle, nil, nil, nil
	return s
}
