package xapid

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// Call is a request.
type Call struct {
	Method string // as sent: white space is part of it
	Params []any  // see Describe for the types
}

// ParseError is a request that xapi cannot read. Its text is what stands in the HTTP 500 page, unescaped: the text of
// the exception of Xmlm or rpclib. Only the status is stable between versions of xapi.
type ParseError struct{ Text string }

// Error gives the text of xapi's exception.
func (e *ParseError) Error() string { return e.Text }

func parseError(found, wanted string) error {
	return &ParseError{fmt.Sprintf("Xmlrpc.Parse_error(%q, %q, _)", found, wanted)}
}

// ParseCall reads a request as xapi does: any declaration of encoding that is ISO-8859-1 or US-ASCII is honoured, all else is UTF-8; a byte
// order mark, DOCTYPE, comments and CDATA are fine; what follows the root element is ignored.
func ParseCall(body []byte) (Call, error) {
	p := &parser{lex: newLexer(body)}
	if err := p.lex.prolog(); err != nil {
		return Call{}, err
	}
	var c Call
	err := p.element("methodCall", func() (err error) {
		if err = p.element("methodName", func() (err error) { c.Method, err = p.text(); return err }); err != nil {
			return err
		}
		c.Params, err = p.params()
		return err
	})
	return c, err
}

type parser struct{ lex *lexer }

// open reads the start tag of an element and returns its name; an end tag or the end is an error.
func (p *parser) open(wanted string) (string, error) {
	t, err := p.lex.nextTag()
	switch {
	case err != nil:
		return "", err
	case t.end:
		return "", parseError("close_tag", wanted)
	}
	return t.name, nil
}

// element reads one element of that name: its start tag, inside, and its end tag.
func (p *parser) element(name string, inside func() error) error {
	got, err := p.open("open_tag")
	if err != nil {
		return err
	}
	if got != name {
		return parseError("open_tag("+got+")", "open_tag("+name+")")
	}
	if err := inside(); err != nil {
		return err
	}
	return p.close()
}

func (p *parser) close() error {
	t, err := p.lex.nextTag()
	switch {
	case err != nil:
		return err
	case !t.end:
		return parseError("open_tag("+t.name+")", "close_tag")
	}
	return nil
}

// atEnd says whether the next tag is an end tag, without taking it.
func (p *parser) atEnd() (bool, error) {
	t, err := p.lex.peekTag()
	return t.end, err
}

// text reads the character data up to the next tag.
func (p *parser) text() (string, error) { return p.lex.text() }

func (p *parser) params() ([]any, error) {
	params := []any{}
	err := p.element("params", func() error {
		return p.each(func() error {
			return p.element("param", func() error {
				v, err := p.value()
				params = append(params, v)
				return err
			})
		})
	})
	return params, err
}

// each calls item until the next end tag.
func (p *parser) each(item func() error) error {
	for {
		end, err := p.atEnd()
		if err != nil || end {
			return err
		}
		if err := item(); err != nil {
			return err
		}
	}
}

func (p *parser) value() (v any, err error) {
	err = p.element("value", func() error {
		bare, err := p.text()
		if err != nil {
			return err
		}
		end, err := p.atEnd()
		switch {
		case err != nil:
			return err
		case end:
			v = bare
			return nil
		}
		v, err = p.typed()
		return err
	})
	return v, err
}

const valueTags = "open_tag(int/i8/i4/boolean/double/string/dateTime.iso8601/array/struct/nil)"

// typed reads the element inside a value. Everything that is no number must be text: <boolean>true</boolean> is false.
func (p *parser) typed() (any, error) {
	tag, err := p.open(valueTags)
	if err != nil {
		return nil, err
	}
	var v any
	switch tag {
	case "array":
		v, err = p.array()
	case "struct":
		v, err = p.structure()
	case "int", "i4", "i8", "boolean", "double", "string", "dateTime.iso8601", "base64", "nil":
		v, err = p.scalar(tag)
	default:
		return nil, parseError("open_tag("+tag+")", valueTags)
	}
	if err != nil {
		return nil, err
	}
	return v, p.close()
}

func (p *parser) scalar(tag string) (any, error) {
	text, err := p.text()
	if err != nil {
		return nil, err
	}
	switch tag {
	case "int", "i4", "i8":
		n, ok := ParseInt(text)
		if !ok {
			return nil, &ParseError{`Failure("Int64.of_string")`}
		}
		return n, nil
	case "boolean":
		return text == "1", nil
	case "double":
		f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil {
			return nil, &ParseError{`Failure("float_of_string")`}
		}
		return f, nil
	case "dateTime.iso8601":
		return Date(text), nil
	case "base64":
		b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil {
			return nil, &ParseError{`Invalid_argument("Malformed input")`}
		}
		return Base64(b), nil
	case "nil":
		return Nil{}, nil
	}
	return text, nil
}

func (p *parser) array() (any, error) {
	out := Set{}
	end, err := p.atEnd()
	if err != nil || end {
		return out, err
	}
	err = p.element("data", func() error {
		return p.each(func() error {
			v, err := p.value()
			out = append(out, v)
			return err
		})
	})
	return out, err
}

func (p *parser) structure() (any, error) {
	out := Map{}
	err := p.each(func() error {
		return p.element("member", func() error {
			var e Entry
			err := p.element("name", func() (err error) { e.Key, err = p.text(); return err })
			if err != nil {
				return err
			}
			e.Value, err = p.value()
			out = append(out, e)
			return err
		})
	})
	return out, err
}
