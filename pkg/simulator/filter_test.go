package simulator

import (
	"testing"
)

func TestFilter(t *testing.T) {
	p := Start(t, Model{VMs: 2})
	vm := vmNamed(p, "web-1")
	var r *record
	write(p, func(t *tx) {
		t.set("VM", vm, "tags", setOf("a", "b"))
		t.set("VM", vm, "xenstore_data", mapOf("k", "v"))
		r = t.record("VM", vm)
	})
	for text, want := range map[string]bool{
		`true`: true, `false`: false, `not true`: false, `(true)`: true,
		`field "name__label" = "web-1"`:                                            true,
		`field"name__label"="web-1"`:                                               true,
		`"web-1" = field "name__label"`:                                            true,
		`field "name__label" = "WEB-1"`:                                            false,
		`(field "name__label" = "web-1") and not (field "is_a_template" = "true")`: true,
		`field "VCPUs__max" = "2"`:                                                 true,
		`field "tags" = "('a' 'b')"`:                                               true,
		`field "xenstore_data" = "(('k' 'v'))"`:                                    true,
		`not (false) and false`:                                                    true, // not binds loosest: not (false and false)
		`true or true and false`:                                                   false,
		`field "snapshot_time" = "19700101T00:00:00Z"`:                             true,
	} {
		f, err := parseFilter(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := f.matches(r); err != nil || got != want {
			t.Errorf("%s is %t, %v; want %t", text, got, err, want)
		}
	}
	for _, bad := range []string{``, `nonsense`, `true true`, `(true`, `field = "x"`, `"a"`, `"a" = `, `"a`, `TRUE`, `not`, `true and`} {
		if f, err := parseFilter(bad); err == nil {
			t.Errorf("%q was read as %v", bad, f)
		} else if code := asFailure(err).Code; code != "INVALID_VALUE" || asFailure(err).Params[0] != bad {
			t.Errorf("%q: %v, want INVALID_VALUE with the expression", bad, err)
		}
	}
}

func FuzzFilter(f *testing.F) {
	f.Add(`(field "name__label" = "db-1") and not (field "is_a_template" = "true")`)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseFilter(text)
		if (got == nil) != (err != nil) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	})
}
