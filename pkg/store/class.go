package store

import (
	"slices"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// class is what the store knows of a class before it has seen an object of it.
type class struct {
	name  xen.Class
	at    int      // of its table in a root
	label bool     // its objects have a name_label
	own   []*index // users' indexes, in the order that New was given them
}

// schema maps the datamodel to tables. Made once for a store, then only read.
type schema struct {
	classes []*class // sorted
	byName  map[xen.Class]*class
}

func newSchema(indexes []Indexer) *schema {
	s := &schema{byName: map[xen.Class]*class{}}
	names := xen.Classes()
	slices.Sort(names)
	for i, name := range names {
		c := &class{name: name, at: i}
		_, c.label = xen.NewRecord(name).(named)
		s.classes = append(s.classes, c)
		s.byName[name] = c
	}
	for _, x := range indexes {
		c := s.byName[x.of().class]
		c.own = append(c.own, x.of())
	}
	return s
}

// named is a record of a class with name_labels.
type named interface{ ObjectName() string }
