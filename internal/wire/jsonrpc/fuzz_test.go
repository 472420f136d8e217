package jsonrpc

import (
	"errors"
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/internal/wire/wiretest"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// FuzzDecodeReply feeds any bytes to the decoder: it must end, in a value or in one of its own errors with an offset
// inside the reply, the same however the bytes arrive and whatever was seen before, and where the standard library can
// read the bytes as well, in the same value.
func FuzzDecodeReply(f *testing.F) {
	for _, seed := range []string{
		reply(`"x"`),
		reply(`{"OpaqueRef:1":{"name_label":"\u003c\ud83d","domid":-1,"other_config":{"a&b":""},"VIFs":["OpaqueRef:2"]}}`),
		reply(`{"r":{"uuid":"u","allowed_operations":["start",""],"platform": {"k":" v "},"\u0075uid":"","snapshot_time":"20260821T02:00:23Z"}}`),
		reply(`[{"id":"7","class":"vm","snapshot":{"HVM_shadow_multiplier":NaN}}]`),
		`{"result":null,"error":["A","b"],"id":1}`,
		`{"jsonrpc":"2.0","error":{"code":1,"message":"A","data":["b"]},"id":1}`,
		strings.Repeat("[", 40),
	} {
		f.Add([]byte(seed))
	}
	for _, r := range wiretest.Recordings(f, "../../../pkg/simulator/testdata/golden/*.gz") {
		if r.JSON && len(r.Body) < 400 {
			f.Add([]byte(r.Body))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c := codec()
		for _, target := range wiretest.Targets() {
			for range 2 { // what is seen for the second time is remembered
				checkError(t, c.Check(t, string(body), target), len(body))
			}
		}
	})
}

// checkError fails where an error is not one of the decoder's.
func checkError(t *testing.T, err error, length int) {
	t.Helper()
	if err == nil || errors.Is(err, ErrTooLong) {
		return
	}
	if syntax, ok := errors.AsType[*SyntaxError](err); ok {
		if syntax.Offset < 0 || syntax.Offset > length {
			t.Fatalf("offset %d of %d bytes: %v", syntax.Offset, length, err)
		}
		return
	}
	if typ, ok := errors.AsType[*TypeError](err); ok {
		if typ.Offset < 0 || typ.Offset > length {
			t.Fatalf("offset %d of %d bytes: %v", typ.Offset, length, err)
		}
		return
	}
	if _, ok := errors.AsType[*xen.Error](err); !ok {
		t.Fatalf("an error of another kind: %v", err)
	}
}

// TestEveryCutOfAReplyIsAnError cuts a reply of a real server at many places.
func TestEveryCutOfAReplyIsAnError(t *testing.T) {
	for _, r := range wiretest.Recordings(t, "../../../pkg/simulator/testdata/golden/jsonrpc.txtar.gz") {
		if r.Method != "event.from" || !r.JSON {
			continue
		}
		for end := 0; end < len(r.Body); end += 1 + end/200 {
			batch, err := read[xen.EventBatch](r.Body[:end])
			if _, ok := errors.AsType[*SyntaxError](err); !ok {
				t.Fatalf("cut at %d of %d: %v", end, len(r.Body), err)
			}
			if len(batch.Events) > 0 || batch.Token != "" {
				t.Fatalf("cut at %d: part of a batch came back", end)
			}
		}
		return
	}
	t.Fatal("there is no reply of event.from")
}
