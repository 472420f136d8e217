package wiretest

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Node is a value of a reply as a reader of the standard library sees it: an independent reading of the same bytes.
type Node struct {
	// Kind is text, set or map; number, word or null where the protocol tells them from text.
	Kind  string
	Text  string
	Names []string // of a map, in the order of the wire
	Items []*Node  // of a set, or the values of a map
}

// Get returns the last value of a member of a map; nil where there is none.
func (n *Node) Get(name string) (value *Node) {
	for i, have := range n.Names {
		if have == name {
			value = n.Items[i]
		}
	}
	return value
}

// Fill sets what a pointer points to, slowly and plainly. It fails where the value is of another kind than wanted.
func (n *Node) Fill(into any) error {
	switch v := into.(type) {
	case nil, *xen.Void:
		return nil
	case *xen.ObjectList:
		return n.fillList(v)
	case *xen.Event:
		return n.fillEvent(v)
	case *xen.EventBatch:
		return n.fillBatch(v)
	}
	return n.fill(reflect.ValueOf(into).Elem())
}

func (n *Node) is(kinds ...string) error {
	if slices.Contains(kinds, n.Kind) {
		return nil
	}
	return fmt.Errorf("%s instead of %s", n.Kind, kinds[0])
}

func (n *Node) fillList(list *xen.ObjectList) error {
	for i, ref := range n.Names {
		r := xen.NewRecord(list.Class)
		if r == nil {
			continue
		}
		if err := n.Items[i].Fill(r); err != nil {
			list.Skipped = append(list.Skipped, xen.SkippedObject{Ref: ref, Err: err})
			continue
		}
		list.Objects = append(list.Objects, xen.Object{Ref: ref, Record: r})
	}
	return n.is("map")
}

func (n *Node) fillEvent(e *xen.Event) error {
	var class, operation string
	for name, into := range map[string]any{"id": &e.ID, "timestamp": &e.Timestamp, "ref": &e.Ref, "class": &class, "operation": &operation} {
		if value := n.Get(name); value != nil {
			if err := value.Fill(into); err != nil {
				return err
			}
		}
	}
	e.Operation, e.Class = xen.EventOperation(operation), xen.Class(class)
	for _, c := range xen.Classes() {
		if c.EventWord() == class {
			e.Class = c
		}
	}
	if snapshot, r := n.Get("snapshot"), xen.NewRecord(e.Class); snapshot != nil && r != nil {
		if e.Err = snapshot.Fill(r); e.Err == nil {
			e.Snapshot = r
		}
	}
	return n.is("map")
}

func (n *Node) fillBatch(b *xen.EventBatch) error {
	for name, into := range map[string]any{"events": &b.Events, "valid_ref_counts": &b.ValidRefCounts, "token": &b.Token} {
		if value := n.Get(name); value != nil {
			if err := value.Fill(into); err != nil {
				return err
			}
		}
	}
	return n.is("map")
}

func (n *Node) fill(v reflect.Value) (err error) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		t, err := n.time()
		v.Set(reflect.ValueOf(t))
		return err
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.Text)
		return n.is("text")
	case reflect.Int64:
		var i int64
		i, err = strconv.ParseInt(strings.TrimSpace(n.Text), 10, 64)
		v.SetInt(i)
	case reflect.Float64:
		var f float64
		f, err = strconv.ParseFloat(strings.TrimSpace(n.Text), 64)
		v.SetFloat(f)
	case reflect.Bool:
		text := strings.TrimSpace(n.Text)
		v.SetBool(text == "1" || text == "true")
		if text != "1" && text != "0" && text != "true" && text != "false" {
			err = fmt.Errorf("%q for a boolean", text)
		}
	case reflect.Pointer:
		if n.Kind == "null" {
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		return n.Fill(v.Interface())
	case reflect.Slice:
		return n.fillSlice(v)
	case reflect.Struct:
		return n.fillRecord(v)
	default:
		err = fmt.Errorf("no rule for %s", v.Type())
	}
	if err != nil {
		return err
	}
	return n.is("text", "number", "word")
}

func (n *Node) time() (time.Time, error) {
	text := strings.TrimSpace(n.Text)
	if text == "" {
		return time.Time{}, n.is("text")
	}
	for _, form := range []string{"20060102T15:04:05Z07:00", time.RFC3339, "20060102T15:04:05", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC(), n.is("text")
		}
	}
	return time.Time{}, fmt.Errorf("%q for a date", text)
}

func (n *Node) fillSlice(v reflect.Value) error {
	if !isMap(v.Type()) {
		for _, item := range n.Items {
			e := reflect.New(v.Type().Elem())
			if err := item.Fill(e.Interface()); err != nil {
				return err
			}
			v.Set(reflect.Append(v, e.Elem()))
		}
		return n.is("set")
	}
	for i, name := range n.Names {
		pair := reflect.New(v.Type().Elem()).Elem()
		if err := (&Node{Kind: "text", Text: name}).fill(pair.Field(0)); err != nil {
			return err
		}
		if err := n.Items[i].Fill(pair.Field(1).Addr().Interface()); err != nil {
			return err
		}
		v.Set(reflect.Append(v, pair))
	}
	return n.is("map")
}

func (n *Node) fillRecord(v reflect.Value) error {
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("json")
		for j, have := range n.Names {
			if have != name {
				continue
			}
			v.Field(i).SetZero()
			if err := n.Items[j].Fill(v.Field(i).Addr().Interface()); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return n.is("map")
}
