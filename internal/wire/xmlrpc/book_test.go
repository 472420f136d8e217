package xmlrpc

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// node is an element of a document as encoding/xml sees it: an independent reading of the same bytes.
type node struct {
	name     string
	text     string
	children []*node
}

// parseByTheBook reads a document into a tree with the standard library.
func parseByTheBook(body string) (*node, error) {
	d := xml.NewDecoder(strings.NewReader(body))
	root := &node{}
	stack := []*node{root}
	for {
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) && len(stack) == 1 {
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			n := &node{name: tok.Name.Local}
			top.children = append(top.children, n)
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(tok)
		}
	}
}

// child returns the element at a path of names.
func (n *node) child(path ...string) *node {
	for _, name := range path {
		var next *node
		for _, c := range n.children {
			if c.name == name {
				next = c
				break
			}
		}
		if next == nil {
			return nil
		}
		n = next
	}
	return n
}

// members lists the members of a struct value.
func (n *node) members() (names []string, values []*node) {
	for _, m := range n.child("struct").children {
		names = append(names, m.child("name").text)
		values = append(values, m.child("value"))
	}
	return names, values
}

// fill sets a Go value from a <value> element by reflection, as slowly and plainly as possible.
func (n *node) fill(v reflect.Value) error {
	text := n.text
	if len(n.children) == 1 && len(n.children[0].children) == 0 {
		text = n.children[0].text
	}
	if _, ok := reflect.TypeAssert[time.Time](v); ok {
		t, err := time.Parse("20060102T15:04:05Z", text)
		v.Set(reflect.ValueOf(t.UTC()))
		return err
	}
	var err error
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int64:
		var i int64
		i, err = strconv.ParseInt(text, 10, 64)
		v.SetInt(i)
	case reflect.Float64:
		var f float64
		f, err = strconv.ParseFloat(text, 64)
		v.SetFloat(f)
	case reflect.Bool:
		v.SetBool(text == "1")
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		err = n.fill(v.Elem())
	case reflect.Slice:
		err = n.fillSlice(v)
	case reflect.Struct:
		err = n.fillStruct(v)
	default:
		err = fmt.Errorf("no rule for %s", v.Type())
	}
	return err
}

func (n *node) fillSlice(v reflect.Value) error {
	if !isPair(v.Type().Elem()) {
		for _, item := range n.child("array", "data").children {
			e := reflect.New(v.Type().Elem()).Elem()
			if err := item.fill(e); err != nil {
				return err
			}
			v.Set(reflect.Append(v, e))
		}
		return nil
	}
	names, values := n.members()
	for i := range names {
		pair := reflect.New(v.Type().Elem()).Elem()
		if err := (&node{text: names[i]}).fill(pair.Field(0)); err != nil {
			return err
		}
		if err := values[i].fill(pair.Field(1)); err != nil {
			return err
		}
		v.Set(reflect.Append(v, pair))
	}
	return nil
}

func (n *node) fillStruct(v reflect.Value) error {
	byName := map[string]reflect.Value{}
	for i := range v.NumField() {
		byName[v.Type().Field(i).Tag.Get("json")] = v.Field(i)
	}
	names, values := n.members()
	for i, name := range names {
		if f, ok := byName[name]; ok {
			if err := values[i].fill(f); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

// TestRecordsAgreeWithTheBook decodes what a real xapi wrote, and compares every field of every record with a reading
// by the standard library.
func TestRecordsAgreeWithTheBook(t *testing.T) {
	files, err := filepath.Glob("testdata/xapi/*.get_all_records.xml")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d recordings, %v", len(files), err)
	}
	for _, path := range files {
		class, _, _ := strings.Cut(filepath.Base(path), ".")
		body := recording(t, path)
		list := xen.ObjectList{Class: xen.Class(class)}
		if err := DecodeReply(strings.NewReader(body), &list); err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		doc, err := parseByTheBook(body)
		if err != nil {
			t.Fatal(err)
		}
		_, envelope := doc.child("methodResponse", "params", "param", "value").members()
		refs, records := envelope[1].members()
		if len(refs) != len(list.Objects) || len(refs) == 0 {
			t.Errorf("%s: %d objects, the book says %d", class, len(list.Objects), len(refs))
			continue
		}
		for i, object := range list.Objects {
			want := xen.NewRecord(list.Class)
			if err := records[i].fill(reflect.ValueOf(want).Elem()); err != nil {
				t.Fatalf("%s: %v", class, err)
			}
			if diff := cmp.Diff(want, object.Record); diff != "" || refs[i] != object.Ref {
				t.Errorf("%s %s (-book +got):\n%s", class, refs[i], diff)
			}
		}
	}
}

func TestEventsOfARealServer(t *testing.T) {
	events, err := read[[]xen.Event](recording(t, "testdata/xapi/event.next.xml"))
	if err != nil || len(events) == 0 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	for _, e := range events {
		if e.Class != xen.ClassVM || e.Operation != xen.EventMod || e.Ref == "" || e.Err != nil || e.Snapshot == nil || !strings.HasSuffix(e.Timestamp, ".") {
			t.Errorf("event.next: %+v", e)
		}
	}
	batch, err := read[xen.EventBatch](recording(t, "testdata/xapi/event.from.xml"))
	if err != nil || len(batch.Events) == 0 || len(batch.Token) != 41 {
		t.Fatalf("event.from: %+v, %v", batch, err)
	}
	if n, ok := batch.ValidRefCounts.Get("host"); !ok || n != 3 {
		t.Errorf("valid_ref_counts of host: %d", n)
	}
}

func TestAKeyThatXAPIDoesNotEscape(t *testing.T) {
	m, err := read[xen.Map[string, string]](recording(t, "testdata/xapi/map-with-unescaped-key.xml"))
	if v, _ := m.Get(`a&b<c>"d"`); err != nil || v != "v & <w>" || len(m) != 4 {
		t.Errorf("got %v, %v", m, err)
	}
}

func TestAFailureOfARealServer(t *testing.T) {
	_, err := read[xen.VM](recording(t, "testdata/xapi/failure.xml"))
	if fault, ok := errors.AsType[*xen.Error](err); !ok || fault.Error() != "HANDLE_INVALID [VM, OpaqueRef:NULL]" {
		t.Errorf("got %v", err)
	}
}

// recording is a reply of a real xapi.
func recording(t testing.TB, path string) string {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
