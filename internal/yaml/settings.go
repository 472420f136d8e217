package yaml

import "fmt"

// Settings reads a flat mapping from names to a value, or to a list of values, as text. An error says in which line.
func Settings(data []byte) (map[string][]string, error) {
	settings := map[string][]string{}
	root, err := Parse(string(data))
	if err != nil || root == nil {
		return settings, err
	}
	if root.Kind != Mapping {
		return nil, fmt.Errorf("line %d: a mapping from names to values is expected", root.Line)
	}
	for i := 0; i+1 < len(root.Children); i += 2 {
		name, value := root.Children[i], root.Children[i+1]
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
func scalars(n *Node) ([]string, error) {
	switch n.Kind {
	case Scalar:
		return []string{n.Value}, nil
	case List:
		var texts []string
		for _, item := range n.Children {
			if item.Kind != Scalar {
				return nil, fmt.Errorf("item %d is no plain value", len(texts)+1)
			}
			texts = append(texts, item.Value)
		}
		return texts, nil
	case Mapping:
	}
	return nil, fmt.Errorf("a value or a list of values is expected")
}
