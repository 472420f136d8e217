package xmlrpc

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// scalar reads a value that is text, bare or in a tag such as <string> or <i4>, and returns its raw bytes, entities
// and all. A struct or an array there is a mismatch: it is skipped, and nil comes back.
func (d *decoder) scalar() (raw []byte, start int) {
	if d.eat("<value/>") {
		return nil, d.pos
	}
	if !d.want("<value>") {
		return nil, d.pos
	}
	start = d.pos
	raw = d.run()
	if d.eat("</value>") || d.err != nil {
		return raw, start
	}
	if len(bytes.TrimSpace(raw)) > 0 {
		d.fail("</value> expected")
		return nil, start
	}
	return d.tagged(start), start
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

// tagged reads <TAG>text</TAG></value>.
func (d *decoder) tagged(start int) []byte {
	d.space()
	for i := range scalarTags {
		tag := &scalarTags[i]
		if d.at(tag.open) {
			d.pos += len(tag.open)
			raw := d.run()
			if d.want(tag.closed) {
				d.want("</value>")
			}
			return raw
		}
		if d.at(tag.empty) {
			d.pos += len(tag.empty)
			d.want("</value>")
			return nil
		}
	}
	if !d.at("<struct") && !d.at("<array") {
		d.fail("a value, or </value>, expected")
		return nil
	}
	d.mismatch(start, "a text is expected, not %s", d.data[start:min(start+8, len(d.data))])
	d.skipBody()
	return nil
}

// text reads a string, with entities resolved. The string is a copy: it keeps no reply alive.
func (d *decoder) text() string {
	raw, start := d.scalar()
	return d.unescape(raw, start)
}

// word reads a string that is likely to come again: a word of an enumeration, the key of a map.
func (d *decoder) word() string {
	raw, start := d.scalar()
	if bytes.IndexByte(raw, '&') >= 0 {
		return d.unescape(raw, start)
	}
	return d.interned(raw)
}

// maxInterned bounds the table of words; beyond it words are copied one by one.
const maxInterned = 1 << 16

// interned returns the one copy of a word.
func (d *decoder) interned(raw []byte) string {
	if s, ok := d.intern[string(raw)]; ok {
		return s
	}
	s := string(raw)
	if len(s) <= 64 && len(d.intern) < maxInterned {
		d.intern[s] = s
	}
	return s
}

// int reads a 64-bit integer. xapi: bare decimal text.
func (d *decoder) int() int64 {
	raw, start := d.scalar()
	n, err := strconv.ParseInt(string(bytes.TrimSpace(raw)), 10, 64)
	if err != nil {
		d.mismatch(start, "a whole number is expected, not %q", clip(raw))
	}
	return n
}

// float reads a double. xapi: %.16g, and nan or inf.
func (d *decoder) float() float64 {
	raw, start := d.scalar()
	f, err := strconv.ParseFloat(string(bytes.TrimSpace(raw)), 64)
	if err != nil {
		d.mismatch(start, "a number is expected, not %q", clip(raw))
	}
	return f
}

// bool reads a boolean: 1 or 0; the words true and false are understood too.
func (d *decoder) bool() bool {
	raw, start := d.scalar()
	switch string(bytes.TrimSpace(raw)) {
	case "1", "true":
		return true
	case "0", "false":
		return false
	}
	d.mismatch(start, "a boolean is expected, not %q", clip(raw))
	return false
}

// dateForms are the ways to write a date. xapi: the first; the last is host.get_server_localtime's, which has no zone.
var dateForms = []string{"20060102T15:04:05Z07:00", time.RFC3339, "20060102T15:04:05", "2006-01-02T15:04:05"} //nolint:gochecknoglobals // never written

// time reads a date, in UTC; an empty text is the zero time.
func (d *decoder) time() time.Time {
	raw, start := d.scalar()
	text := strings.TrimSpace(string(raw))
	if text == "" {
		return time.Time{}
	}
	for _, form := range dateForms {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC()
		}
	}
	d.mismatch(start, "a date is expected, not %q", clip(raw))
	return time.Time{}
}

// clip shortens a value for a message.
func clip(raw []byte) string {
	const most = 40
	if len(raw) <= most {
		return string(raw)
	}
	return string(raw[:most]) + "…"
}

// unescape resolves the entities of a text that began at start. Others than XML's own five and character references are
// an error: a document type that could define more is never read.
func (d *decoder) unescape(raw []byte, start int) string {
	amp := bytes.IndexByte(raw, '&')
	if amp < 0 {
		return string(raw)
	}
	out := make([]byte, 0, len(raw))
	for pos := 0; ; {
		if amp = bytes.IndexByte(raw[pos:], '&'); amp < 0 {
			return string(append(out, raw[pos:]...))
		}
		out = append(out, raw[pos:pos+amp]...)
		pos += amp
		char, length := entity(raw[pos:])
		if length == 0 {
			d.failAt(start+pos, "unknown entity %q", clip(raw[pos:]))
			return ""
		}
		out = utf8.AppendRune(out, char)
		pos += length
	}
}

// entity reads an entity at the start of raw: the character and the entity's length, 0 where it is none.
func entity(raw []byte) (char rune, length int) {
	end := bytes.IndexByte(raw[:min(len(raw), 12)], ';')
	if end < 2 {
		return 0, 0
	}
	switch name := string(raw[1:end]); name {
	case "lt":
		return '<', end + 1
	case "gt":
		return '>', end + 1
	case "amp":
		return '&', end + 1
	case "quot":
		return '"', end + 1
	case "apos":
		return '\'', end + 1
	default:
		return charRef(name, end+1)
	}
}

// charRef reads a character reference: #65 or #x41.
func charRef(name string, length int) (rune, int) {
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return 0, 0
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n == 0 || !utf8.ValidRune(rune(n)) {
		return 0, 0
	}
	return rune(n), length
}
