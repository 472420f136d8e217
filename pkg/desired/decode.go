package desired

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/internal/yaml"
)

// maxProblems bounds what is said about one document; who has more mistakes than that gave us the wrong file.
const maxProblems = 100

// decoder reads one document strictly and collects every mistake in it. Its methods return ok = false once they have said
// why.
type decoder struct {
	source   *source
	first    int // lines of the file before the document
	problems Problems
}

// bad records a mistake at a node. meant is what the author may have meant, or "".
func (d *decoder) bad(n *node, path, meant, format string, args ...any) {
	if len(d.problems) == maxProblems {
		return
	}
	p := d.source.problem(position{d.first + n.Line, n.Column}, path, fmt.Sprintf(format, args...))
	p.DidYouMean = meant
	if d.problems = append(d.problems, p); len(d.problems) == maxProblems {
		d.problems[maxProblems-1].Text += " (there are more mistakes in this document, not shown)"
	}
}

// field is one field that a mapping may have.
type field struct {
	name string
	read func(value *node, path string)
}

// fields reads a mapping: every key must be one of the known fields, be there once, and have a value.
func (d *decoder) fields(n *node, path string, known ...field) {
	if !d.isMapping(n, path) {
		return
	}
	names := make([]string, len(known))
	for i, f := range known {
		names[i] = f.name
	}
	for key, value := range d.pairs(n, path) {
		i := slices.Index(names, key.Value)
		if i < 0 {
			meant, words := unknownField(path, key.Value, names)
			d.bad(key, join(path, key.Value), meant, "%s", words)
			if i = slices.Index(names, meant); i < 0 || child(n, meant) != nil {
				continue
			} // else the value is read as what was meant: one slip must not hide the next
		}
		if d.hasValue(key, value, join(path, key.Value)) {
			known[i].read(value, join(path, key.Value))
		}
	}
}

// pairs goes through a mapping and leaves out, with a word to the author, keys that are no names or that are there twice.
func (d *decoder) pairs(n *node, path string) func(yield func(key, value *node) bool) {
	return func(yield func(key, value *node) bool) {
		seen := map[string]*node{}
		for i := 0; i+1 < len(n.Children); i += 2 {
			key, value := n.Children[i], n.Children[i+1]
			switch before := seen[key.Value]; {
			case key.Tag == "!!merge":
				d.bad(key, path, "", `merge keys ("<<") are not supported; write the fields out`)
			case key.Kind != yaml.Scalar || key.Tag != "!!str":
				d.bad(key, path, "", "a field's name must be text, not %s", describe(key))
			case before != nil:
				d.bad(key, join(path, key.Value), "", "is declared twice; first in line %d", d.first+before.Line)
			default:
				seen[key.Value] = key
				if !yield(key, value) {
					return
				}
			}
		}
	}
}

// hasValue refuses "field:" with nothing after it: whoever wrote that expects something to happen.
func (d *decoder) hasValue(key, value *node, path string) bool {
	if value.Kind != yaml.Scalar || value.Tag != "!!null" {
		return true
	}
	words := "has no value; give it one, or leave the field out"
	if required(path) {
		words = "has no value, and must have one"
	}
	d.bad(key, path, "", "%s", words)
	return false
}

func (d *decoder) isMapping(n *node, path string) bool {
	if n.Kind != yaml.Mapping || n.Tag != "!!map" {
		d.bad(n, path, "", "must be a mapping of fields, not %s", describe(n))
		return false
	}
	return true
}

// text reads a string that is not empty.
func (d *decoder) text(n *node, path string) (string, bool) {
	s, ok := d.anyText(n, path)
	if ok && strings.TrimSpace(s) == "" {
		d.bad(n, path, "", "must not be empty")
		return "", false
	}
	return s, ok
}

func (d *decoder) anyText(n *node, path string) (string, bool) {
	switch {
	case n.Kind == yaml.Scalar && n.Tag == "!!str":
		return n.Value, true
	case n.Kind == yaml.Scalar && quotable(n.Tag):
		d.bad(n, path, "", "must be text, not %s; write it in quotes: %s", describe(n), strconv.Quote(n.Value))
	default:
		d.bad(n, path, "", "must be text, not %s", describe(n))
	}
	return "", false
}

// texts reads a list of strings that has at least one and none twice.
func (d *decoder) texts(n *node, path, ifEmpty string) []string {
	if n.Kind != yaml.List || n.Tag != "!!seq" {
		d.bad(n, path, "", `must be a list, not %s; write one item as ["…"]`, describe(n))
		return nil
	}
	if len(n.Children) == 0 {
		d.bad(n, path, "", "must not be empty; %s", ifEmpty)
	}
	var items []string
	for i, item := range n.Children {
		at := fmt.Sprintf("%s[%d]", path, i)
		s, ok := d.text(item, at)
		switch first := slices.Index(items, s); {
		case !ok:
		case first >= 0:
			d.bad(item, at, "", "%q is in the list already", s)
		default:
			items = append(items, s)
		}
	}
	return items
}

// textMap reads a mapping of strings; check looks at each key and value, which must be there.
func (d *decoder) textMap(n *node, path string, check func(key, value *node, path string)) map[string]string {
	if !d.isMapping(n, path) {
		return nil
	}
	m := map[string]string{}
	for key, value := range d.pairs(n, path) {
		at := join(path, key.Value)
		if !d.hasValue(key, value, at) {
			continue
		}
		if s, ok := d.anyText(value, at); ok {
			m[key.Value] = s
			check(key, value, at)
		}
	}
	return m
}

// duration reads a Go duration that is more than zero.
func (d *decoder) duration(n *node, path string) (time.Duration, bool) {
	const example = "a duration such as 90s, 2m or 1h30m"
	if n.Kind != yaml.Scalar || !quotable(n.Tag) && n.Tag != "!!str" {
		d.bad(n, path, "", "must be %s, not %s", example, describe(n))
		return 0, false
	}
	v, err := time.ParseDuration(n.Value)
	switch {
	case err != nil:
		d.bad(n, path, "", "%q is not %s", n.Value, example)
	case v <= 0:
		d.bad(n, path, "", "%q must be more than zero", n.Value)
	}
	return v, err == nil && v > 0
}

// enum reads one of a few words.
func enum[T ~string](d *decoder, n *node, path string, words []T) (T, bool) {
	names := make([]string, len(words))
	for i, w := range words {
		names[i] = string(w)
	}
	if n.Kind == yaml.Scalar && n.Tag == "!!str" || n.Kind == yaml.Scalar && quotable(n.Tag) {
		if i := slices.Index(names, n.Value); i >= 0 {
			return words[i], true
		}
		d.bad(n, path, near(n.Value, names...), "%q is not %s", n.Value, orList(names))
		return "", false
	}
	d.bad(n, path, "", "must be %s, not %s", orList(names), describe(n))
	return "", false
}

func quotable(tag string) bool {
	return tag == "!!int" || tag == "!!float" || tag == "!!bool" || tag == "!!timestamp"
}

// describe names what was found instead of what was expected.
func describe(n *node) string {
	switch {
	case n.Kind == yaml.List && n.Tag == "!!seq":
		return "a list"
	case n.Kind == yaml.Mapping && n.Tag == "!!map":
		return "a mapping of fields"
	case n.Tag == "!!str":
		return fmt.Sprintf("the text %q", shorten(n.Value))
	case n.Tag == "!!null":
		return "nothing"
	case n.Tag == "!!int", n.Tag == "!!float":
		return "the number " + shorten(n.Value)
	case n.Tag == "!!bool":
		return "the truth value " + shorten(n.Value)
	case n.Tag == "!!timestamp":
		return "the date " + shorten(n.Value)
	}
	return fmt.Sprintf("a value tagged %q", shorten(n.Tag))
}

func shorten(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// join appends a key to a path: spec.placement, metadata.labels["app.kubernetes.io/name"].
func join(path, key string) string {
	simple := key != "" && !strings.ContainsFunc(key, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	switch {
	case !simple:
		return path + "[" + strconv.Quote(shorten(key)) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

func orList(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
