package xmlrpc

import "github.com/xencontroller/xencontroller/internal/wire/record"

// newShape is how the records of a class are written.
func newShape(id int, names ...string) *record.Shape {
	return record.NewShape(id, begin, goOn, names...)
}

func begin(name string) string { return "<struct><member><name>" + name + "</name><value>" }

func goOn(name string) string { return "</value></member><member><name>" + name + "</name><value>" }
