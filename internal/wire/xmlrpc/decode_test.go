package xmlrpc

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/internal/wire/record"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// reply wraps a value as xapi does.
func reply(value string) string {
	return `<?xml version="1.0"?><methodResponse><params><param><value><struct><member><name>Status</name><value>Success</value></member>` +
		`<member><name>Value</name>` + value + `</member></struct></value></param></params></methodResponse>`
}

// read decodes a reply into a value of type T.
func read[T any](body string) (T, error) {
	var into T
	err := DecodeReply(strings.NewReader(body), &into)
	return into, err
}

func TestValuesAreReadByTheTypeThatIsWanted(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		got         func(string) (any, error)
		want        any
	}{
		{"bare string", "<value>a b </value>", as[string], "a b "},
		{"blank string keeps its blanks", "<value>  </value>", as[string], "  "},
		{"empty string", "<value></value>", as[string], ""},
		{"value without content", "<value/>", as[string], ""},
		{"tagged string", "<value><string>x</string></value>", as[string], "x"},
		{"tag without content", "<value> <string/> </value>", as[string], ""},
		{"entities", "<value>&lt;a&gt; &amp;&quot;&apos; &#65;&#x42;</value>", as[string], `<a> &"' AB`},
		{"bare int", "<value>-1</value>", as[int64], int64(-1)},
		{"string for an int", "<value><string>5</string></value>", as[int64], int64(5)},
		{"i4", "<value><i4>3</i4></value>", as[int64], int64(3)},
		{"largest int", "<value>9223372036854775807</value>", as[int64], int64(math.MaxInt64)},
		{"true", "<value><boolean>1</boolean></value>", as[bool], true},
		{"double", "<value><double>0.1</double></value>", as[float64], 0.1},
		{"double without a point", "<value><double>1</double></value>", as[float64], 1.0},
		{"infinity", "<value><double>inf</double></value>", as[float64], math.Inf(1)},
		{"date", "<value><dateTime.iso8601>20260821T02:00:23Z</dateTime.iso8601></value>", as[time.Time], time.Date(2026, 8, 21, 2, 0, 23, 0, time.UTC)},
		{"date with an offset", "<value><dateTime.iso8601>20260821T04:00:23+02:00</dateTime.iso8601></value>", as[time.Time], time.Date(2026, 8, 21, 2, 0, 23, 0, time.UTC)},
		{"date without zone", "<value><dateTime.iso8601>20260821T04:00:23</dateTime.iso8601></value>", as[time.Time], time.Date(2026, 8, 21, 4, 0, 23, 0, time.UTC)},
		{"reference", "<value>OpaqueRef:1</value>", as[xen.VMRef], xen.VMRef("OpaqueRef:1")},
		{"unknown word of an enumeration", "<value>Melted</value>", as[xen.PowerState], xen.PowerState("Melted")},
		{"void", "<value></value>", as[xen.Void], xen.Void{}},
		{"set", "<value><array><data><value>a</value><value></value></data></array></value>", as[[]xen.VMRef], []xen.VMRef{"a", ""}},
		{"empty set", "<value><array><data></data></array></value>", as[[]string], []string(nil)},
		{"short empty set", "<value><array/></value>", as[[]string], []string(nil)},
		{"map", "<value><struct><member><name>k</name><value>v</value></member></struct></value>", as[xen.Map[string, string]], xen.StringMap("k", "v")},
		{"map with numbers as keys", "<value><struct><member><name>7</name><value><double>1</double></value></member></struct></value>", as[xen.Map[int64, float64]], xen.Map[int64, float64]{{Key: 7, Value: 1}}},
		{"map of sets", "<value><struct><member><name>h</name><value><array><data><value>E</value></data></array></value></member></struct></value>", as[xen.Map[xen.HostRef, []string]], xen.Map[xen.HostRef, []string]{{Key: "h", Value: []string{"E"}}}},
		{"white space between elements", "<value>\n <array>\n<data>\r\n <value> <int>1</int> </value>\t</data> </array> </value>", as[[]int64], []int64{1}},
		{"raw", "<value> <array><data><value/></data></array></value>", as[Raw], Raw("<value> <array><data><value/></data></array></value>")},
		{"an option", "<value><struct><member><name>sr</name><value><struct><member><name>uuid</name><value>u</value></member></struct></value></member></struct></value>", as[xen.ProbeResult], xen.ProbeResult{SR: &xen.SRStat{UUID: new("u")}}},
		{"members twice: the second counts", "<value><struct><member><name>uuid</name><value>u</value></member><member><name>tags</name><value><array><data><value>t</value></data></array></value></member><member><name>uuid</name><value/></member><member><name>tags</name><value><array/></value></member></struct></value>", as[xen.VM], xen.VM{}},
		{"key that is not escaped", "<value><struct><member><name>a&b<c>\"d\"</name><value>v</value></member></struct></value>", as[xen.Map[string, string]], xen.StringMap(`a&b<c>"d"`, "v")},
	} {
		got, err := tt.got(reply(tt.value))
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %#v, %v, want %#v", tt.name, got, err, tt.want)
		}
	}
}

// as is read for tables.
func as[T any](body string) (any, error) {
	v, err := read[T](body)
	return v, err
}

// TestAnEmptyValueWhereverTheWindowEnds: <value/> is closed already, and that must be known when it is read further.
func TestAnEmptyValueWhereverTheWindowEnds(t *testing.T) {
	one, set := reply("<value/> "), reply("<value><array><data><value/><value>x</value><value/> </data></array></value>")
	several := reply("<value><struct><member><name>a</name><value><array><data><value/></data></array></value></member><member><name>b</name><value><array><data><value/><value/></data></array></value></member></struct></value>")
	for window := range len(several) {
		decode := NewDecoder(record.Limits{Window: window + 1}).DecodeReply
		var text string
		var texts []string
		var maps xen.Map[string, []string]
		if err := decode(strings.NewReader(one), &text); err != nil || text != "" {
			t.Errorf("%d bytes in memory: %q, %v", window+1, text, err)
		}
		if err := decode(strings.NewReader(set), &texts); err != nil || !slices.Equal(texts, []string{"", "x", ""}) {
			t.Errorf("%d bytes in memory: %q, %v", window+1, texts, err)
		}
		if err := decode(strings.NewReader(several), &maps); err != nil || len(maps) != 2 || len(maps[1].Value) != 2 {
			t.Errorf("%d bytes in memory: %q, %v", window+1, maps, err)
		}
	}
}

func TestFailuresAreTyped(t *testing.T) {
	body := `<?xml version="1.0"?><methodResponse><params><param><value><struct><member><name>Status</name><value>Failure</value></member><member><name>ErrorDescription</name><value><array><data><value>HOST_IS_SLAVE</value><value>10.0.0.11</value></data></array></value></member></struct></value></param></params></methodResponse>`
	_, err := read[string](body)
	fault, ok := errors.AsType[*xen.Error](err)
	if !ok || !errors.Is(err, xen.HostIsSlave) || fault.Param(0) != "10.0.0.11" {
		t.Errorf("got %v", err)
	}
	_, err = read[string](`<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>1</int></value></member><member><name>faultString</name><value>no</value></member></struct></value></fault></methodResponse>`)
	if fault, ok := errors.AsType[*xen.Error](err); !ok || fault.Error() != "Fault [1, no]" {
		t.Errorf("got %v", err)
	}
	if names, err := read[[]string](`<?xml version="1.0"?><methodResponse><params><param><value><array><data><value>VM.start</value></data></array></value></param></params></methodResponse>`); err != nil || len(names) != 1 {
		t.Errorf("system.listMethods has no envelope: %v, %v", names, err)
	}
	swapped := strings.Replace(reply("<value>x</value>"), `<member><name>Status</name><value>Success</value></member>`, "", 1)
	swapped = strings.Replace(swapped, "</struct>", `<member><name>Status</name><value>Success</value></member></struct>`, 1)
	if got, err := read[string](swapped); err != nil || got != "x" {
		t.Errorf("status after the value: %q, %v", got, err)
	}
}

func TestWhatCannotBeReadSaysWhere(t *testing.T) {
	deep := strings.Repeat("<value><array><data>", 1000)
	for _, tt := range []struct {
		name, body string
		offset     int
	}{
		{"nothing", "", 0},
		{"a web page", "<!DOCTYPE html><html><body>hello</body></html>", 0},
		{"a document type", `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><methodResponse/>`, 21},
		{"an entity of its own", reply("<value>ab&lol;</value>"), strings.Index(reply("<value>ab&lol;</value>"), "&lol;")},
		{"a NUL", reply("<value>a\x00b</value>"), strings.Index(reply("<value>a\x00b</value>"), "\x00")},
		{"CDATA", reply("<value><![CDATA[x]]></value>"), strings.Index(reply("<value><![CDATA[x]]></value>"), "<![CDATA")},
		{"cut", reply("<value>abc</value>")[:200], 200},
		{"nesting", reply(deep), -1},
		{"nesting, skipped", strings.Replace(reply(deep), ">Value<", ">Other<", 1), -1},
		{"no end of a value", strings.Replace(reply("<value>x</value>"), "x</value>", "x", 1), strings.Index(reply("<value>x</member>"), "x</member>") + 1},
		{"unknown tag", reply("<value><blink>x</blink></value>"), strings.Index(reply("<value><blink>"), "<blink>")},
	} {
		_, err := read[[]string](tt.body)
		if tt.name != "nesting" && tt.name != "nesting, skipped" {
			_, err = read[string](tt.body)
		}
		syntax, ok := errors.AsType[*SyntaxError](err)
		if !ok || tt.offset >= 0 && syntax.Offset != tt.offset {
			t.Errorf("%s: got %v, want an error at byte %d", tt.name, err, tt.offset)
		}
	}
}

func TestAValueOfAnotherKindIsAnErrorAndLeavesNothing(t *testing.T) {
	for name, value := range map[string]string{"a word": "<value>five</value>", "a struct": "<value><struct></struct></value>", "nothing": "<value></value>"} {
		got, err := read[int64](reply(value))
		if _, ok := errors.AsType[*TypeError](err); !ok || got != 0 {
			t.Errorf("%s for an int: got %d, %v", name, got, err)
		}
	}
	if _, err := read[xen.Map[string, string]](reply("<value>x</value>")); err == nil {
		t.Error("a text was taken for a map")
	}
	vm, err := read[xen.VM](reply("<value><struct><member><name>name_label</name><value>db-1</value></member><member><name>domid</name><value>x</value></member></struct></value>"))
	if err == nil || vm.NameLabel != "" {
		t.Errorf("half a record came back: %q, %v", vm.NameLabel, err)
	}
}

func TestOneBadRecordDoesNotHideTheOthers(t *testing.T) {
	list := xen.ObjectList{Class: xen.ClassVM}
	record := func(ref, domid string) string {
		return "<member><name>" + ref + "</name><value><struct><member><name>uuid</name><value>" + ref + "</value></member><member><name>domid</name><value>" + domid + "</value></member></struct></value></member>"
	}
	err := DecodeReply(strings.NewReader(reply("<value><struct>"+record("a", "1")+record("b", "one")+record("c", "3")+"</struct></value>")), &list)
	if err != nil || len(list.Objects) != 2 || len(list.Skipped) != 1 || list.Skipped[0].Ref != "b" {
		t.Fatalf("got %d objects, %v skipped, %v", len(list.Objects), list.Skipped, err)
	}
	if vm := list.Objects[1].Record.(*xen.VM); vm.Domid != 3 || vm.UUID != "c" {
		t.Errorf("got %+v", vm)
	}
}

func TestAnEventWithABadSnapshotIsStillAnEvent(t *testing.T) {
	event := func(snapshot string) string {
		return "<value><struct>" + snapshot + "<member><name>id</name><value>5</value></member><member><name>class</name><value>vm</value></member><member><name>operation</name><value>mod</value></member><member><name>ref</name><value>r</value></member></struct></value>"
	}
	good := event("<member><name>snapshot</name><value><struct><member><name>domid</name><value>7</value></member></struct></value></member>")
	bad := event("<member><name>snapshot</name><value><struct><member><name>domid</name><value>x</value></member></struct></value></member>")
	events, err := read[[]xen.Event](reply("<value><array><data>" + good + bad + good + "</data></array></value>"))
	if err != nil || len(events) != 3 {
		t.Fatalf("got %v, %v", events, err)
	}
	for i, wantErr := range []bool{false, true, false} {
		e := events[i]
		if e.ID != 5 || e.Class != xen.ClassVM || e.Operation != xen.EventMod || e.Ref != "r" || (e.Err != nil) != wantErr || (e.Snapshot == nil) != wantErr {
			t.Errorf("event %d: %+v", i, e)
		}
	}
	if vm := events[2].Snapshot.(*xen.VM); vm.Domid != 7 {
		t.Errorf("snapshot before the class: %+v", vm)
	}
}

// endless repeats a text for ever, and counts what was read of it.
type endless struct {
	start, text string
	read        int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		at := e.read + i
		if at < len(e.start) {
			p[i] = e.start[at]
		} else {
			p[i] = e.text[(at-len(e.start))%len(e.text)]
		}
	}
	e.read += len(p)
	return len(p), nil
}

func TestEndlessNonsenseIsGivenUpEarly(t *testing.T) {
	head, _, _ := strings.Cut(reply("<value>|</value>"), "|")
	for name, e := range map[string]*endless{
		"nesting":     {start: head, text: "<value><array><data>"},
		"a web page":  {text: "<html>"},
		"white space": {text: " \n"},
	} {
		var into []string
		err := DecodeReply(e, &into)
		if _, ok := errors.AsType[*SyntaxError](err); !ok || e.read > 1<<20 {
			t.Errorf("%s: %v after %d bytes", name, err, e.read)
		}
	}
}

// TestWhatTheDatamodelLacksIsKept reads a record with members that no class has, and an event of a class that nobody knows.
func TestWhatTheDatamodelLacksIsKept(t *testing.T) {
	member := func(name, value string) string {
		return "<member><name>" + name + "</name><value>" + value + "</value></member>"
	}
	moods := "<array><data><value>a&amp;b</value></data></array>"
	object := "<value><struct>" + member("mood", "sad") + member("uuid", "u") + member("moods", moods) + member("mood", "good") + "</struct></value>"
	vm, err := read[xen.VM](reply(object))
	want := xen.VM{UUID: "u", Unknown: xen.StringMap("mood", "<value>good</value>", "moods", "<value>"+moods+"</value>")}
	if err != nil || !reflect.DeepEqual(vm, want) {
		t.Errorf("%+v, %v", vm.Unknown, err)
	}
	event := "<value><struct>" + member("class", "hologram") + member("snapshot", moods) + "</struct></value>"
	events, err := read[[]xen.Event](reply("<value><array><data>" + event + "</data></array></value>"))
	if err != nil || len(events) != 1 || string(events[0].Raw) != "<value>"+moods+"</value>" || events[0].Class != "hologram" {
		t.Errorf("%+v, %v", events, err)
	}
	many := strings.Builder{}
	for i := range 10 * record.MaxMembers {
		many.WriteString(member(strings.Repeat("x", i%256)+string(rune('a'+i/256)), "1"))
	}
	if vm, err := read[xen.VM](reply("<value><struct>" + many.String() + "</struct></value>")); err != nil || len(vm.Unknown) != record.MaxMembers {
		t.Errorf("%d members, %v", len(vm.Unknown), err)
	}
}
