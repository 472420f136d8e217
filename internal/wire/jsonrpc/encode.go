package jsonrpc

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Version is a version of JSON-RPC.
type Version string

// The versions that xapi reads. Hosts before 7.3 answer as version 1.0 whatever is asked.
const (
	V1 Version = "1.0"
	V2 Version = "2.0"
)

// EncodeCall writes a method call. Parameters are Go values of the types of package xen. It fails where a value is none
// that XAPI knows, or a text is not valid UTF-8. xapi: an id is needed, and params has to be an array.
func EncodeCall(version Version, id int64, method string, params ...any) ([]byte, error) {
	e := encoder{out: make([]byte, 0, 256)}
	e.out = append(e.out, '{')
	if version != V1 {
		e.out = append(e.out, `"jsonrpc":"2.0",`...)
	}
	e.out = append(e.out, `"id":`...)
	e.out = strconv.AppendInt(e.out, id, 10)
	e.out = append(e.out, `,"method":`...)
	if err := e.text(method); err != nil {
		return nil, fmt.Errorf("encoding the method: %w", err)
	}
	e.out = append(e.out, `,"params":[`...)
	for i, p := range params {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		if err := e.value(reflect.ValueOf(p)); err != nil {
			return nil, fmt.Errorf("parameter %d of %s: %w", i+1, method, err)
		}
	}
	return append(e.out, ']', '}'), nil
}

// encoder appends values as XAPI reads them.
type encoder struct{ out []byte }

var errNil = errors.New("nil is no XAPI value")

func (e *encoder) value(v reflect.Value) error {
	if !v.IsValid() {
		return errNil
	}
	if t, ok := reflect.TypeAssert[time.Time](v); ok {
		return e.text(t.UTC().Format("20060102T15:04:05Z"))
	}
	switch v.Kind() {
	case reflect.String:
		return e.text(v.String())
	case reflect.Bool:
		e.out = strconv.AppendBool(e.out, v.Bool())
	case reflect.Int, reflect.Int64:
		e.out = strconv.AppendInt(e.out, v.Int(), 10)
	case reflect.Float64:
		return e.float(v.Float())
	case reflect.Pointer:
		if v.IsNil() {
			return errNil
		}
		return e.value(v.Elem())
	case reflect.Slice:
		return e.set(v)
	case reflect.Map:
		return e.goMap(v)
	case reflect.Struct:
		return e.record(v)
	default:
		return fmt.Errorf("a %s is no XAPI value", v.Type())
	}
	return nil
}

// float writes a float so that it cannot be taken for an integer. xapi: a number without fraction is an int.
func (e *encoder) float(f float64) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Errorf("%v is nothing that JSON can carry", f)
	}
	start := len(e.out)
	e.out = strconv.AppendFloat(e.out, f, 'g', -1, 64)
	if !slices.ContainsFunc(e.out[start:], func(c byte) bool { return c == '.' || c == 'e' }) {
		e.out = append(e.out, '.', '0')
	}
	return nil
}

// text writes a string. Control characters are escaped; whether the parameter may have them is the server's business.
func (e *encoder) text(s string) error {
	if !utf8.ValidString(s) {
		return errors.New("the text is not valid UTF-8")
	}
	e.out = append(e.out, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			e.out = append(e.out, '\\', c)
		case c < 0x20 || c == 0x7f:
			e.out = fmt.Appendf(e.out, `\u%04x`, c)
		default:
			e.out = append(e.out, c)
		}
	}
	e.out = append(e.out, '"')
	return nil
}

// set writes a slice as an array, and a xen.Map, which is a slice of pairs, as an object.
func (e *encoder) set(v reflect.Value) error {
	if isPair(v.Type().Elem()) {
		return e.object(v.Len(), func(i int) (string, reflect.Value) {
			return fmt.Sprint(v.Index(i).Field(0).Interface()), v.Index(i).Field(1)
		})
	}
	e.out = append(e.out, '[')
	for i := range v.Len() {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		if err := e.value(v.Index(i)); err != nil {
			return err
		}
	}
	e.out = append(e.out, ']')
	return nil
}

// isPair recognises xen.Pair by its shape.
func isPair(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.NumField() == 2 && t.Field(0).Name == "Key" && t.Field(1).Name == "Value"
}

// goMap writes a Go map with textual keys as an object, in the order of its keys.
func (e *encoder) goMap(v reflect.Value) error {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		return strings.Compare(fmt.Sprint(a.Interface()), fmt.Sprint(b.Interface()))
	})
	return e.object(len(keys), func(i int) (string, reflect.Value) {
		return fmt.Sprint(keys[i].Interface()), v.MapIndex(keys[i])
	})
}

// record writes a record as an object with the wire's member names, for the create calls. An option that is not there is
// left out.
func (e *encoder) record(v reflect.Value) error {
	var fields []int
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if field := v.Field(i); name != "" && name != "-" && (field.Kind() != reflect.Pointer || !field.IsNil()) {
			fields = append(fields, i)
		}
	}
	return e.object(len(fields), func(i int) (string, reflect.Value) {
		name, _, _ := strings.Cut(v.Type().Field(fields[i]).Tag.Get("json"), ",")
		return name, v.Field(fields[i])
	})
}

// object writes n members.
func (e *encoder) object(n int, member func(i int) (name string, value reflect.Value)) error {
	e.out = append(e.out, '{')
	for i := range n {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		name, value := member(i)
		if err := e.text(name); err != nil {
			return err
		}
		e.out = append(e.out, ':')
		if err := e.value(value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	e.out = append(e.out, '}')
	return nil
}
