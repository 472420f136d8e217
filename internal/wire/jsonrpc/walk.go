package jsonrpc

import "github.com/xencontroller/xencontroller/internal/wire/record"

// shape is how the records of a class are written: what stands before each member's value, if the member before it is
// the one that is expected.
type shape struct {
	record.Shape
	start string   // of the first member: the object begins there
	then  []string // of each, behind another
}

func newShape(id int, names ...string) *shape {
	s := &shape{Shape: record.NewShape(id, names...)}
	for i, name := range names {
		if i == 0 {
			s.start = `{"` + name + `":`
		}
		s.then = append(s.then, `,"`+name+`":`)
	}
	return s
}

// walk is the way through one record: w := d.walk(s); for d.next(&w) { switch w.Place … }.
type walk struct {
	record.Walk
	shape *shape
}

// walk starts on a record.
func (d *decoder) walk(s *shape) walk { return walk{Walk: d.Walk(&s.Shape), shape: s} }

// next goes on to the value of the next member that the class has; false at the end of the record.
func (d *decoder) next(w *walk) bool {
	if w.Open && w.Want < len(w.shape.then) {
		then := w.shape.then[w.Want]
		if rest := d.Data[d.Pos:]; len(rest) > len(then) && string(rest[:len(then)]) == then {
			d.Pos += len(then)
			w.Place = w.Want
			w.Want++
			if w.Careful {
				d.settleTwice(w)
			}
			return true
		}
	}
	return d.search(w)
}

// search is next where another member than the expected one comes, or none.
func (d *decoder) search(w *walk) bool {
	if w.Open {
		return d.NextMember() && d.found(w)
	}
	w.Open = true
	if d.Pass(w.shape.start) {
		d.Enter()
		w.Want = 1
		return d.Err == nil
	}
	return d.OpenStruct() && d.found(w)
}

// found finds out which member was opened, and keeps those that the class does not have.
func (d *decoder) found(w *walk) bool {
	for {
		if place, ok := w.shape.Place(d.Name, w.Want); ok {
			if w.Jump(place); w.Careful {
				d.settleTwice(w)
			}
			return d.Err == nil
		}
		member := d.MemberName()
		if value := d.Raw(); d.Err == nil {
			w.Keep(member, value)
		}
		if !d.NextMember() {
			return false
		}
	}
}

// settleTwice gets the first value of a member that comes twice out of the way: the second one counts.
func (d *decoder) settleTwice(w *walk) {
	if w.Again() {
		d.Settle()
	}
}
