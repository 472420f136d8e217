package simulator

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

// schema is the datamodel as the database uses it.
type schema struct {
	model    *datamodel.Model
	classes  map[string]*class
	ordered  []*class             // xapi's order
	calls    map[string]*message  // by wire name, "VM.start"
	enums    map[string][]string  // words in declaration order
	enumFold map[string]enumWords // words by lower case
	release  release
	roles    func() *roleBook // made when first asked for
}

type enumWords map[string]string

// class is one class with what the database needs of it. Its Fields are those that the release's records show.
type class struct {
	*datamodel.Class
	present  bool           // the release has the class
	messages []*message     // that the release has, in the order of xapi's source
	absent   int            // how many fields after the shown ones the release does not have
	position map[string]int // of a field in fields
	fields   []*datamodel.Field
	initial  []any            // value of each field in a new row
	inverse  map[int]relation // by position: a field whose other side is kept in step
	linked   []int            // the positions in inverse, by field name: the order of their events
}

// relation says where the other side of a reference field is kept: a set of references.
type relation struct {
	class *class
	field int
	many  bool // the field itself is a set: many-to-many
}

// message is one call with the class that it belongs to.
type message struct {
	*datamodel.Message
	class    *class
	wire     string // "VM.start"
	required int    // parameters that must be given, without the session
	known    int    // parameters that the release knows, without the session; optional ones may come later
	removed  bool   // in this release or before
}

// Removed says that the message answers only that it is gone.
func (m *message) Removed() bool { return m.removed }

// schemas are derived from the embedded datamodel once a release; they never change.
var schemas sync.Map // release: func() (*schema, error)

// schemaOf is the datamodel as a release of xapi has it.
func schemaOf(r release) (*schema, error) {
	load, _ := schemas.LoadOrStore(r, sync.OnceValues(func() (*schema, error) { return loadSchema(r) }))
	return load.(func() (*schema, error))()
}

// theSchema is the whole datamodel.
func theSchema() (*schema, error) { return schemaOf(newest) }

func loadSchema(r release) (*schema, error) {
	model, err := datamodel.Load()
	if err != nil {
		return nil, err
	}
	s := &schema{
		model: model, classes: make(map[string]*class), calls: make(map[string]*message),
		enums: make(map[string][]string), enumFold: make(map[string]enumWords), release: r,
	}
	s.roles = sync.OnceValue(s.newRoleBook)
	for _, c := range model.AllClasses() {
		s.addEnums(c)
	}
	moved := followers()
	for _, c := range model.AllClasses() {
		s.addClass(c, r, moved)
	}
	for _, r := range model.Relations {
		if err := s.addRelation(r); err != nil {
			return nil, err
		}
	}
	for _, c := range s.ordered {
		c.linked = slices.SortedFunc(maps.Keys(c.inverse), func(a, b int) int { return strings.Compare(c.fields[a].Name, c.fields[b].Name) })
	}
	return s, nil
}

func (s *schema) addEnums(c *datamodel.Class) {
	for _, e := range c.Enums {
		fold := make(enumWords)
		words := make([]string, 0, len(e.Values))
		for _, v := range e.Values {
			words = append(words, v.Name)
			fold[strings.ToLower(v.Name)] = v.Name
		}
		s.enums[e.Name], s.enumFold[e.Name] = words, fold
	}
}

func (s *schema) addClass(dc *datamodel.Class, r release, moved map[string][]string) {
	narrow := *dc
	shown, absent := r.fieldsIn(dc)
	narrow.Fields = shown
	c := &class{
		Class: &narrow, present: r.hasClass(dc), absent: len(absent), position: make(map[string]int),
		fields: slices.Concat(shown, absent, dc.HiddenFields), inverse: make(map[int]relation),
	}
	for i, f := range c.fields {
		c.position[f.Name] = i
		c.initial = append(c.initial, s.initialValue(f))
	}
	for _, m := range inSourceOrder(dc, moved) {
		if r.hasMessage(dc, m) {
			c.messages = append(c.messages, s.addMessage(c, m, r))
		}
	}
	s.classes[dc.Name] = c
	s.ordered = append(s.ordered, c)
}

func (s *schema) addMessage(c *class, m *datamodel.Message, r release) *message {
	if m.Async && r.hasPlainly(c.Name+"."+m.Name) {
		plain := *m
		plain.Async = false
		m = &plain
	}
	msg := &message{Message: m, class: c, wire: c.Name + "." + m.Name, removed: r.removed(m.Lifecycle)}
	for i, p := range m.Params {
		switch session := m.Session && i == 0; {
		case session:
		case p.Required:
			msg.required++
			msg.known++
		case r.atLeast(parseRelease(p.Release)):
			msg.known++
		}
	}
	s.calls[msg.wire] = msg
	return msg
}

func (s *schema) initialValue(f *datamodel.Field) any {
	if f.DefaultValue != nil {
		return fromJSON(f.DefaultValue, f.Parsed)
	}
	if f.Parsed.Kind == datamodel.EnumKind && len(s.enums[f.Parsed.Name]) > 0 {
		return s.enums[f.Parsed.Name][0]
	}
	return zero(f.Parsed)
}

// addRelation notes which set mirrors which reference. A pair of a field with itself is a slip of the datamodel.
func (s *schema) addRelation(r datamodel.RelationPair) error {
	from, fromField, err := s.field(r.From)
	if err != nil {
		return err
	}
	to, toField, err := s.field(r.To)
	if err != nil {
		return err
	}
	if r.From == r.To || to.fields[toField].Parsed.Kind != datamodel.SetKind {
		return nil
	}
	many := from.fields[fromField].Parsed.Kind == datamodel.SetKind
	from.inverse[fromField] = relation{to, toField, many}
	if many {
		to.inverse[toField] = relation{from, fromField, many}
	}
	return nil
}

func (s *schema) field(path string) (*class, int, error) {
	className, fieldName, _ := strings.Cut(path, ".")
	c := s.classes[className]
	if c == nil {
		return nil, 0, fmt.Errorf("relation of %s: no such class", path)
	}
	i, ok := c.position[fieldName]
	if !ok {
		return nil, 0, fmt.Errorf("relation of %s: no such field", path)
	}
	return c, i, nil
}

// has says whether the release has a field, shown or hidden.
func (c *class) has(field int) bool { return field < c.public() || field >= c.public()+c.absent }

// public is the number of fields that stand in a record; hidden fields come after them.
func (c *class) public() int { return len(c.Fields) }

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
