package record

import "github.com/xencontroller/xencontroller/pkg/xapi/xen"

// Walk is the way through one record: w := c.Walk(s); for c.Next(&w) { switch w.Place … }. Members that come as expected
// cost it nothing but counting; those that are zero as expected are passed over, see [strides].
type Walk struct {
	// Known are the remembered values of the class, by member.
	Known []Known
	// Place is the member that was reached.
	Place int
	// Want is the member that is expected next.
	Want int
	// Awake says whether the present member's memo was asked, and so may learn.
	Awake bool
	// Unknown are the members that the class lacks, as they are written.
	Unknown xen.Map[string, string]
	// Open says that a member was opened and has not been closed.
	Open bool

	// Careful says that members did not come in the expected order, so that each has to be checked with Again.
	Careful bool

	shape *Shape
	steps []step
	from  int // the first member since the last surprise
	seen  [MaxMembers / 64]uint64
}

// Keep notes a member that the class lacks. Of one that comes twice the second counts; of those
// beyond MaxMembers none is kept.
func (w *Walk) Keep(member string, value []byte) {
	for i := range w.Unknown {
		if w.Unknown[i].Key == member {
			w.Unknown[i].Value = string(value)
			return
		}
	}
	if len(w.Unknown) == MaxMembers {
		return
	}
	w.Unknown = append(w.Unknown, xen.Pair[string, string]{Key: member, Value: string(value)})
}

// Jump goes to a member that was not expected.
func (w *Walk) Jump(place int) {
	if !w.Careful {
		for i := w.from; i < w.Want; i++ {
			w.seen[i/64] |= 1 << (i % 64)
		}
		w.Careful = place < w.Want
	}
	w.from, w.Place, w.Want = place, place, place+1
}

// Again reports whether the present member came before, and notes that it came.
func (w *Walk) Again() bool {
	word, bit := &w.seen[w.Place/64], uint64(1)<<(w.Place%64)
	again := *word&bit != 0
	*word |= bit
	return again
}

// Walk starts on a record of a class.
func (c *Core) Walk(s *Shape) Walk {
	k := c.classes[s.ID]
	if k == nil {
		k = &class{known: make([]Known, len(s.Names)), strides: newStrides(s)}
		c.classes[s.ID] = k
	}
	if k.due() {
		c.lesson = lesson{class: k, shape: s, start: c.Pos}
	}
	return Walk{Known: k.known, shape: s, steps: k.steps}
}

// class is what is remembered of a class.
type class struct {
	strides

	known []Known
}

// Next goes on to the value of the next member that the class has, and that need not be zero; false at the end of the
// record.
func (c *Core) Next(w *Walk) bool {
	if w.Open && w.Want < len(w.steps) {
		s := &w.steps[w.Want]
		if rest := c.Data[c.Pos:]; len(rest) > len(s.text) && string(rest[:len(s.text)]) == s.text {
			c.Pos += len(s.text)
			w.Place = s.to
			w.Want = s.to + 1
			if w.Careful {
				c.settleTwice(w)
			}
			return true
		}
	}
	return c.search(w)
}

// search is Next where something else comes than the expected step.
func (c *Core) search(w *Walk) bool {
	if !w.Open {
		w.Open = true
		if c.Pass(w.shape.Start) {
			c.Enter()
			w.Want = 1
			return c.Err == nil
		}
		return c.lexer.OpenStruct() && c.found(w)
	}
	if w.Want < len(w.steps) && w.steps[w.Want].to > w.Want {
		c.classes[w.shape.ID].shorten(w.Want, c.Data[c.Pos:])
		if c.Pass(w.shape.Then[w.Want]) {
			w.Place = w.Want
			w.Want++
			return true
		}
	}
	return c.lexer.NextMember() && c.found(w)
}

// found finds out which member was opened, and keeps those that the class does not have.
func (c *Core) found(w *Walk) bool {
	for {
		if place, ok := w.shape.Place(c.Name, w.Want); ok {
			if w.Jump(place); w.Careful {
				w.steps = w.shape.plain
				c.settleTwice(w)
			}
			return c.Err == nil
		}
		member := c.lexer.MemberName()
		if value := c.lexer.Raw(); c.Err == nil {
			w.Keep(member, value)
		}
		if !c.lexer.NextMember() {
			return false
		}
	}
}

// settleTwice gets the first value of a member that comes twice out of the way: the second one counts.
func (c *Core) settleTwice(w *Walk) {
	if w.Again() {
		c.Settle()
	}
}
