package wiretest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// ReadJSON reads a reply with the standard library: its result, or the failure that it reports.
func ReadJSON(body string) (*Node, error) {
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	reply, err := readNode(d)
	if err != nil {
		return nil, err
	}
	switch fault := reply.Get("error"); {
	case fault != nil && fault.Kind == "set":
		return nil, failure(fault.Items)
	case fault != nil && fault.Kind == "map" && fault.Get("message") != nil:
		words := []*Node{fault.Get("message")}
		if data := fault.Get("data"); data != nil {
			words = append(words, data.Items...)
		}
		return nil, failure(words)
	case (fault == nil || fault.Kind == "null") && reply.Get("result") != nil:
		return reply.Get("result"), nil
	}
	return nil, errors.New("neither result nor error")
}

func readNode(d *json.Decoder) (*Node, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		return readCompound(d, token)
	case string:
		return &Node{Kind: "text", Text: token}, nil
	case json.Number:
		return &Node{Kind: "number", Text: token.String()}, nil
	case bool:
		return &Node{Kind: "word", Text: fmt.Sprint(token)}, nil
	}
	return &Node{Kind: "null"}, nil
}

func readCompound(d *json.Decoder, open json.Delim) (*Node, error) {
	n := &Node{Kind: "set"}
	if open == '{' {
		n.Kind = "map"
	}
	for d.More() {
		if n.Kind == "map" {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			text, ok := name.(string)
			if !ok {
				return nil, fmt.Errorf("%v for a name", name)
			}
			n.Names = append(n.Names, text)
		}
		item, err := readNode(d)
		if err != nil {
			return nil, err
		}
		n.Items = append(n.Items, item)
	}
	_, err := d.Token()
	return n, err
}
