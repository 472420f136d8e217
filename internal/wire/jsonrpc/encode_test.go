package jsonrpc

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

func TestCallsAreWrittenAsXAPIReadsThem(t *testing.T) {
	for _, tt := range []struct {
		param any
		want  string
	}{
		{xen.VMRef("OpaqueRef:1"), `"OpaqueRef:1"`},
		{"a\"b\\c\n\x7f é", `"a\"b\\c\u000a\u007f é"`},
		{int64(5), "5"},
		{7, "7"},
		{true, "true"},
		{0.5, "0.5"},
		{1.0, "1.0"},
		{1e300, "1e+300"},
		{time.Date(2026, 8, 21, 4, 0, 23, 0, time.FixedZone("", 7200)), `"20260821T02:00:23Z"`},
		{[]xen.VDIRef{"a", "b"}, `["a","b"]`},
		{[]string{}, "[]"},
		{xen.StringMap("a&b", "v", "c", ""), `{"a&b":"v","c":""}`},
		{xen.Map[int64, int64]{{Key: 1, Value: 2}}, `{"1":2}`},
		{xen.Map[string, string](nil), "{}"},
		{map[string]string{"k": "v", "a": "b"}, `{"a":"b","k":"v"}`},
	} {
		body, err := EncodeCall(V2, 3, "VM.x", "s", tt.param)
		want := `{"jsonrpc":"2.0","id":3,"method":"VM.x","params":["s",` + tt.want + `]}`
		if err != nil || string(body) != want {
			t.Errorf("%T: got %s, %v, want %s", tt.param, body, err, want)
		}
	}
	if body, err := EncodeCall(V1, 1, "system.listMethods"); err != nil || string(body) != `{"id":1,"method":"system.listMethods","params":[]}` {
		t.Errorf("version 1.0 has no member jsonrpc: %s, %v", body, err)
	}
	record, err := EncodeCall(V2, 1, "VBD.create", "s", &xen.VBD{VM: "OpaqueRef:1", Bootable: true, OtherConfig: xen.StringMap("owner", "")})
	for _, want := range []string{`"VM":"OpaqueRef:1"`, `"bootable":true`, `"other_config":{"owner":""}`} {
		if err != nil || !strings.Contains(string(record), want) {
			t.Errorf("record without %s: %s, %v", want, record, err)
		}
	}
}

func TestWhatJSONCannotCarryIsRefusedBeforeItIsSent(t *testing.T) {
	for _, param := range []any{
		"\xff", xen.StringMap("\xff", ""), xen.StringMap("k", "\xff"), nil, (*xen.VM)(nil), []any{nil}, make(chan int), math.NaN(), math.Inf(-1),
	} {
		if body, err := EncodeCall(V2, 1, "VM.x", "s", param); err == nil {
			t.Errorf("%v was written: %s", param, body)
		}
	}
}
