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

// classes maps the datamodel to tables. Made once for a store, then only read.
func classes(indexes []Indexer) (list []*class, byName map[xen.Class]*class) {
	byName = map[xen.Class]*class{}
	names := xen.Classes()
	slices.Sort(names)
	for i, name := range names {
		c := &class{name: name, at: i}
		_, c.label = xen.NewRecord(name).(named)
		list = append(list, c)
		byName[name] = c
	}
	for _, x := range indexes {
		c := byName[x.of().class]
		c.own = append(c.own, x.of())
	}
	return list, byName
}

// named is a record of a class with name_labels.
type named interface{ ObjectName() string }

// labelOf is the name_label of a record, and whether its class has them.
func (c *class) labelOf(r xen.Record) (string, bool) {
	if !c.label {
		return "", false
	}
	return xen.NameOf(r), true
}

// hostOf is the host that an object is resident on, for the class that has that index: the VM. False where it is on none.
func hostOf(r xen.Record) (string, bool) {
	vm, ok := r.(*xen.VM)
	if !ok || vm.ResidentOn.IsNull() {
		return "", false
	}
	return string(vm.ResidentOn), true
}
