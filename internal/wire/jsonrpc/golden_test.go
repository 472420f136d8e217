package jsonrpc

import (
	"errors"
	"io"
	"testing"

	"github.com/xencontroller/xencontroller/internal/datamodel"
	"github.com/xencontroller/xencontroller/internal/wire/record"
	"github.com/xencontroller/xencontroller/internal/wire/wiretest"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// codec is the decoder as it is used: one that lives for many replies.
func codec() wiretest.Codec {
	return wiretest.Codec{
		Decode: NewDecoder(record.Limits{}).DecodeReply, Read: wiretest.ReadJSON,
		Small: func(window int) func(io.Reader, any) error {
			return NewDecoder(record.Limits{Window: window}).DecodeReply
		},
	}
}

// TestEveryRecordedReply decodes what a real xapi wrote, and compares every field with a reading by the standard library.
func TestEveryRecordedReply(t *testing.T) {
	model, err := datamodel.Load()
	if err != nil {
		t.Fatal(err)
	}
	c, typed := codec(), 0
	for range 3 { // at first nothing is remembered, then some, then most
		for _, r := range wiretest.Recordings(t, "../../../pkg/simulator/testdata/golden/*.gz") {
			if !r.JSON {
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
	}
	if typed < 100 {
		t.Errorf("only %d replies were decoded into what they hold", typed)
	}
}
