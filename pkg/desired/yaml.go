package desired

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"gopkg.in/yaml.v3"
)

// This file is all that knows yaml.v3 (archived upstream): text in, a tree of nodes with their places out. Another parser
// has to write the tree again, and nothing else.

type nodeKind uint8

const (
	scalarNode nodeKind = iota
	listNode
	mappingNode
)

// node is one value of a YAML document. Where the text has an alias (*x), the tree has the very node of the anchor (&x):
// nothing is copied, so no text can make a tree larger than itself, but a tree can contain itself.
type node struct {
	kind     nodeKind
	tag      string  // as YAML resolves it: !!str, !!int, !!bool, !!null, !!map, … or what the text says
	value    string  // of a scalar
	children []*node // of a list: its items; of a mapping: key, value, key, value, …
	position
}

// position counts from 1: lines in the file, columns in characters.
type position struct{ line, column int }

// yamlError is what the parser says about text that is not YAML.
type yamlError struct{ message string }

func (e *yamlError) Error() string { return e.message }

// parseYAML reads text that holds one document or nothing (nil). Positions are relative to the text.
func parseYAML(text string) (tree *node, err error) {
	defer func() { // yaml.v3 is known to panic on some malformed texts
		if r := recover(); r != nil {
			tree, err = nil, &yamlError{fmt.Sprintf("the parser gave up: %v", r)}
		}
	}()
	dec := yaml.NewDecoder(strings.NewReader(text))
	var root, rest yaml.Node
	if err := dec.Decode(&root); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, &yamlError{err.Error()}
	}
	switch err := dec.Decode(&rest); {
	case err == nil:
		return nil, &yamlError{"did not find expected <document start>"}
	case !errors.Is(err, io.EOF):
		return nil, &yamlError{err.Error()}
	}
	return convert(&root, map[*yaml.Node]*node{}), nil
}

// convert makes a node of one of yaml.v3's; done holds those that exist, so that an alias is the anchor's node.
func convert(y *yaml.Node, done map[*yaml.Node]*node) *node {
	switch {
	case y.Kind == yaml.DocumentNode:
		return convert(y.Content[0], done)
	case y.Kind == yaml.AliasNode:
		return convert(y.Alias, done)
	case done[y] != nil:
		return done[y]
	}
	n := &node{tag: y.ShortTag(), value: y.Value, position: position{y.Line, y.Column}}
	done[y] = n
	switch y.Kind {
	case yaml.MappingNode:
		n.kind = mappingNode
	case yaml.SequenceNode:
		n.kind = listNode
	}
	for _, c := range y.Content {
		n.children = append(n.children, convert(c, done))
	}
	return n
}
