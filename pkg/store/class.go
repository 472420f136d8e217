package store

import (
	"reflect"
	"slices"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// class is what the store knows of a class before it has seen an object of it.
type class struct {
	name  xen.Class
	at    int   // of its table in a root
	label []int // of the field NameLabel in the record, as reflect counts; nil: the class has none
}

// classes maps the datamodel to tables. Made once for a store, then only read.
func classes() (list []*class, byName map[xen.Class]*class) {
	byName = map[xen.Class]*class{}
	names := xen.Classes()
	slices.Sort(names)
	for i, name := range names {
		c := &class{name: name, at: i}
		if r := xen.NewRecord(name); r != nil {
			if field, ok := reflect.TypeOf(r).Elem().FieldByName("NameLabel"); ok && field.Type.Kind() == reflect.String {
				c.label = field.Index
			}
		}
		list = append(list, c)
		byName[name] = c
	}
	return list, byName
}

// labelOf is the name_label of a record, and whether its class has them.
func (c *class) labelOf(r xen.Record) (string, bool) {
	if c.label == nil {
		return "", false
	}
	return reflect.ValueOf(r).Elem().FieldByIndex(c.label).String(), true
}

// hostOf is the host that an object is resident on, for the class that has that index: the VM. False where it is on none.
func hostOf(r xen.Record) (string, bool) {
	vm, ok := r.(*xen.VM)
	if !ok || vm.ResidentOn.IsNull() {
		return "", false
	}
	return string(vm.ResidentOn), true
}
