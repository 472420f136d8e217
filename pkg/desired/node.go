package desired

import "github.com/xencontroller/xencontroller/internal/yaml"

// node is one value of a YAML document. A tree of them can contain itself.
type node = yaml.Node

// position counts from 1: lines in the file, columns in characters.
type position struct{ line, column int }
