package xmlrpc

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kolo/xmlrpc"
)

// EncodeCall writes a method call. Parameters are Go values of the types of package xen. It fails where a text holds
// what XML cannot carry: xapi answers such a request with a page of HTML and closes the connection.
func EncodeCall(method string, params ...any) ([]byte, error) {
	args := make([]any, len(params))
	for i, p := range params {
		arg, err := argument(reflect.ValueOf(p))
		if err != nil {
			return nil, fmt.Errorf("parameter %d of %s: %w", i+1, method, err)
		}
		args[i] = arg
	}
	body, err := xmlrpc.EncodeMethodCall(method, args...)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", method, err)
	}
	return body, nil
}

// argument turns a value into one that kolo's encoder writes as XAPI reads it.
func argument(v reflect.Value) (any, error) {
	if !v.IsValid() {
		return nil, fmt.Errorf("nil is no XAPI value")
	}
	if t, ok := reflect.TypeAssert[time.Time](v); ok {
		// xapi takes a date as text too, and text can say UTC, which kolo's <dateTime.iso8601> cannot.
		return t.UTC().Format("20060102T15:04:05Z"), nil
	}
	switch v.Kind() {
	case reflect.String:
		return v.String(), checkText(v.String())
	case reflect.Bool, reflect.Int, reflect.Int64, reflect.Float64:
		return v.Interface(), nil
	case reflect.Pointer:
		if v.IsNil() {
			return nil, fmt.Errorf("nil is no XAPI value")
		}
		return argument(v.Elem())
	case reflect.Slice:
		return setArgument(v)
	case reflect.Map:
		return mapArgument(v)
	case reflect.Struct:
		return recordArgument(v)
	}
	return nil, fmt.Errorf("a %s is no XAPI value", v.Type())
}

// setArgument turns a slice into an array, and a xen.Map, which is a slice of pairs, into a struct.
func setArgument(v reflect.Value) (any, error) {
	if isPair(v.Type().Elem()) {
		members := make(map[string]any, v.Len())
		for i := range v.Len() {
			pair := v.Index(i)
			if err := addMember(members, fmt.Sprint(pair.Field(0).Interface()), pair.Field(1)); err != nil {
				return nil, err
			}
		}
		return members, nil
	}
	set := make([]any, v.Len())
	for i := range v.Len() {
		arg, err := argument(v.Index(i))
		if err != nil {
			return nil, err
		}
		set[i] = arg
	}
	return set, nil
}

// isPair recognises xen.Pair by its shape.
func isPair(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.NumField() == 2 && t.Field(0).Name == "Key" && t.Field(1).Name == "Value"
}

// mapArgument turns a Go map with textual keys into a struct.
func mapArgument(v reflect.Value) (any, error) {
	members := make(map[string]any, v.Len())
	for it := v.MapRange(); it.Next(); {
		if err := addMember(members, fmt.Sprint(it.Key().Interface()), it.Value()); err != nil {
			return nil, err
		}
	}
	return members, nil
}

// recordArgument turns a record into a struct with the wire's member names, for the create calls.
func recordArgument(v reflect.Value) (any, error) {
	members := make(map[string]any, v.NumField())
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		field := v.Field(i)
		if name == "" || name == "-" || field.Kind() == reflect.Pointer && field.IsNil() {
			continue // an option that is not there is left out
		}
		if err := addMember(members, name, field); err != nil {
			return nil, err
		}
	}
	return members, nil
}

// addMember adds a struct member. kolo writes member names as they are, so they are escaped here.
func addMember(members map[string]any, name string, v reflect.Value) error {
	if err := checkText(name); err != nil {
		return err
	}
	arg, err := argument(v)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var escaped bytes.Buffer
	if err := xml.EscapeText(&escaped, []byte(name)); err != nil {
		return err
	}
	members[escaped.String()] = arg
	return nil
}

// checkText refuses what XML 1.0 has no way to write.
func checkText(s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("the text is not valid UTF-8")
	}
	for i, r := range s {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			return fmt.Errorf("the text holds the character %U at byte %d, which XML cannot carry", r, i)
		}
	}
	return nil
}
