package record

import (
	"reflect"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// step is what stands between two values of a record where all is as expected, and the member that comes behind it. A
// step that is longer than one member, a stride, holds the members between, too: they are zero, as the fields of a new
// record are, so that there is nothing to read.
type step struct {
	text string
	to   int
}

// strides are the steps through the records of a class. Half the members of most records are empty or 0, and the same
// ones in most objects: one comparison passes over a whole row of them. They are learned from a record, lose what turns
// out not to be zero in another one, and are learned again after a while.
type strides struct {
	steps []step
	zero  []string // by member: what its name and zero look like; empty where it is no part of a stride
	shape *Shape
	left  int // records until the next lesson
}

// restudy is how many records are read with what one of them taught.
const restudy = 1024

func newStrides(s *Shape) strides {
	return strides{shape: s, steps: s.plain, zero: make([]string, len(s.Names))}
}

// due reports whether a record is to be learned from; to be called once a record.
func (s *strides) due() bool {
	if s.left--; s.left >= 0 {
		return false
	}
	s.left = restudy
	return true
}

// shorten ends a stride before the member that is not as expected in this record; what follows is where the stride
// should be.
func (s *strides) shorten(from int, rest []byte) {
	at := from
	for ; at < s.steps[from].to; at++ {
		text := s.zero[at]
		if len(rest) < len(text) {
			return // the window ends here
		}
		if string(rest[:len(text)]) != text {
			break
		}
		rest = rest[len(text):]
	}
	s.zero[min(at, s.steps[from].to-1)] = ""
	s.plan()
}

// plan makes the steps. The last member is always read: what stands behind it is the end of the record.
func (s *strides) plan() {
	s.steps = append([]step(nil), s.shape.plain...)
	for from := 1; from < len(s.steps)-1; from++ {
		to, text := from, ""
		for ; to < len(s.steps)-1 && s.zero[to] != ""; to++ {
			text += s.zero[to]
		}
		if to > from {
			s.steps[from] = step{text: text + s.shape.Then[to], to: to}
			from = to
		}
	}
}

// lesson is a record to learn strides from.
type lesson struct {
	class *class
	shape *Shape
	start int
}

// learn looks which members of the record that was just read are zero.
func (c *Core) learn(r xen.Record) {
	l := c.lesson
	c.lesson = lesson{}
	if l.class == nil || c.Err != nil || c.Bad != nil || r == nil {
		return
	}
	end, depth, fields := c.Pos, c.depth, reflect.ValueOf(r).Elem()
	clear(l.class.zero)
	w := Walk{Known: l.class.known, shape: l.shape, steps: l.shape.plain}
	for c.Pos = l.start; c.Next(&w) && !w.Careful; {
		then, from := l.shape.Then[w.Place], c.Pos
		c.lexer.Skip()
		if before := from - len(then); before >= 0 && string(c.Data[before:from]) == then && fields.Field(w.Place).IsZero() {
			l.class.zero[w.Place] = string(c.Data[before:c.Pos])
		}
	}
	c.Pos, c.depth = end, depth
	l.class.plan()
}
