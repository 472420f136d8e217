package record

import "github.com/xencontroller/xencontroller/pkg/xapi/xen"

// Shape is what a class's records look like on the wire: the names of the members in the order that is expected, never
// required. Shapes are made once a class, and are read-only.
type Shape struct {
	// ID is the place of the class among all classes.
	ID int
	// Names are the members.
	Names []string

	places map[string]int
}

// Known is what is remembered of a member: whole values, and the items of sets and pairs of maps that were not known as
// a whole.
type Known struct{ Whole, Part Memo }

// MaxMembers is how many members a class may have. xapi: the VM has most, 92.
const MaxMembers = 128

// NewShape makes a Shape.
func NewShape(id int, names ...string) Shape {
	s := Shape{ID: id, Names: names, places: make(map[string]int, len(names))}
	for i, name := range names {
		s.places[name] = i
	}
	return s
}

// Place finds a member by name. The next few after want are looked at first: where the order is another than expected,
// it is mostly because a few members are missing.
func (s *Shape) Place(name []byte, want int) (place int, ok bool) {
	for i := want; i < min(want+4, len(s.Names)); i++ {
		if s.Names[i] == string(name) {
			return i, true
		}
	}
	place, ok = s.places[string(name)]
	return place, ok
}

// Walk is the way through one record. Members that come as expected cost it nothing but counting.
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

	from int // the first member since the last surprise
	seen [MaxMembers / 64]uint64
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
