package jsonrpc

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// reply wraps a value as xapi does in version 2.0.
func reply(value string) string { return `{"jsonrpc":"2.0","result":` + value + `,"id":1}` }

// read decodes a reply into a value of type T.
func read[T any](body string) (T, error) {
	var into T
	err := DecodeReply(strings.NewReader(body), &into)
	return into, err
}

// as is read for tables.
func as[T any](body string) (any, error) {
	v, err := read[T](body)
	return v, err
}

func TestValuesAreReadByTheTypeThatIsWanted(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		got         func(string) (any, error)
		want        any
	}{
		{"string", `"a b "`, as[string], "a b "},
		{"empty string", `""`, as[string], ""},
		{"escapes", `"\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00"`, as[string], "\"\\/\b\f\n\r\tAé😀"},
		{"half a pair of surrogates", `"\ud83dx\udc00"`, as[string], "\ufffdx\ufffd"},
		{"an escaped backslash before the end", `"a\\"`, as[string], `a\`},
		{"bytes that are no UTF-8", "\"a\xffb\"", as[string], "a\xffb"},
		{"int", "-1", as[int64], int64(-1)},
		{"string for an int", `"76"`, as[int64], int64(76)},
		{"largest int", "9223372036854775807", as[int64], int64(math.MaxInt64)},
		{"true", "true", as[bool], true},
		{"false", "false", as[bool], false},
		{"float", "0.1", as[float64], 0.1},
		{"float without fraction", "1.0", as[float64], 1.0},
		{"int for a float", "3", as[float64], 3.0},
		{"exponent", "1e+20", as[float64], 1e20},
		{"infinity", "-Infinity", as[float64], math.Inf(-1)},
		{"date", `"20260821T02:00:23Z"`, as[time.Time], time.Date(2026, 8, 21, 2, 0, 23, 0, time.UTC)},
		{"date with an offset", `"20260831T04:00:23+02:00"`, as[time.Time], time.Date(2026, 8, 31, 2, 0, 23, 0, time.UTC)},
		{"reference", `"OpaqueRef:1"`, as[xen.VMRef], xen.VMRef("OpaqueRef:1")},
		{"unknown word of an enumeration", `"Melted"`, as[xen.PowerState], xen.PowerState("Melted")},
		{"void", `""`, as[xen.Void], xen.Void{}},
		{"set", `["a",""]`, as[[]xen.VMRef], []xen.VMRef{"a", ""}},
		{"empty set", "[]", as[[]string], []string(nil)},
		{"map", `{"k":"v"}`, as[xen.Map[string, string]], xen.StringMap("k", "v")},
		{"a key that XML cannot carry", `{"a&b<c>\"d\"\u0001":"v"}`, as[xen.Map[string, string]], xen.StringMap("a&b<c>\"d\"\x01", "v")},
		{"map with numbers as keys", `{"7":1.0}`, as[xen.Map[int64, float64]], xen.Map[int64, float64]{{Key: 7, Value: 1}}},
		{"map of sets", `{"h":["E"]}`, as[xen.Map[xen.HostRef, []string]], xen.Map[xen.HostRef, []string]{{Key: "h", Value: []string{"E"}}}},
		{"white space", " [\n1 ,\t2\r] ", as[[]int64], []int64{1, 2}},
		{"raw", ` [1, {"a":"\""}]`, as[Raw], Raw(`[1, {"a":"\""}]`)},
		{"an option", `{"sr":{"uuid":"u"}}`, as[xen.ProbeResult], xen.ProbeResult{SR: &xen.SRStat{UUID: new("u")}}},
		{"an option that is null", `{"sr":null}`, as[xen.ProbeResult], xen.ProbeResult{}},
		{"an option that is not there", "null", as[*string], (*string)(nil)},
		{"a record", `{"uuid":"u","name_label":"a\u0026b","unknown":{"x":[1,{}]},"domid":7,"tags":["t"],"HVM_shadow_multiplier":1.0}`, as[xen.VM], xen.VM{UUID: "u", NameLabel: "a&b", Domid: 7, Tags: []string{"t"}, HVMShadowMultiplier: 1, Unknown: xen.StringMap("unknown", `{"x":[1,{}]}`)}},
		{"members twice: the second counts", `{"uuid":"u","uuid":"","tags":["t"],"tags":[],"domid":1,"domid":2}`, as[xen.VM], xen.VM{Domid: 2}},
		{"names with escapes", `{"\u0075uid":"u"}`, as[xen.VM], xen.VM{UUID: "u"}},
	} {
		got, err := tt.got(reply(tt.value))
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %#v, %v, want %#v", tt.name, got, err, tt.want)
		}
	}
	if f, err := read[float64](reply("NaN")); err != nil || !math.IsNaN(f) {
		t.Errorf("NaN: got %v, %v", f, err)
	}
}

func TestBothVersionsAndAllShapesOfFailures(t *testing.T) {
	for _, tt := range []struct{ name, body, want string }{
		{"version 1.0", `{"result":null,"error":["HANDLE_INVALID","VM","OpaqueRef:NULL"],"id":1}`, "HANDLE_INVALID [VM, OpaqueRef:NULL]"},
		{"version 2.0", `{"jsonrpc":"2.0","error":{"code":1,"message":"SESSION_INVALID","data":["garbage"]},"id":1}`, "SESSION_INVALID [garbage]"},
		{"before dispatch", `{"jsonrpc":"2.0","error":["HOST_STILL_BOOTING"],"id":0}`, "HOST_STILL_BOOTING"},
		{"not xapi", `{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}`, "Invalid Request"},
		{"data of another kind", `{"jsonrpc":"2.0","error":{"data":{"x":1},"message":"M"},"id":null}`, "M"},
	} {
		_, err := read[xen.VM](tt.body)
		if fault, ok := errors.AsType[*xen.Error](err); !ok || fault.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
	if got, err := read[string](`{"result":"web5","error":null,"id":1}`); err != nil || got != "web5" {
		t.Errorf("version 1.0: got %q, %v", got, err)
	}
	if got, err := read[string](`{"id":1,"error":null,"result":"web5"}`); err != nil || got != "web5" {
		t.Errorf("another order: got %q, %v", got, err)
	}
}

func TestWhatCannotBeReadSaysWhere(t *testing.T) {
	deep := strings.Repeat("[", 1000)
	for _, tt := range []struct {
		name, body string
		offset     int
	}{
		{"nothing", "", 0},
		{"a web page", "<html>", 0},
		{"an array", "[1]", 0},
		{"cut in a string", `{"result":"ab`, 13},
		{"cut in a name", `{"resu`, 6},
		{"cut behind the value", `{"result":"ab"`, 14},
		{"no comma", `{"result":"ab" "id":1}`, 15},
		{"no colon", `{"result" "ab"}`, 10},
		{"an unknown word", `{"result":nothing}`, 10},
		{"an unknown escape", `{"result":"a\x"}`, 12},
		{"a NUL", "{\"result\":\"a\x00\"}", 12},
		{"nesting", `{"result":` + deep, -1},
		{"nesting, skipped", `{"other":` + deep, -1},
	} {
		_, err := read[string](tt.body)
		if syntax, ok := errors.AsType[*SyntaxError](err); !ok || tt.offset >= 0 && syntax.Offset != tt.offset {
			t.Errorf("%s: got %v, want an error at byte %d", tt.name, err, tt.offset)
		}
	}
}

func TestAValueOfAnotherKindIsAnErrorAndLeavesNothing(t *testing.T) {
	for _, value := range []string{`"five"`, "{}", "[]", "null", "true", "1.5", `""`} {
		got, err := read[int64](reply(value))
		if _, ok := errors.AsType[*TypeError](err); !ok || got != 0 {
			t.Errorf("%s for an int: got %d, %v", value, got, err)
		}
	}
	for _, value := range []string{"5", "{}", "null", `[""]`} {
		if _, err := read[string](reply(value)); err == nil {
			t.Errorf("%s was taken for a string", value)
		}
	}
	if _, err := read[string](`{"id":1}`); err == nil {
		t.Error("neither result nor error, and no error")
	}
	vm, err := read[xen.VM](reply(`{"name_label":"db-1","domid":"x"}`))
	if err == nil || vm.NameLabel != "" {
		t.Errorf("half a record came back: %q, %v", vm.NameLabel, err)
	}
}

func TestOneBadRecordDoesNotHideTheOthers(t *testing.T) {
	list := xen.ObjectList{Class: xen.ClassVM}
	body := reply(`{"a":{"uuid":"a","domid":1},"b":{"uuid":"b","domid":[]},"c":{"uuid":"c","domid":3}}`)
	if err := DecodeReply(strings.NewReader(body), &list); err != nil || len(list.Objects) != 2 || len(list.Skipped) != 1 || list.Skipped[0].Ref != "b" {
		t.Fatalf("got %d objects, %v skipped, %v", len(list.Objects), list.Skipped, err)
	}
	if vm := list.Objects[1].Record.(*xen.VM); vm.Domid != 3 || vm.UUID != "c" {
		t.Errorf("got %+v", vm)
	}
}

func TestAnEventWithABadSnapshotIsStillAnEvent(t *testing.T) {
	event := func(domid string) string {
		return `{"snapshot":{"domid":` + domid + `},"id":"5","class":"vm","operation":"mod","ref":"r","timestamp":"0.0"}`
	}
	batch, err := read[xen.EventBatch](reply(`{"events":[` + event("7") + "," + event("{}") + "," + event("8") + `],"valid_ref_counts":{"vm":2},"token":"t"}`))
	if err != nil || len(batch.Events) != 3 || batch.Token != "t" || len(batch.ValidRefCounts) != 1 {
		t.Fatalf("got %+v, %v", batch, err)
	}
	for i, wantErr := range []bool{false, true, false} {
		e := batch.Events[i]
		if e.ID != 5 || e.Class != xen.ClassVM || e.Operation != xen.EventMod || e.Ref != "r" || e.Timestamp != "0.0" || (e.Err != nil) != wantErr || (e.Snapshot == nil) != wantErr {
			t.Errorf("event %d: %+v", i, e)
		}
	}
	if vm := batch.Events[2].Snapshot.(*xen.VM); vm.Domid != 8 {
		t.Errorf("snapshot before the class: %+v", vm)
	}
}
