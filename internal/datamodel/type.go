package datamodel

import (
	"fmt"
	"strings"
)

// Kind is the outermost constructor of a Type.
type Kind string

// The kinds of the type grammar.
const (
	String     Kind = "string"
	Int        Kind = "int" // 64 bit
	Float      Kind = "float"
	Bool       Kind = "bool"
	Datetime   Kind = "datetime"
	EnumKind   Kind = "enum"   // Type.Name is the enumeration
	Ref        Kind = "ref"    // Type.Name is the class
	RecordKind Kind = "record" // Type.Name is the class
	SetKind    Kind = "set"    // Type.Elem
	MapKind    Kind = "map"    // Type.Key, Type.Elem
	Option     Kind = "option" // Type.Elem; a member that may be absent
	EventBatch Kind = "an event batch"
	Void       Kind = "void"
)

// Type is a parsed type. The zero value is no type.
type Type struct {
	Kind Kind
	Name string // of the enumeration or class
	Key  *Type  // of a map
	Elem *Type  // of a set, map or option
}

// ParseType parses a type of the grammar "VM ref set", "(string -> int) map", "enum power_state", …
// Suffixes apply from the left, so that "(host ref -> string set) map set" is a set of maps.
func ParseType(text string) (Type, error) {
	p := typeParser{rest: text}
	t, err := p.parse()
	if err == nil && p.rest != "" {
		err = fmt.Errorf("unexpected %q", p.rest)
	}
	if err != nil {
		return Type{}, fmt.Errorf("type %q: %w", text, err)
	}
	return t, nil
}

// String prints the type in the grammar that ParseType reads.
func (t Type) String() string {
	switch t.Kind {
	case EnumKind:
		return "enum " + t.Name
	case Ref, RecordKind:
		return t.Name + " " + string(t.Kind)
	case SetKind, Option:
		return t.Elem.String() + " " + string(t.Kind)
	case MapKind:
		return "(" + t.Key.String() + " -> " + t.Elem.String() + ") map"
	default:
		return string(t.Kind)
	}
}

type typeParser struct{ rest string }

func (p *typeParser) parse() (Type, error) {
	t, err := p.base()
	for err == nil {
		switch {
		case p.eat(" set"):
			t = wrap(SetKind, t)
		case p.eat(" option"):
			t = wrap(Option, t)
		default:
			return t, nil
		}
	}
	return Type{}, err
}

func wrap(k Kind, elem Type) Type { return Type{Kind: k, Elem: &elem} }

func (p *typeParser) base() (Type, error) {
	if p.eat("(") {
		return p.mapType()
	}
	if p.eat(string(EventBatch)) {
		return Type{Kind: EventBatch}, nil
	}
	word := p.word()
	switch k := Kind(word); k {
	case String, Int, Float, Bool, Datetime, Void:
		return Type{Kind: k}, nil
	case EnumKind:
		if !p.eat(" ") {
			return Type{}, fmt.Errorf("an enum without a name")
		}
		return Type{Kind: EnumKind, Name: p.word()}, nil
	default:
		return p.ofClass(word)
	}
}

// ofClass reads what stands behind the name of a class.
func (p *typeParser) ofClass(name string) (Type, error) {
	switch {
	case p.eat(" ref"):
		return Type{Kind: Ref, Name: name}, nil
	case p.eat(" record"):
		return Type{Kind: RecordKind, Name: name}, nil
	}
	return Type{}, fmt.Errorf("unknown word %q", name)
}

func (p *typeParser) mapType() (Type, error) {
	key, err := p.parse()
	if err != nil {
		return Type{}, err
	}
	if !p.eat(" -> ") {
		return Type{}, fmt.Errorf("a map without an arrow")
	}
	elem, err := p.parse()
	if err != nil {
		return Type{}, err
	}
	if !p.eat(") map") {
		return Type{}, fmt.Errorf("a map that does not end")
	}
	return Type{Kind: MapKind, Key: &key, Elem: &elem}, nil
}

func (p *typeParser) eat(word string) bool {
	rest, ok := strings.CutPrefix(p.rest, word)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *typeParser) word() string {
	end := strings.IndexAny(p.rest, " ()")
	if end < 0 {
		end = len(p.rest)
	}
	word := p.rest[:end]
	p.rest = p.rest[end:]
	return word
}
