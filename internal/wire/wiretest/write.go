package wiretest

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// XMLReply is a successful reply with a value that is written already.
func XMLReply(value string) string {
	return `<?xml version="1.0"?><methodResponse><params><param><value><struct><member><name>Status</name><value>Success</value></member>` +
		`<member><name>Value</name>` + value + `</member></struct></value></param></params></methodResponse>`
}

// JSONReply is a successful reply of JSON-RPC 2.0 with a value that is written already.
func JSONReply(value string) string { return `{"jsonrpc":"2.0","result":` + value + `,"id":1}` }

// XMLList is what get_all_records returns for objects, as XML-RPC.
func XMLList(objects []xen.Object) string {
	var b strings.Builder
	b.WriteString("<value><struct>")
	for _, o := range objects {
		b.WriteString("<member><name>" + o.Ref + "</name>")
		writeXML(&b, reflect.ValueOf(o.Record))
		b.WriteString("</member>")
	}
	b.WriteString("</struct></value>")
	return b.String()
}

// JSONList is what get_all_records returns for objects, as JSON.
func JSONList(objects []xen.Object) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, o := range objects {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(o.Ref) + ":")
		writeJSON(&b, reflect.ValueOf(o.Record))
	}
	b.WriteByte('}')
	return b.String()
}

// XML writes a value of the types of package xen as xapi does.
func XML(v any) string {
	var b strings.Builder
	writeXML(&b, reflect.ValueOf(v))
	return b.String()
}

// JSON writes a value of the types of package xen as xapi does.
func JSON(v any) string {
	var b strings.Builder
	writeJSON(&b, reflect.ValueOf(v))
	return b.String()
}

func writeXML(b *strings.Builder, v reflect.Value) {
	if v.Kind() == reflect.Pointer {
		writeXML(b, v.Elem())
		return
	}
	b.WriteString("<value>")
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		t, _ := reflect.TypeAssert[time.Time](v)
		b.WriteString("<dateTime.iso8601>" + t.Format("20060102T15:04:05Z") + "</dateTime.iso8601>")
	case v.Kind() == reflect.String:
		_ = xml.EscapeText(b, []byte(v.String())) // a strings.Builder does not fail
	case v.Kind() == reflect.Int64:
		fmt.Fprint(b, v.Int())
	case v.Kind() == reflect.Float64:
		fmt.Fprintf(b, "<double>%.16g</double>", v.Float())
	case v.Kind() == reflect.Bool && v.Bool():
		b.WriteString("<boolean>1</boolean>")
	case v.Kind() == reflect.Bool:
		b.WriteString("<boolean>0</boolean>")
	case isMap(v.Type()) || v.Kind() == reflect.Struct:
		b.WriteString("<struct>")
		for name, value := range members(v) {
			b.WriteString("<member><name>" + name + "</name>")
			writeXML(b, value)
			b.WriteString("</member>")
		}
		b.WriteString("</struct>")
	case v.Kind() == reflect.Slice:
		b.WriteString("<array><data>")
		for i := range v.Len() {
			writeXML(b, v.Index(i))
		}
		b.WriteString("</data></array>")
	}
	b.WriteString("</value>")
}

func writeJSON(b *strings.Builder, v reflect.Value) {
	switch {
	case v.Kind() == reflect.Pointer:
		writeJSON(b, v.Elem())
	case v.Type() == reflect.TypeFor[time.Time]():
		t, _ := reflect.TypeAssert[time.Time](v)
		b.WriteString(`"` + t.Format("20060102T15:04:05Z") + `"`)
	case v.Kind() == reflect.String:
		var text strings.Builder
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false)
		_ = e.Encode(v.String()) // a strings.Builder does not fail
		b.WriteString(strings.TrimSuffix(text.String(), "\n"))
	case v.Kind() == reflect.Float64:
		text := strconv.FormatFloat(v.Float(), 'g', -1, 64)
		if !strings.ContainsAny(text, ".e") {
			text += ".0"
		}
		b.WriteString(text)
	case isMap(v.Type()) || v.Kind() == reflect.Struct:
		b.WriteByte('{')
		first := true
		for name, value := range members(v) {
			if !first {
				b.WriteByte(',')
			}
			first = false
			writeJSON(b, reflect.ValueOf(name))
			b.WriteByte(':')
			writeJSON(b, value)
		}
		b.WriteByte('}')
	case v.Kind() == reflect.Slice:
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, v.Index(i))
		}
		b.WriteByte(']')
	default: // int64, bool
		fmt.Fprint(b, v.Interface())
	}
}

// isMap recognises a xen.Map by its shape.
func isMap(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct && t.Elem().NumField() == 2 && t.Elem().Field(0).Name == "Key"
}

// members walks over the members of a record or a map.
func members(v reflect.Value) func(func(string, reflect.Value) bool) {
	return func(yield func(string, reflect.Value) bool) {
		if v.Kind() == reflect.Slice {
			for i := range v.Len() {
				if !yield(fmt.Sprint(v.Index(i).Field(0).Interface()), v.Index(i).Field(1)) {
					return
				}
			}
			return
		}
		for i := range v.NumField() {
			field := v.Field(i)
			name := v.Type().Field(i).Tag.Get("json")
			if name == "-" || field.Kind() == reflect.Pointer && field.IsNil() {
				continue
			}
			if !yield(name, field) {
				return
			}
		}
	}
}
