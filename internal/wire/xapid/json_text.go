package xapid

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// text reads a string whose opening quote has been read. What stands in it raw is taken as it is, control characters and
// bytes that are no UTF-8 included: xapi refuses those later, parameter by parameter.
func (r *jsonReader) text() (string, error) {
	rest := r.rest()
	if i := strings.IndexAny(rest, `"\`); i >= 0 && rest[i] == '"' {
		r.pos += i + 1
		return rest[:i], nil
	}
	var b []byte
	for {
		i := strings.IndexAny(r.rest(), `"\`)
		if i < 0 {
			r.pos = len(r.in)
			return "", r.errorAt("Unexpected end of input", r.pos)
		}
		b = append(b, r.rest()[:i]...)
		r.pos += i + 1
		if r.in[r.pos-1] == '"' {
			return string(b), nil
		}
		var err error
		if b, err = r.escape(b); err != nil {
			return "", err
		}
	}
}

// escape reads what follows a backslash.
func (r *jsonReader) escape(b []byte) ([]byte, error) {
	if !r.ended() {
		if i := strings.IndexByte(`"\/bfnrt`, r.in[r.pos]); i >= 0 {
			r.pos++
			return append(b, "\"\\/\b\f\n\r\t"[i]), nil
		}
		if n, ok := r.hex("u"); ok {
			return r.codePoint(b, n)
		}
	}
	return nil, r.refuse("Invalid escape sequence")
}

// hex takes a prefix and four hexadecimal digits.
func (r *jsonReader) hex(prefix string) (rune, bool) {
	text, ok := strings.CutPrefix(r.rest(), prefix)
	if !ok || len(text) < 4 || strings.Trim(text[:4], "0123456789abcdefABCDEF") != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(text[:4], 16, 16)
	if err != nil {
		return 0, false
	}
	r.pos += len(prefix) + 4
	return rune(n), true
}

// codePoint appends a character that was written as \uXXXX, for which a high surrogate needs a second one.
func (r *jsonReader) codePoint(b []byte, n rune) ([]byte, error) {
	switch {
	case n < 0xD800 || n > 0xDFFF:
		return utf8.AppendRune(b, n), nil
	case n > 0xDBFF: // a low one alone is written as it is
		return append(b, 0xE0|byte(n>>12), 0x80|byte(n>>6)&0x3F, 0x80|byte(n)&0x3F), nil
	}
	from := r.pos
	low, ok := r.hex(`\u`)
	if !ok {
		return nil, r.refuse("Missing escape sequence representing low surrogate for code point beyond U+FFFF")
	}
	both := utf16.DecodeRune(n, low)
	if both == utf8.RuneError {
		r.pos = from
		return nil, r.longError("Invalid low surrogate for code point beyond U+FFFF", 6)
	}
	return utf8.AppendRune(b, both), nil
}

// ocamlQuote writes text as OCaml's %S does, which is how texts stand in its exceptions.
func ocamlQuote(s string) string { return `"` + escaped(s) + `"` }

// escaped is what OCaml's String.escaped makes of a text.
func escaped(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\b':
			b.WriteString(`\b`)
		case c < 0x20 || c >= 0x7f:
			fmt.Fprintf(&b, `\%03d`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func nan() float64 { return math.NaN() }

func infinity(sign int) float64 { return math.Inf(sign) }
