package xmlrpc

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Escape is the byte that entities begin with.
func (d *decoder) Escape() byte { return '&' }

// Resolve appends a text with its entities resolved. Others than XML's own five and character references are an error:
// a document type that could define more is never read.
func (d *decoder) Resolve(out, raw []byte) (text []byte, bad int) {
	for pos := 0; ; {
		amp := bytes.IndexByte(raw[pos:], '&')
		if amp < 0 {
			return append(out, raw[pos:]...), -1
		}
		out = append(out, raw[pos:pos+amp]...)
		pos += amp
		char, length := entity(raw[pos:])
		if length == 0 {
			return out, pos
		}
		out = utf8.AppendRune(out, char)
		pos += length
	}
}

// resolveLeniently is Resolve for names of members: what is no entity stands for itself.
func (d *decoder) resolveLeniently(out, raw []byte) []byte {
	for len(raw) > 0 {
		text, bad := d.Resolve(out, raw)
		if bad < 0 {
			return text
		}
		out = append(text, raw[bad])
		raw = raw[bad+1:]
	}
	return out
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
