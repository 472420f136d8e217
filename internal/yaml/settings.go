package yaml

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// Settings reads a flat mapping from names to a value, or to a list of values, as text. An error says in which line.
func Settings(data []byte) (map[string][]string, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	settings := map[string][]string{}
	if len(doc.Content) == 0 {
		return settings, nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: a mapping from names to values is expected", root.Line)
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		name, value := root.Content[i], root.Content[i+1]
		if _, twice := settings[name.Value]; twice {
			return nil, fmt.Errorf("line %d: %s is given twice", name.Line, name.Value)
		}
		texts, err := scalars(value)
		if err != nil {
			return nil, fmt.Errorf("line %d: %s: %w", value.Line, name.Value, err)
		}
		settings[name.Value] = texts
	}
	return settings, nil
}

// scalars is the text of a value, or of each item of a list.
func scalars(n *yaml.Node) ([]string, error) {
	switch n.Kind {
	case yaml.ScalarNode:
		return []string{n.Value}, nil
	case yaml.SequenceNode:
		var texts []string
		for _, item := range n.Content {
			if item.Kind != yaml.ScalarNode {
				return nil, fmt.Errorf("item %d is no plain value", len(texts)+1)
			}
			texts = append(texts, item.Value)
		}
		return texts, nil
	}
	return nil, fmt.Errorf("a value or a list of values is expected")
}
