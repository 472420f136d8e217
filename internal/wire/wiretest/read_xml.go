package wiretest

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// element is an element of a document.
type element struct {
	name     string
	text     string
	children []*element
}

// ReadXML reads a reply with the standard library: its value, or the failure that it reports.
func ReadXML(body string) (*Node, error) {
	root, err := readElements(body)
	if err != nil {
		return nil, err
	}
	at := root
	for _, name := range []string{"methodResponse", "params", "param", "value"} {
		if len(at.children) == 0 || at.children[0].name != name {
			return nil, fmt.Errorf("no %s", name)
		}
		at = at.children[0]
	}
	reply, err := at.node()
	if err != nil || reply.Kind != "map" {
		return reply, err
	}
	switch status := reply.Get("Status"); {
	case status != nil && status.Text == "Success" && reply.Get("Value") != nil:
		return reply.Get("Value"), nil
	case status != nil && status.Text == "Failure" && reply.Get("ErrorDescription") != nil:
		return nil, failure(reply.Get("ErrorDescription").Items)
	}
	return nil, errors.New("neither success nor failure")
}

// failure is what a list of words says.
func failure(words []*Node) error {
	if len(words) == 0 || words[0].Text == "" {
		return errors.New("a failure without a code")
	}
	fault := &xen.Error{Code: xen.ErrorCode(words[0].Text), Params: []string{}}
	for _, word := range words[1:] {
		fault.Params = append(fault.Params, word.Text)
	}
	return fault
}

func readElements(body string) (*element, error) {
	d := xml.NewDecoder(strings.NewReader(body))
	root := &element{}
	stack := []*element{root}
	for {
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) && len(stack) == 1 {
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			e := &element{name: tok.Name.Local}
			top.children = append(top.children, e)
			stack = append(stack, e)
		case xml.EndElement:
			if tok.Name.Local != top.name {
				return nil, fmt.Errorf("</%s> closes <%s>", tok.Name.Local, top.name)
			}
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(tok)
		}
	}
}

// node is a <value>.
func (e *element) node() (*Node, error) {
	if len(e.children) == 0 {
		return &Node{Kind: "text", Text: e.text}, nil
	}
	inner := e.children[0]
	switch {
	case e.name != "value" || len(e.children) > 1:
		return nil, fmt.Errorf("<%s> with %d elements", e.name, len(e.children))
	case strings.Trim(e.text, " \t\r\n") != "":
		return nil, errors.New("a value with text beside its element")
	case inner.name == "array":
		return inner.set()
	case inner.name == "struct":
		return inner.members()
	case len(inner.children) == 0:
		return &Node{Kind: "text", Text: inner.text}, nil
	}
	return nil, fmt.Errorf("<%s> with elements", inner.name)
}

func (e *element) set() (*Node, error) {
	n := &Node{Kind: "set"}
	if len(e.children) == 0 {
		return n, nil
	}
	for _, child := range e.children[0].children {
		item, err := child.node()
		if err != nil {
			return nil, err
		}
		n.Items = append(n.Items, item)
	}
	return n, nil
}

func (e *element) members() (*Node, error) {
	n := &Node{Kind: "map"}
	for _, member := range e.children {
		if len(member.children) != 2 || member.children[0].name != "name" {
			return nil, errors.New("a member that is not name and value")
		}
		value, err := member.children[1].node()
		if err != nil {
			return nil, err
		}
		n.Names = append(n.Names, member.children[0].text)
		n.Items = append(n.Items, value)
	}
	return n, nil
}
