package simulator

import (
	"errors"
	"strings"
)

// filter is a parsed expression of get_all_records_where.
type filter struct {
	op          string // "true", "false", "not", "and", "or", "="
	left, right *filter
	a, b        operand
}

// operand is one side of a comparison: a literal, or the database text of a field.
type operand struct {
	text  string
	field bool
}

// parseFilter reads xapi's filter language. "and" and "or" bind alike, left to right; "not" binds loosest: it takes all
// that follows. Syntax errors are INVALID_VALUE with the expression and the first thing wrong with it.
func parseFilter(text string) (*filter, error) {
	p := filterParser{rest: text}
	p.advance()
	f, err := p.expression()
	if err == nil {
		var end string
		if end, err = p.next(); err == nil && end != "" {
			err = errFilterSyntax
		}
	}
	if err != nil {
		return nil, fail("INVALID_VALUE", text, err.Error())
	}
	return f, nil
}

// The two exceptions of xapi's parser.
var (
	errFilterSyntax = errors.New("Stdlib.Parsing.Parse_error")
	errFilterWord   = errors.New(`Failure("lexing: empty token")`)
)

// filterParser reads word by word, one ahead: what is wrong first is told, as in xapi.
type filterParser struct {
	rest  string
	token string // a word, parenthesis or =, or a string with its opening quote; "": the end
	bad   error  // instead of a token
}

// advance reads the next token.
func (p *filterParser) advance() {
	p.rest = strings.TrimLeft(p.rest, " \t\n")
	p.token, p.bad = "", nil
	if p.rest == "" {
		return
	}
	for _, word := range []string{"(", ")", "=", "true", "false", "not", "and", "or", "field"} {
		if rest, ok := strings.CutPrefix(p.rest, word); ok {
			p.token, p.rest = word, rest
			return
		}
	}
	literal, rest, closed := strings.Cut(p.rest[1:], `"`)
	if p.rest[0] != '"' || !closed {
		p.bad = errFilterWord
		return
	}
	p.token, p.rest = `"`+literal, rest
}

// next takes a token.
func (p *filterParser) next() (string, error) {
	token, err := p.token, p.bad
	if err == nil {
		p.advance()
	}
	return token, err
}

func (p *filterParser) expression() (*filter, error) {
	left, err := p.term()
	for err == nil && (p.token == "and" || p.token == "or") {
		op, _ := p.next() // good, since it was looked at
		var right *filter
		if right, err = p.term(); err == nil {
			left = &filter{op: op, left: left, right: right}
		}
	}
	return left, err
}

func (p *filterParser) term() (*filter, error) {
	token, err := p.next()
	if err != nil {
		return nil, err
	}
	switch token {
	case "true", "false":
		return &filter{op: token}, nil
	case "not":
		inner, err := p.expression()
		return &filter{op: "not", left: inner}, err
	case "(":
		inner, err := p.expression()
		if err == nil {
			err = p.expect(")")
		}
		return inner, err
	default:
		return p.comparison(token)
	}
}

// expect takes one certain token.
func (p *filterParser) expect(want string) error {
	token, err := p.next()
	if err == nil && token != want {
		return errFilterSyntax
	}
	return err
}

func (p *filterParser) comparison(token string) (*filter, error) {
	a, err := p.operand(token)
	if err == nil {
		err = p.expect("=")
	}
	if err != nil {
		return nil, err
	}
	if token, err = p.next(); err != nil {
		return nil, err
	}
	b, err := p.operand(token)
	return &filter{op: "=", a: a, b: b}, err
}

func (p *filterParser) operand(token string) (o operand, err error) {
	if o.field = token == "field"; o.field {
		if token, err = p.next(); err != nil {
			return operand{}, err
		}
	}
	literal, ok := strings.CutPrefix(token, `"`)
	if !ok {
		return operand{}, errFilterSyntax
	}
	o.text = literal
	return o, nil
}

func (f *filter) matches(r *record) (bool, error) {
	switch f.op {
	case "true", "false":
		return f.op == "true", nil
	case "=":
		a, err := f.a.value(r)
		if err != nil {
			return false, err
		}
		b, err := f.b.value(r)
		return a == b, err
	}
	left, err := f.left.matches(r)
	switch {
	case err != nil:
		return false, err
	case f.op == "not":
		return !left, nil
	case f.op == "and" && !left, f.op == "or" && left:
		return left, nil
	default:
		return f.right.matches(r)
	}
}

// value is the text to compare. Field names are the database's: name__label.
func (o operand) value(r *record) (string, error) {
	if !o.field {
		return o.text, nil
	}
	for i, f := range r.class.fields {
		if f.DatabaseName() == o.text {
			return databaseText(r.values[i]), nil
		}
	}
	if o.text == "_ref" || o.text == "ref" {
		return r.ref, nil
	}
	return "", internalError("missing field", o.text, "")
}
