package datamodel

import (
	"strings"
	"testing"
)

func load1(t *testing.T) *Model {
	t.Helper()
	m, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The counts stand in the description that comes with datamodel.json; a key that Go does not read would change them.
func TestCounts(t *testing.T) {
	m := load1(t)
	count := map[string]int{"classes": len(m.Classes), "errors": len(m.Errors), "relations": len(m.Relations), "releases": len(m.Releases)}
	for _, c := range m.Classes {
		count["fields"] += len(c.Fields)
		count["messages"] += len(c.Messages)
		for _, msg := range c.Messages {
			if msg.Implicit {
				count["implicit"]++
			}
			if msg.Async {
				count["async"]++
			}
			if msg.Removed() {
				count["removed"]++
			}
		}
		for _, f := range c.Fields {
			if f.Default != nil {
				count["defaults"]++
			}
			if f.Removed() {
				count["removed fields"]++
			}
		}
	}
	want := map[string]int{
		"classes": 72, "errors": 635, "relations": 64, "releases": 35, "fields": 922, "messages": 2007,
		"implicit": 1456, "async": 439, "removed": 87, "defaults": 539, "removed fields": 36,
	}
	for what, n := range want {
		if count[what] != n {
			t.Errorf("%d %s, want %d", count[what], what, n)
		}
	}
}

func TestAllClassesInSourceOrder(t *testing.T) {
	m := load1(t)
	all := m.AllClasses()
	if len(all) != 73 || all[0].Name != "session" || all[72].Name != "Rate_limit" {
		t.Errorf("%d classes from %s to %s, want 73 from session to Rate_limit", len(all), all[0].Name, all[len(all)-1].Name)
	}
}

func TestDatabaseName(t *testing.T) {
	vm := load1(t).Class("VM")
	for wire, db := range map[string]string{"name_label": "name__label", "VCPUs_params": "VCPUs__params", "other_config": "other_config", "power_state": "power_state"} {
		if got := vm.Field(wire).DatabaseName(); got != db {
			t.Errorf("database name of %s is %s, want %s", wire, got, db)
		}
	}
}

func TestTypesPrintAsTheyWereWritten(t *testing.T) {
	for _, c := range load1(t).AllClasses() {
		for _, f := range c.AllFields() {
			if f.Parsed.String() != f.Type {
				t.Errorf("%s.%s: %s printed as %s", c.Name, f.Name, f.Type, f.Parsed)
			}
		}
		for _, m := range c.AllMessages() {
			if m.ResultType.String() != m.Result[0] {
				t.Errorf("%s.%s: %s printed as %s", c.Name, m.Name, m.Result[0], m.ResultType)
			}
		}
	}
}

func TestParseTypeRefuses(t *testing.T) {
	for _, bad := range []string{"", "strin", "VM", "VM ref sets", "(string -> int) mop", "(string int) map", "enum", "string set x"} {
		if got, err := ParseType(bad); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("ParseType(%q) = %v, %v; want an error that names it", bad, got, err)
		}
	}
}
