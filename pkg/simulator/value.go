package simulator

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/internal/datamodel"
	"github.com/xencontroller/xencontroller/internal/wire/xapid"
)

// A value of a field, a parameter or a result is one of: string (also refs and enums), int64, float64, bool, time.Time,
// Set, Map. Values are immutable: to change a Set or a Map, write another one.

// Set is a set of values in xapi's order, newest first.
type Set = xapid.Set

// Map is a map in xapi's order, newest key first.
type Map = xapid.Map

// Entry is one entry of a Map.
type Entry = xapid.Entry

// nullRef is the reference to nothing.
const nullRef = "OpaqueRef:NULL"

// epoch is the time that means never.
func epoch() time.Time { return time.Unix(0, 0).UTC() }

// setOf makes a Set of strings.
func setOf(words ...string) Set {
	s := make(Set, len(words))
	for i, w := range words {
		s[i] = w
	}
	return s
}

// wordsOf returns the strings of a set.
func wordsOf(s Set) []string {
	words := make([]string, 0, len(s))
	for _, e := range s {
		if w, ok := e.(string); ok {
			words = append(words, w)
		}
	}
	return words
}

// mapOf makes a Map of strings from keys and values in turn.
func mapOf(pairs ...string) Map {
	m := make(Map, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		m = append(m, Entry{Key: pairs[i], Value: pairs[i+1]})
	}
	return m
}

// withKey is m with key set to v, a new key in front. xapi: a newly added key comes first.
func withKey(m Map, key string, v any) Map {
	out := make(Map, 0, len(m)+1)
	if _, ok := m.Get(key); !ok {
		out = append(out, Entry{Key: key, Value: v})
	}
	for _, e := range m {
		if e.Key == key {
			e.Value = v
		}
		out = append(out, e)
	}
	return out
}

// withoutKey is m without key.
func withoutKey(m Map, key string) Map {
	out := make(Map, 0, len(m))
	for _, e := range m {
		if e.Key != key {
			out = append(out, e)
		}
	}
	return out
}

// withMember is s with v in front unless it is there. xapi: a new member of a set comes first.
func withMember(s Set, v any) Set {
	if hasMember(s, v) {
		return s
	}
	return append(Set{v}, s...)
}

// withoutMember is s without v.
func withoutMember(s Set, v any) Set {
	out := make(Set, 0, len(s))
	for _, e := range s {
		if e != v {
			out = append(out, e)
		}
	}
	return out
}

func hasMember(s Set, v any) bool {
	return slices.Contains(s, v)
}

// equal compares as xapi's database does: by the text of the value, so that order counts.
func equal(a, b any) bool {
	switch a := a.(type) {
	case Set:
		b, ok := b.(Set)
		return ok && slices.EqualFunc(a, b, equal)
	case Map:
		b, ok := b.(Map)
		return ok && slices.EqualFunc(a, b, func(x, y Entry) bool { return x.Key == y.Key && equal(x.Value, y.Value) })
	case time.Time:
		b, ok := b.(time.Time)
		return ok && a.Equal(b)
	default:
		return a == b
	}
}

// zero is the value that a field of this type has when nobody gave one. An enum's zero is its first word, which only
// schema.go knows.
func zero(t datamodel.Type) any {
	switch t.Kind {
	case datamodel.Int:
		return int64(0)
	case datamodel.Float:
		return float64(0)
	case datamodel.Bool:
		return false
	case datamodel.Datetime:
		return epoch()
	case datamodel.Ref:
		return nullRef
	case datamodel.SetKind:
		return Set{}
	case datamodel.MapKind, datamodel.RecordKind:
		return Map{}
	default:
		return ""
	}
}

// fromJSON reads a default of the datamodel.
func fromJSON(raw json.RawMessage, t datamodel.Type) any {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return zero(t)
	}
	return typed(v, t)
}

func typed(v any, t datamodel.Type) any {
	switch v := v.(type) {
	case string:
		return typedText(v, t)
	case float64:
		if t.Kind == datamodel.Int {
			return int64(v)
		}
		return v
	case bool:
		return v
	case []any:
		s := make(Set, len(v))
		for i, e := range v {
			s[i] = typed(e, *t.Elem)
		}
		return s
	case map[string]any:
		m := Map{}
		for _, k := range sortedKeys(v) {
			m = append(m, Entry{Key: k, Value: typed(v[k], *t.Elem)})
		}
		return m
	default:
		return zero(t)
	}
}

func typedText(s string, t datamodel.Type) any {
	switch t.Kind { //nolint:exhaustive // the rest is compared as text
	case datamodel.Datetime:
		at, err := time.Parse(xapid.TimeLayout, s)
		if err != nil {
			return epoch()
		}
		return at
	case datamodel.Int:
		n, _ := strconv.ParseInt(s, 10, 64)
		return n
	case datamodel.Ref:
		if s == "Null" || s == "" {
			return nullRef
		}
	}
	return s
}

// databaseText is the value as xapi's database keeps it, which get_all_records_where compares with.
func databaseText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return xapid.FormatLongFloat(v)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return string(xapid.AppendTime(nil, v))
	case Set:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = quoteText(databaseText(e))
		}
		return "(" + strings.Join(parts, " ") + ")"
	case Map:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = "(" + quoteText(e.Key) + " " + quoteText(databaseText(e.Value)) + ")"
		}
		return "(" + strings.Join(parts, " ") + ")"
	}
	return ""
}

// quoteText is a member of a set or map in the database's text.
func quoteText(s string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "'", `\'`) + "'"
}
