package simulator

import (
	"testing"

	"github.com/xencontroller/xencontroller/internal/wire/xapid"
)

// What values of a request become, or in which words they are refused: rpclib's.
func TestConvert(t *testing.T) {
	w := login1(t, Start(t, Model{Hosts: 1, VMs: 1}))
	const internal = "INTERNAL_ERROR | "
	for name, c := range map[string]struct {
		method string
		params []any
		want   string
	}{
		"text for a set":        {"VM.set_tags", []any{nullRef, "x"}, internal + `Failure("Expecting Rpc.Enum, but found 'S(x)'")`},
		"a struct for a set":    {"VM.set_tags", []any{nullRef, mapOf("a", "b")}, internal + `Failure("Expecting Rpc.Enum, but found '{a:S(b)}'")`},
		"an int in a set":       {"VM.set_tags", []any{nullRef, xapid.Set{xapid.I4(5)}}, internal + `Failure("Expected string, got 'I(5)'")`},
		"an int for an enum":    {"VM.set_actions_after_crash", []any{nullRef, xapid.I4(5)}, internal + `Failure("Unknown tag/contents")`},
		"a set for a record":    {"VM.create", []any{setOf("x")}, internal + `Failure("bad __structure")`},
		"no number for a float": {"VM.set_HVM_shadow_multiplier", []any{nullRef, "1.5 "}, internal + `Failure("float_of_string")`},
		"text for a float":      {"VM.set_HVM_shadow_multiplier", []any{nullRef, " 1_0.5e1"}, "HANDLE_INVALID | VM | OpaqueRef:NULL"},
		"a date that is none":   {"message.get_since", []any{xapid.Date("yesterday")}, internal + "Invalid argument: Clock__Date.of_iso8601: yesterday"},
		"types before session":  {"VM.set_tags", []any{nullRef, true}, internal + `Failure("Expecting Rpc.Enum, but found 'B(true)'")`},
	} {
		session := w.session
		if name == "types before session" {
			w.session = "garbage"
		}
		if got := w.refused(c.method, c.params...); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		w.session = session
	}
}

// A date is written back as it came: whole seconds, with its offset.
func TestDates(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: 1})
	w, vm := login1(t, p), vmNamed(p, "web-1")
	for given, want := range map[string]string{
		"20260821T02:00:23Z":            "20260821T02:00:23Z",
		"2026-08-21T02:00:23Z":          "20260821T02:00:23Z",
		"20260821T02:00:23+02:00":       "20260821T02:00:23+02:00",
		"2026-08-21T02:00:23.987-05:30": "20260821T02:00:23-05:30",
		"20260821T02:00:23":             "20260821T02:00:23Z",
		"20260821T02:00:23+00:00":       "20260821T02:00:23Z",
	} {
		at, err := convertTime(xapid.Date(given))
		if err != nil {
			t.Errorf("%s: %v", given, err)
			continue
		}
		write(p, func(t *tx) { t.set("VM", vm, "snapshot_time", at) })
		if got := w.must("VM.get_snapshot_time", vm); got != want {
			t.Errorf("%s is written back as %v, want %s", given, got, want)
		}
	}
}
