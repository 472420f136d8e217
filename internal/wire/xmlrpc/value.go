package xmlrpc

import (
	"reflect"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// appender is a xen.Map of any key and value.
type appender interface {
	AppendKey(text string) (value any, err error)
}

// value reads the next value into what a pointer points to. The types of package xen and everything made of them are
// understood; others are a mistake of the caller, and panic.
func (d *decoder) value(into any) {
	switch v := into.(type) {
	case nil:
		d.skip()
	case *string:
		*v = d.text()
	case *int64:
		*v = d.int()
	case *float64:
		*v = d.float()
	case *bool:
		*v = d.bool()
	case *time.Time:
		*v = d.time()
	case *Raw:
		d.raw(v)
	case *xen.Void:
		d.skip() // xapi: an empty string
	case *xen.ObjectList:
		d.objects(v)
	case *[]xen.Event:
		d.events(v)
	case *xen.Event:
		d.event(v)
	case *xen.EventBatch:
		d.batch(v)
	case xen.Record:
		d.record(v)
	case appender:
		d.members(v)
	default:
		d.general(reflect.ValueOf(into).Elem())
	}
}

// members reads a struct into a map.
func (d *decoder) members(m appender) {
	for d.openStruct(); d.nextMember(); d.endMember() {
		value, err := m.AppendKey(d.memberName())
		if err != nil {
			d.mismatch(d.pos, "%v", err)
			d.skip()
			continue
		}
		d.value(value)
	}
}

// textMap reads a struct of texts. Values are interned: most are words that stand in many records.
func textMap[K, V ~string](d *decoder) xen.Map[K, V] {
	var m xen.Map[K, V]
	for d.openStruct(); d.nextMember(); d.endMember() {
		m = append(m, xen.Pair[K, V]{Key: K(d.memberName()), Value: V(d.word())})
	}
	return m
}

// general reads what has no case of its own: named texts, slices, pointers.
func (d *decoder) general(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(d.text())
	case reflect.Slice:
		for d.openArray(); d.nextItem(); {
			item := reflect.New(v.Type().Elem())
			d.value(item.Interface())
			v.Set(reflect.Append(v, item.Elem()))
		}
	case reflect.Pointer:
		target := reflect.New(v.Type().Elem())
		d.value(target.Interface())
		v.Set(target)
	default:
		panic("xmlrpc: " + v.Type().String() + " is no type of package xen")
	}
}
