package jsonrpc

import (
	"bytes"

	"github.com/xencontroller/xencontroller/internal/wire/record"
)

// decoder walks over one reply after another. A value is read from its first byte, or white space before it, and what
// reads it stops behind its last.
type decoder struct {
	record.Core
	unescaped bool // the present member's name had escapes; d.Name is without them
}

// clip shortens a value for a message.
func clip(raw []byte) string { return record.Clip(raw) }

// peek passes over white space and returns the byte that comes next; 0 where the window ends.
func (d *decoder) peek() byte {
	for ; d.Pos < len(d.Data); d.Pos++ {
		switch c := d.Data[d.Pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	d.Cut("a value")
	return 0
}

// eat consumes a byte if it comes next, after white space.
func (d *decoder) eat(c byte) bool {
	if d.peek() != c || d.Err != nil {
		return false
	}
	d.Pos++
	return true
}

// expected ends reading where something else came.
func (d *decoder) expected(what string) {
	if d.Err == nil {
		d.Fail(d.Pos, "%s expected", what)
	}
}

// quoted reads a string, and returns what stands between its quotes, escapes and all, and where that starts.
func (d *decoder) quoted() (raw []byte, start int) {
	rest := d.Data[d.Pos:]
	if len(rest) > 0 && rest[0] == '"' {
		if n := bytes.IndexByte(rest[1:], '"'); n >= 0 && rest[n] != '\\' {
			start = d.Pos + 1
			d.Pos += n + 2
			return rest[1 : 1+n : 1+n], start
		}
	}
	return d.anyQuoted()
}

// anyQuoted is quoted where white space comes first, or quotes are escaped, or the window ends.
func (d *decoder) anyQuoted() (raw []byte, start int) {
	if !d.eat('"') {
		d.expected("a string")
		return nil, d.Pos
	}
	start = d.Pos
	for end := start; ; end++ {
		n := bytes.IndexByte(d.Data[end:], '"')
		if n < 0 {
			d.Cut(`"`)
			return nil, start
		}
		from := end
		end += n
		escapes := 0
		for end-escapes > from && d.Data[end-escapes-1] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			d.Pos = end + 1
			return d.Data[start:end:end], start
		}
	}
}

// token reads a number or one of JSON's words, xapi's NaN and Infinity among them.
func (d *decoder) token() []byte {
	d.peek()
	start := d.Pos
	for pos := start; pos < len(d.Data); pos++ {
		switch c := d.Data[pos]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '+', c == '.':
		default:
			raw := d.Data[start:pos]
			if !isToken(raw) {
				d.Fail(start, "a value expected")
				return nil
			}
			d.Pos = pos
			return raw
		}
	}
	d.Cut("the end of a value")
	return nil
}

// isToken reports whether raw is a word or looks like a number.
func isToken(raw []byte) bool {
	switch string(raw) {
	case "true", "false", "null", "NaN", "Infinity", "-Infinity":
		return true
	}
	digits := 0
	for _, c := range raw {
		switch c {
		case '-', '+', '.', 'e', 'E':
		default:
			if c < '0' || c > '9' {
				return false
			}
			digits++
		}
	}
	return digits > 0 && raw[0] != '+' && raw[0] != '.' && raw[0] != 'e' && raw[0] != 'E'
}
