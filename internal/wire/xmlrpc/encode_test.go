package xmlrpc

import (
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
		{xen.VMRef("OpaqueRef:1"), "<value><string>OpaqueRef:1</string></value>"},
		{"a<b>&", "<value><string>a&lt;b&gt;&amp;</string></value>"},
		{int64(5), "<value><int>5</int></value>"},
		{true, "<value><boolean>1</boolean></value>"},
		{0.5, "<value><double>0.5</double></value>"},
		{time.Date(2026, 8, 21, 4, 0, 23, 0, time.FixedZone("", 7200)), "<value><string>20260821T02:00:23Z</string></value>"},
		{[]xen.VDIRef{"a"}, "<value><array><data><value><string>a</string></value></data></array></value>"},
		{[]string{}, "<value><array><data></data></array></value>"},
		{xen.StringMap("a&b", "v"), "<value><struct><member><name>a&amp;b</name><value><string>v</string></value></member></struct></value>"},
		{xen.Map[int64, int64]{{Key: 1, Value: 2}}, "<value><struct><member><name>1</name><value><int>2</int></value></member></struct></value>"},
		{xen.Map[string, string](nil), "<value><struct></struct></value>"},
		{map[string]string{"k": "v"}, "<value><struct><member><name>k</name><value><string>v</string></value></member></struct></value>"},
	} {
		body, err := EncodeCall("VM.x", "s", tt.param)
		want := `<methodCall><methodName>VM.x</methodName><params><param><value><string>s</string></value></param><param>` + tt.want + `</param></params></methodCall>`
		if err != nil || !strings.HasSuffix(string(body), want) {
			t.Errorf("%T: got %s, %v, want …%s", tt.param, body, err, want)
		}
	}
	if body, err := EncodeCall("system.listMethods"); err != nil || !strings.Contains(string(body), "<params></params>") {
		t.Errorf("xapi wants <params> even without parameters: %s, %v", body, err)
	}
	record, err := EncodeCall("VBD.create", "s", &xen.VBD{VM: "OpaqueRef:1", Bootable: true, OtherConfig: xen.StringMap("owner", "")})
	for _, want := range []string{"<name>VM</name><value><string>OpaqueRef:1</string></value>", "<name>bootable</name><value><boolean>1</boolean></value>", "<name>owner</name>"} {
		if err != nil || !strings.Contains(string(record), want) {
			t.Errorf("record without %s: %s, %v", want, record, err)
		}
	}
}

func TestWhatXMLCannotCarryIsRefusedBeforeItIsSent(t *testing.T) {
	for _, param := range []any{"a\x00", "\x1b[m", "\xff", xen.StringMap("\x01", ""), nil, (*xen.VM)(nil), struct{ C chan int }{}} {
		if body, err := EncodeCall("VM.set_name_label", "s", param); err == nil && !strings.Contains(string(body), "<struct></struct>") {
			t.Errorf("%q was written: %s", param, body)
		}
	}
}
