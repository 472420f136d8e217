package simulator

import (
	"strings"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

// TestNothingIsUnknown: every message of every release does something or answers an error that xapi has.
func TestNothingIsUnknown(t *testing.T) {
	s, err := theSchema()
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, e := range s.model.Errors {
		documented[e.Name] = true
	}
	rows, err := Coverage()
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := map[string]bool{ // of plugins and of measured data
		"host.call_plugin": true, "host.call_extension": true, "host.has_extension": true, "VM.call_plugin": true,
		"VM.call_host_plugin": true, "pool.has_extension": true, "host.get_data_sources": true,
	}
	for _, r := range rows {
		if r.Level == Refused && r.Note == "NOT_IMPLEMENTED" && !elsewhere[r.Message] && !strings.Contains(r.Message, "data_source") {
			t.Errorf("%s is not written", r.Message)
		}
	}
	for wire, r := range refusals() {
		if !documented[r.code] {
			t.Errorf("%s answers %s, which no error of xapi is", wire, r.code)
		}
	}
}

// example is a value of a type: a reference to some object of the class, if there is one.
func example(p *Pool, s *schema, kind datamodel.Type) (value any, missing bool) {
	switch kind.Kind { //nolint:exhaustive // the rest is text
	case datamodel.Int:
		return int64(1), false
	case datamodel.Float:
		return 1.0, false
	case datamodel.Bool:
		return true, false
	case datamodel.Datetime:
		return time.Unix(1e9, 0).UTC(), false
	case datamodel.SetKind:
		return Set{}, false
	case datamodel.MapKind, datamodel.RecordKind:
		return Map{}, false
	case datamodel.EnumKind:
		return s.enums[kind.Name][0], false
	case datamodel.Ref:
		ref := "OpaqueRef:none"
		p.view(func(x *tx) {
			if all := x.all(kind.Name); len(all) > 0 {
				ref = all[0]
			}
		})
		return ref, ref == "OpaqueRef:none"
	}
	return "x", false
}

// TestRefusals: what cannot be done answers HANDLE_INVALID where an object is not there, and else the error declared for it.
func TestRefusals(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: 1, Version: "26"})
	w := login1(t, p)
	for wire, r := range refusals() {
		m, params, absent := p.schema.calls[wire], []any{}, ""
		for _, declared := range m.Params {
			if declared.Name == "session_id" {
				continue
			}
			value, missing := example(p, p.schema, declared.Parsed)
			if missing && absent == "" {
				absent = declared.Parsed.Name
			}
			params = append(params, value)
		}
		want := r.code
		if absent != "" {
			want = "HANDLE_INVALID | " + absent
		}
		method, call := wire, w.refused
		if !m.Session {
			call = func(method string, params ...any) string {
				_, err := w.raw(method, params...)
				return asFailure(err).Error()
			}
		}
		if got := call(method, params...); !strings.HasPrefix(got, want) {
			t.Errorf("%s answers %q, want %q", wire, got, want)
		}
	}
}

// TestLicenceComesFirst: a feature that the licence restricts is refused before anything is looked at.
func TestLicenceComesFirst(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: -1})
	w := login1(t, p)
	if got := w.refused("pool.retrieve_wlb_configuration"); got != "WLB_NOT_INITIALIZED" {
		t.Errorf("without a server: %q", got)
	}
	p.view(func(x *tx) {
		x.set("pool", x.the("pool"), "restrictions", mapOf("restrict_wlb", "true"))
	})
	if got := w.refused("pool.retrieve_wlb_configuration"); got != "LICENSE_RESTRICTION | WLB" {
		t.Errorf("without the feature: %q", got)
	}
}
