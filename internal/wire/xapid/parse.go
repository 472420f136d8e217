package xapid

import (
	"encoding/base64"
	"errors"
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
	return &ParseError{"Xmlrpc.Parse_error(" + ocamlQuote(found) + ", " + ocamlQuote(wanted) + ", _)"}
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
		if err = p.element("methodName", func() (err error) { c.Method, err = p.data(); return err }); err != nil {
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
		return "", insteadOf(wanted, err)
	case t.end:
		return "", parseError("close_tag", wanted)
	}
	return t.name, nil
}

// insteadOf words text that stands where a tag is wanted; other errors stay.
func insteadOf(wanted string, err error) error {
	if s, ok := errors.AsType[*strayText](err); ok {
		return parseError("data("+escaped(s.text)+")", wanted)
	}
	return err
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
	return p.close(name)
}

func (p *parser) close(name string) error {
	t, err := p.lex.nextTag()
	switch {
	case err != nil:
		return insteadOf("close_tag("+name+")", err)
	case !t.end:
		return parseError("open_tag("+t.name+")", "close_tag("+name+")")
	}
	return nil
}

// atEnd says whether the next tag is an end tag, without taking it.
func (p *parser) atEnd() (bool, error) {
	t, err := p.lex.peekTag()
	return t.end, insteadOf("open_tag", err)
}

// data reads character data that has to be there. Where there is none rpclib takes the end tag for it, and then misses
// that: an empty <name/> or <methodName/> cannot be read.
func (p *parser) data() (string, error) {
	text, err := p.text()
	if err != nil || text != "" {
		return text, err
	}
	t, err := p.lex.nextTag()
	if err == nil && !t.end {
		err = parseError("open_tag("+t.name+")", "data")
	}
	return "", err
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
		case strings.Trim(bare, " \t\n") != "": // the tag that follows is refused by who closes the value
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
	text, err := p.text()
	if err != nil {
		return nil, err
	}
	next, err := p.lex.peekTag()
	if err != nil {
		return nil, err
	}
	var v any
	switch {
	case text == "" && next.end:
		v, err = emptyElement(tag)
	case tag == "array" || tag == "struct" || tag == "nil":
		v, err = p.compound(tag, text)
	case text == "":
		err = parseError("open_tag("+next.name+")", "data")
	default:
		v, err = scalar(tag, text)
	}
	if err != nil {
		return nil, err
	}
	return v, p.close(tag)
}

// emptyElement is what stands for nothing. Numbers and dates cannot.
func emptyElement(tag string) (any, error) {
	switch tag {
	case "string", "value":
		return "", nil
	case "array":
		return Set{}, nil
	case "struct":
		return Map{}, nil
	case "nil":
		return Nil{}, nil
	}
	return nil, parseError("empty_"+tag, tag)
}

// compound reads what has elements inside; before is the text in front of the first, which can only be blank.
func (p *parser) compound(tag, before string) (any, error) {
	stray := strings.Trim(before, " \t\n") != ""
	switch {
	case tag == "nil" && stray:
		return nil, insteadOf("close_tag(nil)", &strayText{before})
	case tag == "nil":
		return Nil{}, nil
	case stray:
		return nil, insteadOf("open_tag", &strayText{before})
	case tag == "array":
		return p.array()
	}
	return p.structure()
}

func scalar(tag, text string) (any, error) {
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
		f, ok := ParseFloat(text)
		if !ok {
			return nil, &ParseError{`Failure("float_of_string")`}
		}
		return f, nil
	case "dateTime.iso8601":
		return Date(text), nil
	case "base64":
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, &ParseError{`Invalid_argument("Malformed input")`}
		}
		return Base64(b), nil
	case "string":
		return text, nil
	}
	return nil, parseError("open_tag("+tag+")", valueTags)
}

func (p *parser) array() (any, error) {
	out := Set{}
	err := p.element("data", func() error {
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
			err := p.element("name", func() (err error) { e.Key, err = p.data(); return err })
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
