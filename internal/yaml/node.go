package yaml

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"gopkg.in/yaml.v3"
)

// Kind is the shape of a node.
type Kind uint8

// The shapes.
const (
	Scalar Kind = iota
	List
	Mapping
)

// Node is one value of a YAML document. Where the text has an alias (*x), the tree has the very node of the anchor (&x):
// nothing is copied, so no text can make a tree larger than itself, but a tree can contain itself.
type Node struct {
	Kind     Kind
	Tag      string  // as YAML resolves it: !!str, !!int, !!bool, !!null, !!map, … or what the text says
	Value    string  // of a scalar
	Children []*Node // of a list: its items; of a mapping: key, value, key, value, …
	Line     int     // from 1, in the text
	Column   int     // from 1, in characters
}

// Error is what the parser says about text that is not YAML.
type Error struct{ Message string }

// Error gives the words of the parser.
func (e *Error) Error() string { return e.Message }

// Parse reads text that holds one document or nothing (nil). Errors are of type *Error.
func Parse(text string) (tree *Node, err error) {
	defer func() { // yaml.v3 is known to panic on some malformed texts
		if r := recover(); r != nil {
			tree, err = nil, &Error{fmt.Sprintf("the parser gave up: %v", r)}
		}
	}()
	dec := yaml.NewDecoder(strings.NewReader(text))
	var root, rest yaml.Node
	if err := dec.Decode(&root); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, &Error{err.Error()}
	}
	switch err := dec.Decode(&rest); {
	case err == nil:
		return nil, &Error{"did not find expected <document start>"}
	case !errors.Is(err, io.EOF):
		return nil, &Error{err.Error()}
	}
	return convert(&root, map[*yaml.Node]*Node{}), nil
}

// convert makes a node of one of yaml.v3's; done holds those that exist, so that an alias is the anchor's node.
func convert(y *yaml.Node, done map[*yaml.Node]*Node) *Node {
	switch {
	case y.Kind == yaml.DocumentNode:
		return convert(y.Content[0], done)
	case y.Kind == yaml.AliasNode:
		return convert(y.Alias, done)
	case done[y] != nil:
		return done[y]
	}
	n := &Node{Tag: y.ShortTag(), Value: y.Value, Line: y.Line, Column: y.Column}
	done[y] = n
	switch y.Kind {
	case yaml.MappingNode:
		n.Kind = Mapping
	case yaml.SequenceNode:
		n.Kind = List
	}
	for _, c := range y.Content {
		n.Children = append(n.Children, convert(c, done))
	}
	return n
}

// Marshal writes a value as YAML, with the names and the order that it has as JSON.
func Marshal(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var doc yaml.Node // JSON is YAML
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	blockStyle(&doc)
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return nil, err
	}
	return out.Bytes(), enc.Close()
}

// blockStyle takes JSON's braces and quotes away; the encoder quotes again what needs it.
func blockStyle(n *yaml.Node) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!str" {
		n.Style = 0
	}
	for _, c := range n.Content {
		blockStyle(c)
	}
}
