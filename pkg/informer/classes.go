package informer

import (
	"fmt"
	"slices"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// listable reports whether objects of a class can be both listed and followed: only those can be kept.
func listable(class xen.Class) bool { return class.HasEvents() && class.HasGetAllRecords() }

// everything is what is kept where nobody says what: all that can be kept but roles. xapi: they are part of the program, the
// same as long as a server lives, and with a megabyte four fifths of the lists of a pool of 15 VMs.
func everything() []xen.Class {
	all := slices.Sorted(slices.Values(xen.Classes()))
	return slices.DeleteFunc(all, func(c xen.Class) bool { return !listable(c) || c == xen.ClassRole })
}

// subscription turns the classes that somebody wants, nil being everything, into those to list, sorted as changes will be,
// and into the words that the server is asked with.
func subscription(wanted []xen.Class) (listed []xen.Class, words []string, err error) {
	if wanted == nil {
		return everything(), []string{"*"}, nil
	}
	listed = append([]xen.Class{xen.ClassPool, xen.ClassHost}, wanted...)
	slices.Sort(listed)
	listed = slices.Compact(listed)
	for _, class := range listed {
		if !listable(class) {
			return nil, nil, fmt.Errorf("objects of class %q cannot be kept: the pool does not list them, or tells no events", class)
		}
		words = append(words, class.EventWord())
	}
	return listed, words, nil
}
