package jsonrpc

import (
	"bytes"
	"math"
	"strconv"
	"time"

	"github.com/xencontroller/xencontroller/internal/wire/record"
)

// scalar reads a string and returns its raw bytes, escapes and all, and where they start. Another value there is a
// mismatch: it is passed over, and nil comes back.
func (d *decoder) scalar() (raw []byte, start int) {
	if d.Pos < len(d.Data) && d.Data[d.Pos] == '"' || d.peek() == '"' {
		return d.quoted()
	}
	d.wrongKind("a string")
	return nil, d.Pos
}

// String reads a string, with escapes resolved. The string is a copy: it keeps no buffer alive.
func (d *decoder) String() string {
	raw, start := d.scalar()
	text, _ := d.Own(raw, start)
	return text
}

// KeepText reads a string of an event.
func (d *decoder) KeepText(at *string) {
	raw, start := d.scalar()
	record.Keep(&d.Text, at, raw, start)
}

// Word reads a string that is likely to come again: a word of an enumeration.
func (d *decoder) Word() string {
	raw, start := d.scalar()
	if word, ok := d.Words.Find(raw); ok {
		return word
	}
	word, ok := d.Own(raw, start)
	if ok {
		d.Words.Add(raw, word)
	}
	return word
}

// Int reads a 64-bit integer. xapi: a number; the id of an event is a string of digits.
func (d *decoder) Int() int64 {
	const most = 18 // digits that cannot overflow
	data, pos := d.Data, d.Pos
	negative := pos < len(data) && data[pos] == '-'
	if negative {
		pos++
	}
	first, n := pos, int64(0)
	for ; pos < len(data) && pos-first < most; pos++ {
		c := data[pos] - '0'
		if c > 9 {
			break
		}
		n = n*10 + int64(c)
	}
	if pos > first && pos < len(data) && (data[pos] == ',' || data[pos] == '}') {
		d.Pos = pos
		if negative {
			return -n
		}
		return n
	}
	return d.anyInt()
}

// anyInt reads integers that are strings, long, or none.
func (d *decoder) anyInt() int64 {
	raw, start := d.number()
	n, err := strconv.ParseInt(string(bytes.TrimSpace(raw)), 10, 64)
	if err != nil {
		d.Mismatch(start, "a whole number is expected, not %q", clip(raw))
	}
	return n
}

// number reads a value that may be a number, in quotes or not.
func (d *decoder) number() (raw []byte, start int) {
	switch d.peek() {
	case '"':
		return d.quoted()
	case '{', '[':
		d.wrongKind("a number")
		return nil, d.Pos
	}
	start = d.Pos
	return d.token(), start
}

// Float reads a float. xapi: with a point or an exponent, or NaN, Infinity, -Infinity.
func (d *decoder) Float() float64 {
	raw, start := d.number()
	switch string(raw) {
	case "NaN":
		return math.NaN()
	case "Infinity":
		return math.Inf(1)
	case "-Infinity":
		return math.Inf(-1)
	}
	f, err := strconv.ParseFloat(string(bytes.TrimSpace(raw)), 64)
	if err != nil {
		d.Mismatch(start, "a number is expected, not %q", clip(raw))
	}
	return f
}

// Bool reads a boolean.
func (d *decoder) Bool() bool {
	if d.Pass("true") {
		return true
	}
	if d.Pass("false") {
		return false
	}
	raw, start := d.number()
	switch string(raw) {
	case "true":
		return true
	case "false":
		return false
	}
	d.Mismatch(start, "a boolean is expected, not %q", clip(raw))
	return false
}

// Time reads a date, in UTC; an empty string is the zero time.
func (d *decoder) Time() time.Time {
	raw, start := d.scalar()
	t, ok := record.Time(raw)
	if !ok {
		d.Mismatch(start, "a date is expected, not %q", clip(raw))
	}
	return t
}
