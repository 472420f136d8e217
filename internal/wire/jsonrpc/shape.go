package jsonrpc

import "github.com/xencontroller/xencontroller/internal/wire/record"

// newShape is how the records of a class are written.
func newShape(id int, names ...string) *record.Shape {
	return record.NewShape(id, begin, goOn, names...)
}

func begin(name string) string { return `{"` + name + `":` }

func goOn(name string) string { return `,"` + name + `":` }
