package wiretest

import (
	"encoding/json"
	"encoding/xml"
	"math/rand/v2"
	"strings"
)

// Scramble writes a list of objects as another server might: members of records in any order, some missing, some twice,
// some that nobody knows, white space in between, and as XML, types around texts.
func Scramble(list *Node, seed uint64) (asXML, asJSON string) {
	s := &scrambler{rand.New(rand.NewPCG(seed, 9))} //nolint:gosec // the same each time
	for _, r := range list.Items {
		s.record(r)
	}
	var x, j strings.Builder
	s.xml(&x, list)
	s.json(&j, list)
	return x.String(), j.String()
}

// Write writes a value plainly.
func Write(n *Node) (asXML, asJSON string) {
	var s scrambler
	var x, j strings.Builder
	s.xml(&x, n)
	s.json(&j, n)
	return x.String(), j.String()
}

// scrambler writes values; without a Rand, plainly.
type scrambler struct{ *rand.Rand }

// record changes a record's members.
func (s *scrambler) record(r *Node) {
	swap := func(i, j int) {
		r.Names[i], r.Names[j] = r.Names[j], r.Names[i]
		r.Items[i], r.Items[j] = r.Items[j], r.Items[i]
	}
	switch s.IntN(3) {
	case 0:
		s.Shuffle(len(r.Names), swap)
	case 1:
		for range 3 {
			swap(s.IntN(len(r.Names)), s.IntN(len(r.Names)))
		}
	}
	for range s.IntN(4) {
		i := s.IntN(len(r.Names))
		r.Names = append(r.Names[:i:i], r.Names[i+1:]...)
		r.Items = append(r.Items[:i:i], r.Items[i+1:]...)
	}
	for range s.IntN(4) {
		i, twice := s.IntN(len(r.Names)), s.IntN(len(r.Names))
		r.Names = append(r.Names[:i:i], append([]string{r.Names[twice]}, r.Names[i:]...)...)
		value := r.Items[twice]
		if value.Kind == "set" || value.Kind == "map" {
			value = &Node{Kind: value.Kind}
		}
		r.Items = append(r.Items[:i:i], append([]*Node{value}, r.Items[i:]...)...)
	}
	for range s.IntN(3) {
		i := s.IntN(len(r.Names) + 1)
		r.Names = append(r.Names[:i:i], append([]string{"unheard_of"}, r.Names[i:]...)...)
		r.Items = append(r.Items[:i:i], append([]*Node{{Kind: "map", Names: []string{"a"}, Items: []*Node{{Kind: "set", Items: []*Node{{Kind: "text", Text: "]}<"}}}}}}, r.Items[i:]...)...)
	}
}

// space is white space, once in a while.
func (s *scrambler) space() string {
	if s.Rand != nil && s.IntN(20) == 0 {
		return " \n\t "[:1+s.IntN(4)]
	}
	return ""
}

func (s *scrambler) xml(b *strings.Builder, n *Node) {
	between := func(text string) { b.WriteString(s.space() + text) }
	switch n.Kind {
	case "set":
		between("<value>")
		between("<array>")
		between("<data>")
		for _, item := range n.Items {
			s.xml(b, item)
		}
		between("</data>")
		between("</array>")
		between("</value>")
	case "map":
		between("<value>")
		between("<struct>")
		for i, item := range n.Items {
			between("<member>")
			between("<name>" + n.Names[i] + "</name>")
			s.xml(b, item)
			between("</member>")
		}
		between("</struct>")
		between("</value>")
	default:
		s.xmlText(b, n.Text)
	}
}

func (s *scrambler) xmlText(b *strings.Builder, text string) {
	b.WriteString(s.space())
	if s.Rand != nil && text == "" && s.IntN(2) == 0 {
		b.WriteString("<value/>")
		return
	}
	tagged := s.Rand != nil && s.IntN(4) == 0
	b.WriteString("<value>")
	if tagged {
		b.WriteString(s.space() + "<string>")
	}
	_ = xml.EscapeText(b, []byte(text)) // a strings.Builder does not fail
	if tagged {
		b.WriteString("</string>" + s.space())
	}
	b.WriteString("</value>")
}

func (s *scrambler) json(b *strings.Builder, n *Node) {
	b.WriteString(s.space())
	open, closed := "[", "]"
	switch n.Kind {
	case "map":
		open, closed = "{", "}"
	case "set":
	case "text":
		text, _ := json.Marshal(n.Text) // a string does not fail
		b.Write(text)
		b.WriteString(s.space())
		return
	default:
		b.WriteString(n.Text + s.space())
		return
	}
	b.WriteString(open)
	for i, item := range n.Items {
		if i > 0 {
			b.WriteString("," + s.space())
		}
		if n.Kind == "map" {
			name, _ := json.Marshal(n.Names[i]) // a string does not fail
			b.WriteString(string(name) + s.space() + ":")
		}
		s.json(b, item)
	}
	b.WriteString(closed + s.space())
}
