package record

// Shape is what a class's records look like on the wire: the members in the order that is expected, never required, and
// what stands before each value if the member before it is the one that is expected. Shapes are made once a class, and are
// read-only.
type Shape struct {
	// ID is the place of the class among all classes.
	ID int
	// Names are the members.
	Names []string
	// Start stands before the value of the first member, where the record begins; Then before each, behind another's value.
	Start string
	Then  []string

	places map[string]int
	plain  []step
}

// Known is what is remembered of a member.
type Known struct {
	// Whole are sets, maps and long texts.
	Whole Memo
	// Part are references, and the items of sets and pairs of maps that were not known as a whole.
	Part Table
}

// MaxMembers is how many members a class may have. xapi: the VM has most, 92.
const MaxMembers = 128

// NewShape makes a Shape of the members' names and what begins a record and goes on in it, each around a name.
func NewShape(id int, begin, goOn func(name string) string, names ...string) *Shape {
	s := &Shape{ID: id, Names: names, Start: begin(names[0]), places: make(map[string]int, len(names))}
	for i, name := range names {
		s.places[name] = i
		s.Then = append(s.Then, goOn(name))
		s.plain = append(s.plain, step{text: s.Then[i], to: i})
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
