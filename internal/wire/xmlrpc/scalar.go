package xmlrpc

import (
	"bytes"
	"strconv"
	"time"

	"github.com/xencontroller/xencontroller/internal/wire/record"
)

// scalar reads a value that is text, bare or in a tag such as <string> or <i4>, and returns its raw bytes, entities
// and all, and where they start. A struct or an array there is a mismatch: it is skipped, and nil comes back.
func (d *decoder) scalar() (raw []byte, start int) {
	start = d.Pos
	rest := d.Data[start:]
	if n := bytes.IndexByte(rest, '<'); n >= 0 && n+1 < len(rest) && rest[n+1] == '/' {
		d.Pos += n
		return rest[:n:n], start
	}
	return d.tagged()
}

// scalarTags are the types that XML-RPC has for text: their tags to open, to close, and empty. Which one it is does not
// matter: the type that is wanted decides.
var scalarTags = [...]struct{ open, closed, empty string }{ //nolint:gochecknoglobals // a table, never written
	{"<boolean>", "</boolean>", "<boolean/>"},
	{"<double>", "</double>", "<double/>"},
	{"<dateTime.iso8601>", "</dateTime.iso8601>", "<dateTime.iso8601/>"},
	{"<string>", "</string>", "<string/>"},
	{"<int>", "</int>", "<int/>"},
	{"<i4>", "</i4>", "<i4/>"},
	{"<i8>", "</i8>", "<i8/>"},
	{"<nil>", "</nil>", "<nil/>"},
}

// tagged is scalar where the text is not bare, or the window ends.
func (d *decoder) tagged() (raw []byte, start int) {
	start = d.Pos
	if start == d.Held {
		return nil, start
	}
	blank := bytes.TrimSpace(d.run())
	if d.at("</") || d.Err != nil {
		return d.Data[min(start, d.Pos):d.Pos], start
	}
	if len(blank) > 0 {
		d.Fail(d.Pos, "</value> expected")
		return nil, start
	}
	for i := range scalarTags {
		tag := &scalarTags[i]
		if d.eat(tag.open) {
			start = d.Pos
			raw = d.run()
			d.want(tag.closed)
			d.space()
			return raw, start
		}
		if d.eat(tag.empty) {
			d.space()
			return nil, d.Pos
		}
	}
	if !d.at("<struct") && !d.at("<array") {
		d.Fail(d.Pos, "a value, or </value>, expected")
		return nil, start
	}
	d.wrongKind("a text")
	return nil, start
}

// String reads a string, with entities resolved. The string is a copy: it keeps no buffer alive.
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

// Unreadable ends reading at a place in a text: a NUL or an entity that nobody knows.
func (d *decoder) Unreadable(pos int) {
	if d.Data[pos] == 0 {
		d.Fail(pos, "a NUL byte")
		return
	}
	const most = 12
	text, _, _ := bytes.Cut(d.Data[pos:min(pos+most, len(d.Data))], []byte("<"))
	d.Fail(pos, "unknown entity %q", text)
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

// Int reads a 64-bit integer. xapi: bare decimal text.
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
	if pos > first && pos+1 < len(data) && data[pos] == '<' && data[pos+1] == '/' {
		d.Pos = pos
		if negative {
			return -n
		}
		return n
	}
	return d.anyInt()
}

// anyInt reads integers that are tagged, long, or none.
func (d *decoder) anyInt() int64 {
	raw, start := d.scalar()
	n, err := strconv.ParseInt(string(bytes.TrimSpace(raw)), 10, 64)
	if err != nil {
		d.Mismatch(start, "a whole number is expected, not %q", clip(raw))
	}
	return n
}

// inTag is scalar for a text that is expected in a tag.
func (d *decoder) inTag(open, closed string) (raw []byte, start int) {
	rest := d.Data[d.Pos:]
	if len(rest) > len(open) && string(rest[:len(open)]) == open {
		rest = rest[len(open):]
		if n := bytes.IndexByte(rest, '<'); n >= 0 && len(rest)-n > len(closed) && string(rest[n:n+len(closed)]) == closed && rest[n+len(closed)] == '<' {
			start = d.Pos + len(open)
			d.Pos = start + n + len(closed)
			return rest[:n], start
		}
	}
	return d.scalar()
}

// Float reads a double. xapi: %.16g, and nan or inf.
func (d *decoder) Float() float64 {
	raw, start := d.inTag("<double>", "</double>")
	f, err := strconv.ParseFloat(string(bytes.TrimSpace(raw)), 64)
	if err != nil {
		d.Mismatch(start, "a number is expected, not %q", clip(raw))
	}
	return f
}

// Bool reads a boolean: 1 or 0; the words true and false are understood too.
func (d *decoder) Bool() bool {
	const open, rest = "<boolean>", "</boolean></value>"
	if data := d.Data[d.Pos:]; len(data) >= len(open)+1+len(rest) &&
		string(data[:len(open)]) == open && string(data[len(open)+1:len(open)+1+len(rest)]) == rest && data[len(open)]|1 == '1' {
		d.Pos += len(open) + len(rest) + 1 - len("</value>")
		return data[len(open)] == '1'
	}
	raw, start := d.scalar()
	switch string(bytes.TrimSpace(raw)) {
	case "1", "true":
		return true
	case "0", "false":
		return false
	}
	d.Mismatch(start, "a boolean is expected, not %q", clip(raw))
	return false
}

// Time reads a date, in UTC; an empty text is the zero time.
func (d *decoder) Time() time.Time {
	raw, start := d.inTag("<dateTime.iso8601>", "</dateTime.iso8601>")
	t, ok := record.Time(raw)
	if !ok {
		d.Mismatch(start, "a date is expected, not %q", clip(raw))
	}
	return t
}
