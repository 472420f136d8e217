package suite

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Caller makes XML-RPC calls. It knows nothing of XAPI but the envelope.
type Caller struct {
	URL    string
	Client *http.Client // nil: http.DefaultClient
}

// Failure is an error as the server reports it: a code and its parameters.
type Failure struct{ Description []string }

// Error prints the code and its parameters.
func (f *Failure) Error() string { return strings.Join(f.Description, " ") }

// Code is the first word of the description.
func (f *Failure) Code() string {
	if len(f.Description) == 0 {
		return ""
	}
	return f.Description[0]
}

// Call makes one call. Parameters are string, int, bool, float64, []string, or maps of strings to any of these; a result
// is string (for numbers and dates too), bool, []any or map[string]any.
func (c *Caller) Call(ctx context.Context, method string, params ...any) (any, error) {
	v, err := c.Bare(ctx, method, params...)
	if err != nil {
		return nil, err
	}
	envelope, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("the reply is no struct")
	}
	switch envelope["Status"] {
	case "Success":
		return envelope["Value"], nil
	case "Failure":
		return nil, &Failure{Description: texts(envelope["ErrorDescription"])}
	}
	return nil, fmt.Errorf("the Status is %v", envelope["Status"])
}

// Bare is Call for a reply that is taken as it is.
func (c *Caller) Bare(ctx context.Context, method string, params ...any) (any, error) {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0"?><methodCall><methodName>` + method + `</methodName><params>`)
	for _, p := range params {
		b.WriteString("<param>")
		writeValue(&b, p)
		b.WriteString("</param>")
	}
	b.WriteString("</params></methodCall>")
	status, text, err := c.post(ctx, "/", "text/xml", b.Bytes())
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("%s: HTTP %d", method, status)
	}
	return readValue(text)
}

func writeValue(b *bytes.Buffer, v any) {
	b.WriteString("<value>")
	switch v := v.(type) {
	case string:
		b.WriteString("<string>")
		_ = xml.EscapeText(b, []byte(v)) // a buffer takes everything
		b.WriteString("</string>")
	case int:
		fmt.Fprintf(b, "<string>%d</string>", v) // xapi: integers travel as text
	case float64:
		fmt.Fprintf(b, "<double>%v</double>", v)
	case bool:
		n := 0
		if v {
			n = 1
		}
		fmt.Fprintf(b, "<boolean>%d</boolean>", n)
	case []string:
		b.WriteString("<array><data>")
		for _, e := range v {
			writeValue(b, e)
		}
		b.WriteString("</data></array>")
	case map[string]string:
		writeStruct(b, v)
	case map[string]any:
		writeStruct(b, v)
	default:
		panic(fmt.Sprintf("conformance: no parameter can be a %T", v))
	}
	b.WriteString("</value>")
}

func writeStruct[V any](b *bytes.Buffer, m map[string]V) {
	b.WriteString("<struct>")
	for k, e := range m {
		b.WriteString("<member><name>")
		_ = xml.EscapeText(b, []byte(k)) // a buffer takes everything
		b.WriteString("</name>")
		writeValue(b, e)
		b.WriteString("</member>")
	}
	b.WriteString("</struct>")
}

// element is any element of a reply.
type element struct {
	XMLName xml.Name
	Text    string    `xml:",chardata"`
	Inner   []element `xml:",any"`
}

func readValue(text []byte) (any, error) {
	var root element
	if err := xml.Unmarshal(text, &root); err != nil {
		return nil, fmt.Errorf("the reply is no XML: %w", err)
	}
	at := &root
	for _, name := range []string{"params", "param", "value"} {
		if at = at.child(name); at == nil {
			return nil, fmt.Errorf("the reply has no %s", name)
		}
	}
	return at.value(), nil
}

func (e *element) child(name string) *element {
	for i := range e.Inner {
		if e.Inner[i].XMLName.Local == name {
			return &e.Inner[i]
		}
	}
	return nil
}

func (e *element) value() any {
	if len(e.Inner) == 0 {
		return e.Text
	}
	switch in := &e.Inner[0]; in.XMLName.Local {
	case "struct":
		m := map[string]any{}
		for i := range in.Inner {
			name, v := in.Inner[i].child("name"), in.Inner[i].child("value")
			if name != nil && v != nil {
				m[name.Text] = v.value()
			}
		}
		return m
	case "array":
		list := []any{}
		if data := in.child("data"); data != nil {
			for i := range data.Inner {
				list = append(list, data.Inner[i].value())
			}
		}
		return list
	case "boolean":
		return in.Text == "1"
	default:
		return in.Text
	}
}

func texts(v any) []string {
	list, _ := v.([]any)
	words := make([]string, 0, len(list))
	for _, e := range list {
		s, _ := e.(string)
		words = append(words, s)
	}
	return words
}
