package xapid

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A value on the wire is one of: string, int64, float64, bool, time.Time, Set, Map; in replies also nil (void), I4 and
// Appender; in requests also Date, Base64 and Nil, which have no type of the datamodel yet.

// Set is an array.
type Set []any

// Entry is one member of a Map.
type Entry struct {
	Key   string
	Value any
}

// Map is a struct: a map or a record, in wire order.
type Map []Entry

// Get returns the value of the first entry with that key.
func (m Map) Get(key string) (any, bool) {
	for _, e := range m {
		if e.Key == key {
			return e.Value, true
		}
	}
	return nil, false
}

// I4 is an integer that xapi writes as <i4>: only the counts in event.from's reply are.
type I4 int64

// Appender is a value that writes itself, so that encoded bytes can be kept and used again.
type Appender interface {
	// AppendXML appends the whole <value>…</value>.
	AppendXML(dst []byte) []byte
}

// Date is the text of a <dateTime.iso8601> in a request.
type Date string

// Base64 holds the decoded bytes of a <base64> in a request.
type Base64 string

// Nil is a <nil/> or a null in a request.
type Nil struct{}

// TimeLayout is how xapi writes a time of its own: whole seconds, UTC.
const TimeLayout = "20060102T15:04:05Z"

// AppendTime appends a time in whole seconds. One that a client gave with an offset keeps it; all others are UTC.
func AppendTime(dst []byte, t time.Time) []byte {
	if t.Location() == time.Local {
		t = t.UTC()
	}
	return t.AppendFormat(dst, "20060102T15:04:05Z07:00")
}

// FormatFloat writes a float as OCaml's "%.16g" does: 1 is "1", 0.1 is "0.1", 1e20 is "1e+20".
func FormatFloat(f float64) string {
	return formatOrWord(f, 16)
}

// FormatLongFloat writes a float as xapi's database does, by "%0.18g": 0.1 is "0.100000000000000006".
func FormatLongFloat(f float64) string { return formatOrWord(f, 18) }

func formatOrWord(f float64, digits int) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	return formatG(f, digits)
}

// formatG is C's %.*g: the shorter of the two forms, without trailing zeros, the exponent with two digits at least.
func formatG(f float64, digits int) string {
	s := strconv.FormatFloat(f, 'e', digits-1, 64)
	mantissa, exponent, _ := strings.Cut(s, "e")
	e, _ := strconv.Atoi(exponent) // made by FormatFloat
	if e >= -4 && e < digits {
		return trimZeros(strconv.FormatFloat(f, 'f', digits-1-e, 64))
	}
	return trimZeros(mantissa) + "e" + exponent
}

func trimZeros(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// Describe prints a value of a request as xapi does in its error texts: I(5), S(x), B(true), [S(a);S(b)], {k:S(v)}.
func Describe(v any) string {
	switch v := v.(type) {
	case string:
		return "S(" + v + ")"
	case int64:
		return "I(" + strconv.FormatInt(v, 10) + ")"
	case bool:
		return fmt.Sprintf("B(%t)", v)
	case float64:
		return "F(" + strconv.FormatFloat(v, 'g', -1, 64) + ")"
	case Date:
		return "D(" + string(v) + ")"
	case time.Time:
		return "D(" + string(AppendTime(nil, v)) + ")"
	case Base64:
		return "B64(" + string(v) + ")"
	case Set:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = Describe(e)
		}
		return "[" + strings.Join(parts, ";") + "]"
	case Map:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = e.Key + ":" + Describe(e.Value)
		}
		return "{" + strings.Join(parts, ";") + "}"
	default:
		return "N"
	}
}
