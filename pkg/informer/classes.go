package informer

import (
	"fmt"
	"slices"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// listable reports whether objects of a class can be both listed and followed: only those can be kept.
func listable(class xen.Class) bool { return class.HasEvents() && class.HasGetAllRecords() }

// subscription turns the classes that somebody wants, nil being all, into those to list, sorted as changes will be, and
// into the words that the server is asked with.
func subscription(wanted []xen.Class) (listed []xen.Class, words []string, err error) {
	if wanted == nil {
		return slices.DeleteFunc(slices.Sorted(slices.Values(xen.Classes())), func(c xen.Class) bool { return !listable(c) }), []string{"*"}, nil
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
