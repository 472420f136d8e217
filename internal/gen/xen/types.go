package main

import (
	"fmt"
	"strings"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

// goType turns a type of the datamodel into Go.
func goType(t datamodel.Type) string {
	switch t.Kind {
	case datamodel.String, datamodel.Bool:
		return string(t.Kind)
	case datamodel.Int:
		return "int64"
	case datamodel.Float:
		return "float64"
	case datamodel.Datetime:
		return "time.Time"
	case datamodel.Void:
		return "Void"
	case datamodel.EventBatch:
		return "EventBatch"
	case datamodel.EnumKind:
		typ, _ := enumNames(t.Name)
		return typ
	case datamodel.Ref:
		return camel(t.Name) + "Ref"
	case datamodel.RecordKind:
		return recordType(t.Name)
	case datamodel.SetKind:
		return "[]" + goType(*t.Elem)
	case datamodel.MapKind:
		return fmt.Sprintf("Map[%s, %s]", goType(*t.Key), goType(*t.Elem))
	case datamodel.Option:
		return "*" + strings.TrimPrefix(goType(*t.Elem), "*") // a record is a pointer already
	}
	fatal(fmt.Errorf("no Go type for %s", t))
	return ""
}

// recordType is a record in Go: a pointer to its struct, but for the event, which is small and written by hand.
func recordType(class string) string {
	if class == "event" {
		return "Event"
	}
	return "*" + recordName(class)
}

// recordName is the name of a class's struct. The class message gives way to the generic type Message.
func recordName(class string) string {
	if class == "message" {
		return "MessageRecord"
	}
	return camel(class)
}

// usesTime reports whether a body names the package time.
func usesTime(body string) bool { return strings.Contains(body, "time.Time") }
