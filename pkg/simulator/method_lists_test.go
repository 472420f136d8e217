package simulator

import (
	"slices"
	"testing"
)

// Each release lists what it has, in the order of the newest: nothing that came later, everything that was removed.
func TestMethodListsOfReleases(t *testing.T) {
	whole, err := theSchema()
	if err != nil {
		t.Fatal(err)
	}
	all := wordsOf(whole.methodNames())
	position := make(map[string]int)
	for i, name := range all {
		position[name] = i
	}
	var before []string
	for _, version := range []string{"8.2", "24.19", "26"} {
		w := login1(t, Start(t, Model{Hosts: 1, VMs: -1, Version: version}))
		v, err := w.raw("system.listMethods")
		if err != nil {
			t.Fatal(err)
		}
		got := wordsOf(v.(Set))
		if !slices.IsSortedFunc(got, func(a, b string) int { return position[a] - position[b] }) {
			t.Errorf("%s: the order is not that of the datamodel", version)
		}
		listed := make(map[string]bool)
		for _, name := range got {
			listed[name] = true
			if _, known := position[name]; !known {
				t.Errorf("%s lists %s", version, name)
			}
		}
		for _, name := range before {
			if !listed[name] {
				t.Errorf("%s has lost %s", version, name)
			}
		}
		if len(listed) != len(got) || len(got) <= len(before) {
			t.Errorf("%s: %d methods, %d of them different, after %d", version, len(got), len(listed), len(before))
		}
		before = got
		for name, since := range map[string]string{"VM.start": "8.2", "VMPP.get_all": "8.2", "VM_group.create": "24.19", "Caller.get_all": "26", "VM.get_all_where": "26"} {
			if want := parseRelease(wholeVersion(version)).atLeast(parseRelease(wholeVersion(since))); listed[name] != want {
				t.Errorf("%s: %s listed %t, want %t", version, name, listed[name], want)
			}
		}
		for name := range listed { // what is listed is known, what is not is unknown
			if w.codeOfBare(name) == "MESSAGE_METHOD_UNKNOWN" {
				t.Errorf("%s lists %s and does not know it", version, name)
			}
		}
		if got := w.codeOfBare("VM.nothing"); got != "MESSAGE_METHOD_UNKNOWN" {
			t.Errorf("%s answers an unknown method with %s", version, got)
		}
	}
}

// codeOfBare is the code that a call without any parameter is refused with.
func (w *wire) codeOfBare(method string) string {
	w.t.Helper()
	_, err := w.raw(method)
	if err == nil {
		return ""
	}
	return asFailure(err).Code
}
