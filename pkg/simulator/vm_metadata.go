package simulator

import (
	"strconv"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/internal/datamodel"
	"github.com/xencontroller/xencontroller/internal/wire/xapid"
)

// recordText writes a record as xapi keeps that of a VM in its snapshots: (('field' 'value') …), sets and maps likewise.
func recordText(r *record) string {
	pairs := make([]string, 0, len(r.class.fields))
	for i, f := range r.class.fields {
		pairs = append(pairs, "("+quoted(f.Name)+" "+quoted(sexp(r.values[i]))+")")
	}
	return "(" + strings.Join(pairs, " ") + ")"
}

func quoted(s string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), `'`, `\'`) + "'"
}

// sexp is a value as text, with what is in a set or a map quoted.
func sexp(v any) string {
	switch v := v.(type) {
	case Set:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = quoted(sexp(e))
		}
		return "(" + strings.Join(parts, " ") + ")"
	case Map:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = "(" + quoted(e.Key) + " " + quoted(sexp(e.Value)) + ")"
		}
		return "(" + strings.Join(parts, " ") + ")"
	}
	return databaseText(v)
}

// readSexp reads the quoted strings of a text by their depth in parentheses: those of a set stand one deep, a map's two.
func readSexp(s string) (list []string) {
	for i := 0; i < len(s); i++ {
		if s[i] != '\'' {
			continue
		}
		var b strings.Builder
		for i++; i < len(s) && s[i] != '\''; i++ {
			if s[i] == '\\' && i+1 < len(s) {
				i++
			}
			b.WriteByte(s[i])
		}
		list = append(list, b.String())
	}
	return list
}

// textRecord reads what recordText wrote: the fields of a class by name.
func (c *class) textRecord(s string) values {
	v, words := values{}, readSexp(s)
	for i := 0; i+1 < len(words); i += 2 {
		if at, ok := c.position[words[i]]; ok {
			v[words[i]] = fromText(words[i+1], c.fields[at].Parsed)
		}
	}
	return v
}

// fromText is a value that sexp wrote.
func fromText(s string, t datamodel.Type) any {
	switch t.Kind { //nolint:exhaustive // the rest is text
	case datamodel.Int:
		n, _ := strconv.ParseInt(s, 10, 64)
		return n
	case datamodel.Float:
		f, _ := strconv.ParseFloat(s, 64)
		return f
	case datamodel.Bool:
		return s == "true"
	case datamodel.Datetime:
		at, err := time.Parse(xapid.TimeLayout, s)
		if err != nil {
			return epoch()
		}
		return at
	case datamodel.SetKind:
		set := Set{}
		for _, w := range readSexp(s) {
			set = append(set, fromText(w, *t.Elem))
		}
		return set
	case datamodel.MapKind:
		m, words := Map{}, readSexp(s)
		for i := 0; i+1 < len(words); i += 2 {
			m = append(m, Entry{Key: words[i], Value: fromText(words[i+1], *t.Elem)})
		}
		return m
	}
	return s
}
