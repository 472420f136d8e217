package xapid

import (
	"fmt"
	"strconv"
	"strings"
)

// jsonReader reads JSON as Yojson.Safe does for xapi, its extensions (comments, NaN, bare member names) and the texts of
// its errors included.
type jsonReader struct {
	in   string
	pos  int
	line int // from 1
	bol  int // offset at which the line begins

	// late is what goes wrong only after the whole text has been read: a value that is no value of the API.
	late *ParseError
}

// jsonExcerpt is how much of what it cannot read Yojson shows, beyond the first character.
const jsonExcerpt = 32

// readJSON reads one value and wants nothing but white space and comments around it.
func readJSON(body []byte) (any, error) {
	r := &jsonReader{in: string(body), line: 1}
	if err := r.space(); err != nil {
		return nil, err
	}
	if r.ended() {
		return nil, yojsonError("Blank input data")
	}
	v, err := r.value()
	if err != nil {
		return nil, err
	}
	if err := r.space(); err != nil {
		return nil, err
	}
	if !r.ended() {
		return nil, r.longError("Junk after end of JSON value:", 0)
	}
	if r.late != nil {
		return nil, r.late
	}
	return v, nil
}

func yojsonError(text string) *ParseError {
	return &ParseError{"Yojson.Json_error(" + ocamlQuote(text) + ")"}
}

// errorAt makes an error that names the bytes from start to the present position, counted as Yojson counts them.
func (r *jsonReader) errorAt(text string, start int) error {
	return yojsonError(fmt.Sprintf("Line %d, bytes %d-%d:\n%s", r.line, start-r.bol-1, r.pos-r.bol, text))
}

// longError refuses the next n bytes and shows them with what follows.
func (r *jsonReader) longError(text string, n int) error {
	from := r.pos
	r.pos = min(len(r.in), from+n+jsonExcerpt)
	return r.errorAt(text+" '"+r.in[from:r.pos]+"'", from+n)
}

// refuse is longError for one character, or the error of the end.
func (r *jsonReader) refuse(text string) error {
	if r.ended() {
		return r.errorAt("Unexpected end of input", r.pos)
	}
	return r.longError(text, 1)
}

func (r *jsonReader) ended() bool { return r.pos >= len(r.in) }

func (r *jsonReader) rest() string { return r.in[r.pos:] }

// take takes the next byte if it is c.
func (r *jsonReader) take(c byte) bool {
	if r.ended() || r.in[r.pos] != c {
		return false
	}
	r.pos++
	return true
}

// space skips white space and comments.
func (r *jsonReader) space() error {
	for !r.ended() {
		switch c := r.in[r.pos]; {
		case c == ' ' || c == '\t' || c == '\r':
			r.pos++
		case c == '\n':
			r.pos++
			r.newLine()
		case strings.HasPrefix(r.rest(), "//"):
			if i := strings.IndexByte(r.rest(), '\n'); i >= 0 {
				r.pos += i + 1
			} else {
				r.pos = len(r.in)
			}
			r.newLine()
		case strings.HasPrefix(r.rest(), "/*"):
			r.pos += 2
			if err := r.comment(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

func (r *jsonReader) newLine() { r.line, r.bol = r.line+1, r.pos }

func (r *jsonReader) comment() error {
	for !r.ended() {
		switch {
		case strings.HasPrefix(r.rest(), "*/"):
			r.pos += 2
			return nil
		case r.take('\n'):
			r.newLine()
		default:
			r.pos++
		}
	}
	return r.longError("Unterminated comment", 0)
}

// value reads one value; white space in front of it is fine.
func (r *jsonReader) value() (any, error) {
	if err := r.space(); err != nil {
		return nil, err
	}
	if v, ok := r.word(); ok {
		return v, nil
	}
	if v, ok := r.number(); ok {
		return v, nil
	}
	switch {
	case r.take('"'):
		return r.text()
	case r.take('{'):
		return r.object()
	case r.take('['):
		return r.list(']', "Expected ',' or ']' but found")
	case r.take('('):
		return r.foreign(func() error {
			_, err := r.list(')', "Expected ',' or ')' but found")
			return err
		})
	case r.take('<'):
		return r.foreign(r.variant)
	}
	return nil, r.refuse("Invalid token")
}

// word reads what is spelled out.
func (r *jsonReader) word() (any, bool) {
	for _, w := range [...]struct {
		text string
		v    any
	}{{"true", true}, {"false", false}, {"null", Nil{}}, {"NaN", nan()}, {"Infinity", infinity(1)}, {"-Infinity", infinity(-1)}} {
		if strings.HasPrefix(r.rest(), w.text) {
			r.pos += len(w.text)
			return w.v, true
		}
	}
	return nil, false
}

// number reads the longest number that stands here. A fraction or an exponent makes it a float.
func (r *jsonReader) number() (any, bool) {
	text := r.rest()
	i := 0
	if strings.HasPrefix(text, "-") {
		i++
	}
	whole := digits(text[i:])
	if whole == 0 {
		return nil, false
	}
	if text[i] == '0' {
		whole = 1
	}
	i += whole
	end := i
	if i < len(text) && text[i] == '.' {
		if n := digits(text[i+1:]); n > 0 {
			end = i + 1 + n
		}
	}
	if n := exponent(text[end:]); n > 0 {
		end += n
	}
	r.pos += end
	if end > i {
		f, _ := strconv.ParseFloat(text[:end], 64) // out of range is infinite, as in OCaml
		return f, true
	}
	n, err := strconv.ParseInt(text[:end], 10, 64)
	if err != nil && r.late == nil {
		r.late = &ParseError{`Failure("Int64.of_string")`}
	}
	return n, true
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// exponent is the length of an exponent at the head of s, 0 if there is none.
func exponent(s string) int {
	if s == "" || s[0] != 'e' && s[0] != 'E' {
		return 0
	}
	i := 1
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	n := digits(s[i:])
	if n == 0 {
		return 0
	}
	return i + n
}

func (r *jsonReader) object() (any, error) {
	out := Map{}
	if err := r.space(); err != nil {
		return nil, err
	}
	for first := true; ; first = false {
		if first && r.take('}') {
			return out, nil
		}
		e, err := r.member()
		if err != nil {
			return nil, err
		}
		out = append(out, e)
		if err := r.space(); err != nil {
			return nil, err
		}
		switch {
		case r.take('}'):
			return out, nil
		case !r.take(','):
			return nil, r.refuse("Expected ',' or '}' but found")
		}
		if err := r.space(); err != nil {
			return nil, err
		}
	}
}

func (r *jsonReader) member() (e Entry, err error) {
	if e.Key, err = r.name(); err != nil {
		return e, err
	}
	if err := r.space(); err != nil {
		return e, err
	}
	if !r.take(':') {
		return e, r.refuse("Expected ':' but found")
	}
	e.Value, err = r.value()
	return e, err
}

// name reads a member's name: a string, or an identifier without quotes.
func (r *jsonReader) name() (string, error) {
	if r.take('"') {
		return r.text()
	}
	from := r.pos
	for r.pos < len(r.in) && isIdent(r.in[r.pos], r.pos > from) {
		r.pos++
	}
	if r.pos > from {
		return r.in[from:r.pos], nil
	}
	return "", r.refuse("Expected string or identifier but found")
}

func isIdent(c byte, digit bool) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || digit && c >= '0' && c <= '9'
}

func (r *jsonReader) list(end byte, expected string) (Set, error) {
	out := Set{}
	if err := r.space(); err != nil {
		return nil, err
	}
	if r.take(end) {
		return out, nil
	}
	for {
		v, err := r.value()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		if err := r.space(); err != nil {
			return nil, err
		}
		switch {
		case r.take(end):
			return out, nil
		case !r.take(','):
			return nil, r.refuse(expected)
		}
	}
}

// foreign reads a tuple or a variant, which Yojson knows and xapi refuses once all has been read.
func (r *jsonReader) foreign(read func() error) (any, error) {
	from := r.pos - 1
	var mine *ParseError
	if r.late == nil {
		mine = &ParseError{}
		r.late = mine
	}
	if err := read(); err != nil {
		return nil, err
	}
	if mine != nil {
		mine.Text = malformedRequest("Unable to parse " + r.in[from:r.pos]).Text
	}
	return Nil{}, nil
}

func (r *jsonReader) variant() error {
	if err := r.space(); err != nil {
		return err
	}
	if _, err := r.name(); err != nil {
		return err
	}
	if err := r.space(); err != nil {
		return err
	}
	if r.take('>') {
		return nil
	}
	if !r.take(':') {
		return r.refuse("Expected ':' or '>' but found")
	}
	if _, err := r.value(); err != nil {
		return err
	}
	if err := r.space(); err != nil {
		return err
	}
	if !r.take('>') {
		return r.refuse("Expected '>' but found")
	}
	return nil
}
