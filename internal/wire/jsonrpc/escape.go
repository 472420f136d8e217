package jsonrpc

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Escape is the byte that escapes begin with.
func (d *decoder) Escape() byte { return '\\' }

// Resolve appends a text with its escapes resolved. Half a pair of surrogates reads as U+FFFD.
func (d *decoder) Resolve(out, raw []byte) (text []byte, bad int) {
	for pos := 0; ; {
		n := bytes.IndexByte(raw[pos:], '\\')
		if n < 0 {
			return append(out, raw[pos:]...), -1
		}
		out = append(out, raw[pos:pos+n]...)
		pos += n
		char, length := escape(raw[pos:])
		if length == 0 {
			return out, pos
		}
		out = utf8.AppendRune(out, char)
		pos += length
	}
}

// escape reads an escape at the start of raw: the character and the escape's length, 0 where it is none.
func escape(raw []byte) (char rune, length int) {
	if len(raw) < 2 {
		return 0, 0
	}
	switch raw[1] {
	case '"', '\\', '/':
		return rune(raw[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	char, ok := codeUnit(raw)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(char) {
		if low, ok := codeUnit(raw[6:]); ok {
			if pair := utf16.DecodeRune(char, low); pair != utf8.RuneError {
				return pair, 12
			}
		}
		return utf8.RuneError, 6
	}
	return char, 6
}

// codeUnit reads \uXXXX.
func codeUnit(raw []byte) (rune, bool) {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(raw[2:6]), 16, 16)
	return rune(n), err == nil
}

// Unreadable ends reading at a place in a text: a NUL or an escape that nobody knows.
func (d *decoder) Unreadable(pos int) {
	if d.Data[pos] == 0 {
		d.Fail(pos, "a NUL byte")
		return
	}
	d.Fail(pos, "unknown escape %q", d.Data[pos:min(pos+2, len(d.Data))])
}
