package simulator

import (
	"fmt"
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
// that follows. Syntax errors are INVALID_VALUE with the expression.
func parseFilter(text string) (*filter, error) {
	p := filterParser{}
	if err := p.scan(text); err != nil {
		return nil, fail("INVALID_VALUE", text, err.Error())
	}
	f, err := p.expression()
	if err == nil && len(p.tokens) > 0 {
		err = errFilterSyntax
	}
	if err != nil {
		return nil, fail("INVALID_VALUE", text, err.Error())
	}
	return f, nil
}

var errFilterSyntax = fmt.Errorf("Db_filter_parse.MenhirBasics.Error")

type filterParser struct{ tokens []string }

// scan cuts the text into words, parentheses, = and strings; a string keeps its opening quote as a mark.
func (p *filterParser) scan(text string) error {
	for text != "" {
		switch c := text[0]; {
		case c == ' ' || c == '\t' || c == '\n':
			text = text[1:]
		case c == '(' || c == ')' || c == '=':
			p.tokens, text = append(p.tokens, text[:1]), text[1:]
		case c == '"':
			end := strings.IndexByte(text[1:], '"')
			if end < 0 {
				return fmt.Errorf(`Failure("lexing: empty token")`)
			}
			p.tokens, text = append(p.tokens, text[:end+1]), text[end+2:]
		default:
			word := ""
			for _, w := range []string{"true", "false", "not", "and", "or", "field"} {
				if strings.HasPrefix(text, w) {
					word = w
					break
				}
			}
			if word == "" {
				return fmt.Errorf(`Failure("lexing: empty token")`)
			}
			p.tokens, text = append(p.tokens, word), text[len(word):]
		}
	}
	return nil
}

func (p *filterParser) next() string {
	if len(p.tokens) == 0 {
		return ""
	}
	token := p.tokens[0]
	p.tokens = p.tokens[1:]
	return token
}

func (p *filterParser) expression() (*filter, error) {
	left, err := p.term()
	for err == nil && len(p.tokens) > 0 && (p.tokens[0] == "and" || p.tokens[0] == "or") {
		op := p.next()
		var right *filter
		if right, err = p.term(); err == nil {
			left = &filter{op: op, left: left, right: right}
		}
	}
	return left, err
}

func (p *filterParser) term() (*filter, error) {
	switch token := p.next(); token {
	case "true", "false":
		return &filter{op: token}, nil
	case "not":
		inner, err := p.expression()
		return &filter{op: "not", left: inner}, err
	case "(":
		inner, err := p.expression()
		if err == nil && p.next() != ")" {
			err = errFilterSyntax
		}
		return inner, err
	default:
		return p.comparison(token)
	}
}

func (p *filterParser) comparison(token string) (*filter, error) {
	a, err := p.operand(token)
	if err != nil {
		return nil, err
	}
	if p.next() != "=" {
		return nil, errFilterSyntax
	}
	b, err := p.operand(p.next())
	return &filter{op: "=", a: a, b: b}, err
}

func (p *filterParser) operand(token string) (operand, error) {
	field := token == "field"
	if field {
		token = p.next()
	}
	literal, ok := strings.CutPrefix(token, `"`)
	if !ok {
		return operand{}, errFilterSyntax
	}
	return operand{text: literal, field: field}, nil
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
	case err != nil || f.op == "not":
		return !left, err
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
