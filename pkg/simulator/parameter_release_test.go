package simulator

import "testing"

// A parameter that came later is one too many for an older release, where the call has no other optional one.
func TestParametersOfLaterReleases(t *testing.T) {
	for _, c := range []struct {
		version, method string
		params          []any
		want            string
	}{
		{"24.19", "host.disable", []any{nullRef, true}, "MESSAGE_PARAMETER_COUNT_MISMATCH | host.disable | 1 | 2"},
		{"26", "host.disable", []any{nullRef, true}, "HANDLE_INVALID | host | OpaqueRef:NULL"},
		{"24.19", "pool.uninstall_ca_certificate", []any{"x", true}, "MESSAGE_PARAMETER_COUNT_MISMATCH | pool.uninstall_ca_certificate | 1 | 2"},
		{"8.2", "VM.snapshot", []any{nullRef, "s", setOf()}, "MESSAGE_PARAMETER_COUNT_MISMATCH | VM.snapshot | 2 | 3"},
		{"24.19", "VM.snapshot", []any{nullRef, "s", setOf()}, "HANDLE_INVALID | VM | OpaqueRef:NULL"},
		{"24.19", "VM.snapshot", []any{nullRef, "s", setOf(), "surplus"}, "HANDLE_INVALID | VM | OpaqueRef:NULL"},
		{"8.2", "host.evacuate", []any{nullRef, nullRef, "not a number for 8.2"}, "MESSAGE_PARAMETER_COUNT_MISMATCH | host.evacuate | 1 | 3"},
	} {
		w := login1(t, Start(t, Model{Hosts: 1, VMs: 1, Version: c.version}))
		if got := w.refused(c.method, c.params...); got != c.want {
			t.Errorf("%s: %s is refused with %s, want %s", c.version, c.method, got, c.want)
		}
	}
}

// What a release does not know stands at the end of the parameters: the others keep their places.
func TestLaterParametersAreTheLast(t *testing.T) {
	for _, version := range []string{"8.2.1", "24.19.2", "26.17.0"} {
		r := parseRelease(version)
		s, err := schemaOf(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range s.calls {
			unknown := false
			for _, p := range m.Params {
				later := !p.Required && !r.atLeast(parseRelease(p.Release))
				if unknown && !later {
					t.Errorf("%s: %s of %s stands behind a parameter that came later", version, p.Name, m.wire)
				}
				unknown = later
			}
		}
	}
}
