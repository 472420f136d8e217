package store

import (
	"math"
	"reflect"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// same reports whether two records of one class say the same. Servers tell much that is no news: an event for each
// forwarded call, the heartbeat of the pool, a whole list after a lost event. Nobody is woken for those.
//
// It compares field by field through reflection, without allocating: one microsecond for two equal VMs.
func same(a, b xen.Record) bool {
	if a == b {
		return true
	}
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	if x.Type() != y.Type() || x.IsNil() || y.IsNil() {
		return false
	}
	return sameValue(x.Elem(), y.Elem())
}

// sameValue compares two values of one type; both must be addressable. A kind of value that no record has is different
// from itself: a change too many is harmless, a change too few is not.
func sameValue(x, y reflect.Value) bool {
	switch x.Kind() {
	case reflect.String:
		return x.String() == y.String()
	case reflect.Int64:
		return x.Int() == y.Int()
	case reflect.Bool:
		return x.Bool() == y.Bool()
	case reflect.Float64:
		return math.Float64bits(x.Float()) == math.Float64bits(y.Float()) // NaN is news once
	case reflect.Slice:
		return sameElements(x, y)
	case reflect.Struct:
		return sameFields(x, y)
	case reflect.Pointer:
		return x.IsNil() == y.IsNil() && (x.IsNil() || sameValue(x.Elem(), y.Elem()))
	default:
		return false
	}
}

// sameElements compares sets and maps. xapi: their order is that of the database and does not change by itself.
func sameElements(x, y reflect.Value) bool {
	if x.Len() != y.Len() {
		return false
	}
	if x.Len() == 0 || x.UnsafePointer() == y.UnsafePointer() { // a decoder may share equal values
		return true
	}
	for i := range x.Len() {
		if !sameValue(x.Index(i), y.Index(i)) {
			return false
		}
	}
	return true
}

func sameFields(x, y reflect.Value) bool {
	if t, ok := reflect.TypeAssert[*time.Time](x.Addr()); ok {
		u, _ := reflect.TypeAssert[*time.Time](y.Addr()) // both are of one type
		return t.Equal(*u)
	}
	for i := range x.NumField() {
		if !sameValue(x.Field(i), y.Field(i)) {
			return false
		}
	}
	return true
}
