package record_test

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/xencontroller/xencontroller/internal/wire/jsonrpc"
	"github.com/xencontroller/xencontroller/internal/wire/record"
	"github.com/xencontroller/xencontroller/internal/wire/wiretest"
	"github.com/xencontroller/xencontroller/internal/wire/xmlrpc"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// protocol is one of the two, for what has to be true of both.
type protocol struct {
	name    string
	decoder func(record.Limits) func(io.Reader, any) error
	list    func([]xen.Object) string // a reply of get_all_records
	value   func(any) string          // a reply
	read    func(string) (*wiretest.Node, error)
}

func protocols() []protocol {
	return []protocol{
		{
			"xml", func(l record.Limits) func(io.Reader, any) error { return xmlrpc.NewDecoder(l).DecodeReply },
			func(o []xen.Object) string { return wiretest.XMLReply(wiretest.XMLList(o)) },
			func(v any) string { return wiretest.XMLReply(wiretest.XML(v)) }, wiretest.ReadXML,
		},
		{
			"json", func(l record.Limits) func(io.Reader, any) error { return jsonrpc.NewDecoder(l).DecodeReply },
			func(o []xen.Object) string { return wiretest.JSONReply(wiretest.JSONList(o)) },
			func(v any) string { return wiretest.JSONReply(wiretest.JSON(v)) }, wiretest.ReadJSON,
		},
	}
}

// both runs a test for each protocol.
func both(t *testing.T, fn func(t *testing.T, p protocol)) {
	for _, p := range protocols() {
		t.Run(p.name, func(t *testing.T) { fn(t, p) })
	}
}

func newList() *xen.ObjectList { return &xen.ObjectList{Class: xen.ClassVM} }

// TestListsAreWhatWasWritten decodes fleets again and again, so that most of what comes is remembered.
func TestListsAreWhatWasWritten(t *testing.T) {
	both(t, func(t *testing.T, p protocol) {
		decode := p.decoder(record.Limits{})
		for round := range 4 {
			fleet := wiretest.Fleet(200+round, round%2 == 0)
			list := newList()
			if err := decode(strings.NewReader(p.list(fleet)), list); err != nil {
				t.Fatal(err)
			}
			if diff := wiretest.Diff(fleet, list.Objects); diff != "" {
				t.Fatalf("round %d: written (-) and decoded (+):\n%s", round, diff)
			}
		}
	})
}

// TestRecordsOfOtherServers decodes records with members in any order, missing, twice and unknown, and white space.
func TestRecordsOfOtherServers(t *testing.T) {
	both(t, func(t *testing.T, p protocol) {
		c := wiretest.Codec{
			Decode: p.decoder(record.Limits{}), Read: p.read,
			Small: func(window int) func(io.Reader, any) error { return p.decoder(record.Limits{Window: window}) },
		}
		for seed := range uint64(10) {
			list, err := p.read(p.list(wiretest.Fleet(12, true)))
			if err != nil {
				t.Fatal(err)
			}
			asXML, asJSON := wiretest.Scramble(list, seed)
			body := wiretest.JSONReply(asJSON)
			if p.name == "xml" {
				body = wiretest.XMLReply(asXML)
			}
			if err := c.Check(t, body, func() any { return newList() }); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if t.Failed() {
				t.Fatalf("seed %d: %.3000s", seed, body)
			}
		}
	})
}

// TestRecordsKeepNoBuffer reads another reply into the buffers of the first.
func TestRecordsKeepNoBuffer(t *testing.T) {
	both(t, func(t *testing.T, p protocol) {
		decode := p.decoder(record.Limits{})
		fleet := wiretest.Fleet(100, true)
		list := newList()
		if err := decode(strings.NewReader(p.list(fleet)), list); err != nil {
			t.Fatal(err)
		}
		for _, o := range fleet {
			o.Record.(*xen.VM).NameLabel += " again"
		}
		if err := decode(strings.NewReader(p.list(fleet)), newList()); err != nil {
			t.Fatal(err)
		}
		if diff := wiretest.Diff(wiretest.Fleet(100, true), list.Objects); diff != "" {
			t.Errorf("the first list changed:\n%s", diff)
		}
	})
}

// TestMemoryOfAListIsItsRecords: what is allocated for a long list is its records, their array, and two buffers.
func TestMemoryOfAListIsItsRecords(t *testing.T) {
	const vms, each, buffers = 1000, 3500, 2 * 256 << 10
	both(t, func(t *testing.T, p protocol) {
		body := p.list(wiretest.Fleet(vms, true))
		decode := p.decoder(record.Limits{})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		list := &xen.ObjectList{Class: xen.ClassVM, Objects: make([]xen.Object, 0, vms)}
		if err := decode(strings.NewReader(body), list); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > vms*each+buffers+(1<<20) { // a MiB is for what is remembered
			t.Errorf("%d bytes were allocated for %d records", used, vms)
		}
	})
}

// TestMisfitsAreNotRemembered: a value of a wrong kind is one each time it comes.
func TestMisfitsAreNotRemembered(t *testing.T) {
	both(t, func(t *testing.T, p protocol) {
		list, err := p.read(p.list(wiretest.Fleet(5, true)))
		if err != nil {
			t.Fatal(err)
		}
		wrong := &wiretest.Node{Kind: "set"}
		for i, name := range []string{"tags", "platform", "recommendations", "resident_on", "power_state"} {
			value := list.Items[i].Get(name)
			if value.Items = []*wiretest.Node{wrong, wrong}; value.Kind == "text" {
				*value = *wrong
			}
			if value.Kind == "map" {
				value.Names = []string{"a", "a"}
			}
		}
		asXML, asJSON := wiretest.Write(list)
		body := wiretest.JSONReply(asJSON)
		if p.name == "xml" {
			body = wiretest.XMLReply(asXML)
		}
		decode := p.decoder(record.Limits{})
		for range 4 {
			list := newList()
			if err := decode(strings.NewReader(body), list); err != nil || len(list.Skipped) != 5 {
				t.Fatalf("%d of 5 records are skipped: %v", len(list.Skipped), err)
			}
		}
	})
}

func TestLimits(t *testing.T) {
	both(t, func(t *testing.T, p protocol) {
		long := xen.VM{NameLabel: strings.Repeat("x", 1<<20)}
		body := p.list([]xen.Object{{Ref: "a", Record: &xen.VM{}}, {Ref: "b", Record: &long}})
		if err := p.decoder(record.Limits{})(strings.NewReader(body), newList()); err != nil {
			t.Errorf("a record of a MiB: %v", err)
		}
		for _, limits := range []record.Limits{{Record: 300 << 10}, {Reply: 1 << 20}} {
			list := newList()
			if err := p.decoder(limits)(strings.NewReader(body), list); !errors.Is(err, record.ErrTooLong) || list.Objects != nil || list.Class != xen.ClassVM {
				t.Errorf("%+v: %v, %d objects of %s", limits, err, len(list.Objects), list.Class)
			}
		}
	})
}

// TestALongRecordInSmallPieces is about time: reading a record again from its start with every piece of it would take
// minutes.
func TestALongRecordInSmallPieces(t *testing.T) {
	both(t, func(t *testing.T, p protocol) {
		vm := &xen.VM{OtherConfig: xen.StringMap("k", strings.Repeat("&\"\\", 1<<19))}
		into := new(xen.VM)
		err := p.decoder(record.Limits{Record: 64 << 20})(&slow{rest: p.value(vm)}, into)
		if err != nil || !reflect.DeepEqual(vm, into) {
			t.Errorf("%v, %d bytes", err, len(into.OtherConfig))
		}
	})
}

// slow gives 100 bytes at a time.
type slow struct{ rest string }

func (s *slow) Read(p []byte) (int, error) {
	if s.rest == "" {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 100)], s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func TestADecoderIsForManyGoroutines(t *testing.T) {
	both(t, func(t *testing.T, p protocol) {
		decode := p.decoder(record.Limits{})
		fleet := wiretest.Fleet(50, true)
		body := p.list(fleet)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 5 {
					list := newList()
					if err := decode(strings.NewReader(body), list); err != nil || wiretest.Diff(fleet, list.Objects) != "" {
						t.Errorf("%v", err)
					}
				}
			})
		}
		wg.Wait()
	})
}

// TestErrorsOfTheReaderPassThrough: also in the middle of a list, of which nothing may be left.
func TestErrorsOfTheReaderPassThrough(t *testing.T) {
	both(t, func(t *testing.T, p protocol) {
		body := p.list(wiretest.Fleet(100, false))
		broken := fmt.Errorf("broken")
		list := newList()
		err := p.decoder(record.Limits{})(io.MultiReader(strings.NewReader(body[:len(body)/2]), errorReader{broken}), list)
		if !errors.Is(err, broken) || list.Objects != nil {
			t.Errorf("got %v, %d objects", err, len(list.Objects))
		}
	})
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }
