package xmlrpc

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/internal/datamodel"
	"github.com/xencontroller/xencontroller/internal/wire/record"
	"github.com/xencontroller/xencontroller/internal/wire/wiretest"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// codec is the decoder as it is used: one that lives for many replies.
func codec() wiretest.Codec {
	return wiretest.Codec{
		Decode: NewDecoder(record.Limits{}).DecodeReply, Read: wiretest.ReadXML,
		Small: func(window int) func(io.Reader, any) error {
			return NewDecoder(record.Limits{Window: window}).DecodeReply
		},
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

// TestRecordsAgreeWithTheBook decodes what a real xapi wrote, and compares every field of every record with a reading
// by the standard library.
func TestRecordsAgreeWithTheBook(t *testing.T) {
	files, err := filepath.Glob("testdata/xapi/*.get_all_records.xml")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d recordings, %v", len(files), err)
	}
	c := codec()
	for range 3 { // at first nothing is remembered, then some, then most
		for _, path := range files {
			class, _, _ := strings.Cut(filepath.Base(path), ".")
			err := c.Check(t, recording(t, path), func() any { return &xen.ObjectList{Class: xen.Class(class)} })
			if err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

// TestEveryRecordedReply does the same with every reply that was recorded, whatever was called.
func TestEveryRecordedReply(t *testing.T) {
	model, err := datamodel.Load()
	if err != nil {
		t.Fatal(err)
	}
	c, typed := codec(), 0
	for _, r := range wiretest.Recordings(t, "../../../pkg/simulator/testdata/golden/*.gz") {
		if r.JSON {
			continue
		}
		target := func() any { return nil }
		if _, ok := wiretest.Target(model, r.Method); ok {
			target = func() any { into, _ := wiretest.Target(model, r.Method); return into }
			typed++
		}
		err := c.Check(t, r.Body, target)
		if _, failure := errors.AsType[*xen.Error](err); err != nil && !failure {
			t.Errorf("%s, %s: %v", r.Name, r.Method, err)
		}
		if t.Failed() {
			t.Fatalf("%s: %s\n%.2000s", r.Name, r.Method, r.Body)
		}
	}
	if typed < 400 {
		t.Errorf("only %d replies were decoded into what they hold", typed)
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
