package wiretest

import (
	"reflect"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/internal/datamodel"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Target makes what the result of a call is decoded into; false where the datamodel does not say.
func Target(model *datamodel.Model, method string) (into any, ok bool) {
	if strings.HasPrefix(method, "Async.") {
		return new(string), true
	}
	className, name, _ := strings.Cut(method, ".")
	class := model.Class(className)
	switch {
	case method == "system.listMethods":
		return new([]string), true
	case class == nil || class.Message(name) == nil:
		return nil, false
	case name == "get_all_records" || name == "get_all_records_where":
		return &xen.ObjectList{Class: xen.Class(className)}, true
	}
	t, ok := targetType(class.Message(name).ResultType)
	if !ok {
		return nil, false
	}
	return reflect.New(t).Interface(), true
}

// targetType is a type of the datamodel in Go; references and words of enumerations are plain strings here.
func targetType(t datamodel.Type) (reflect.Type, bool) {
	switch t.Kind {
	case datamodel.String, datamodel.Ref, datamodel.EnumKind:
		return reflect.TypeFor[string](), true
	case datamodel.Int:
		return reflect.TypeFor[int64](), true
	case datamodel.Float:
		return reflect.TypeFor[float64](), true
	case datamodel.Bool:
		return reflect.TypeFor[bool](), true
	case datamodel.Datetime:
		return reflect.TypeFor[time.Time](), true
	case datamodel.Void:
		return reflect.TypeFor[xen.Void](), true
	case datamodel.EventBatch:
		return reflect.TypeFor[xen.EventBatch](), true
	case datamodel.RecordKind:
		if t.Name == "event" {
			return reflect.TypeFor[xen.Event](), true
		}
		return reflect.TypeOf(xen.NewRecord(xen.Class(t.Name))), true
	case datamodel.SetKind:
		elem, ok := targetType(*t.Elem)
		if !ok {
			return nil, false
		}
		return reflect.SliceOf(elem), true
	case datamodel.Option:
		elem, ok := targetType(*t.Elem)
		if !ok {
			return nil, false
		}
		return reflect.PointerTo(elem), true
	case datamodel.MapKind:
		return mapType(t)
	}
	return nil, false
}

// mapType is the type of a map; maps of records are not among them.
func mapType(t datamodel.Type) (reflect.Type, bool) {
	switch elem := *t.Elem; {
	case t.Key.Kind == datamodel.Int:
		return nil, false
	case elem.Kind == datamodel.Int:
		return reflect.TypeFor[xen.Map[string, int64]](), true
	case elem.Kind == datamodel.SetKind && elem.Elem.Kind != datamodel.SetKind:
		return reflect.TypeFor[xen.Map[string, []string]](), true
	case elem.Kind == datamodel.MapKind:
		return reflect.TypeFor[xen.Map[string, xen.Map[string, string]]](), true
	case elem.Kind == datamodel.String, elem.Kind == datamodel.Ref, elem.Kind == datamodel.EnumKind:
		return reflect.TypeFor[xen.Map[string, string]](), true
	}
	return nil, false
}
