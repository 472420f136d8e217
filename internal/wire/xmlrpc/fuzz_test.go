package xmlrpc

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
		reply("<value>x</value>"),
		reply("<value><struct><member><name>OpaqueRef:1</name><value><struct><member><name>name_label</name><value>&lt;</value></member><member><name>domid</name><value>-1</value></member><member><name>other_config</name><value><struct><member><name>a&b</name><value></value></member></struct></value></member><member><name>VIFs</name><value><array><data><value>OpaqueRef:2</value></data></array></value></member></struct></value></member></struct></value>"),
		reply("<value><struct><member><name>r</name><value><struct><member><name>uuid</name><value>u</value></member><member><name>allowed_operations</name><value><array><data><value>start</value><value/></data></array></value></member><member><name>platform</name><value><struct><member><name>k</name><value> v </value></member></struct></value></member><member><name>uuid</name><value/></member></struct></value></member></struct></value>"),
		reply("<value><array><data><value><struct><member><name>class</name><value>vm</value></member><member><name>snapshot</name><value><struct></struct></value></member></struct></value></data></array></value>"),
		`<methodResponse><fault><value><struct/></value></fault></methodResponse>`,
		strings.Repeat("<value><array><data>", 40),
	} {
		f.Add([]byte(seed))
	}
	for _, r := range wiretest.Recordings(f, "../../../pkg/simulator/testdata/golden/*.gz") {
		if !r.JSON && len(r.Body) < 400 {
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
	body := recording(t, "testdata/xapi/event.from.xml")
	for end := 0; end < len(body); end += 1 + end/200 {
		batch, err := read[xen.EventBatch](body[:end])
		if _, ok := errors.AsType[*SyntaxError](err); !ok {
			t.Fatalf("cut at %d of %d: %v", end, len(body), err)
		}
		if len(batch.Events) > 0 || batch.Token != "" {
			t.Fatalf("cut at %d: part of a batch came back", end)
		}
	}
}
