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
		t.set("VM", vm, "HVM_shadow_multiplier", 1.1)
		t.set("VM", vm, "name_description", `it's \d`)
		t.set("VM", vm, "blocked_operations", mapOf("start", `it's \d`))
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
		`true and not false or true`:                                               false, // not (false or true)
		`not not true`:                                                             true,
		`((true)and(not(false)))`:                                                  true,
		"\ttrue\nand\ttrue":                                                        true,
		`trueandtrue`:                                                              true,
		`"" = ""`:                                                                  true,
		`"a" = "b" or "a=b" = "a=b"`:                                               true,
		`field "name__label" = field "name__label"`:                                true,
		`field "HVM__shadow_multiplier" = "1.10000000000000009"`:                   true,
		`field "name__description" = "it's \d"`:                                    true,
		`field "blocked_operations" = "(('start' 'it\'s \\d'))"`:                   true,
		`field "ref" = field "_ref"`:                                               true,
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
	const parse, lex = "Stdlib.Parsing.Parse_error", `Failure("lexing: empty token")`
	for bad, want := range map[string]string{
		``: parse, `nonsense`: lex, `true true`: parse, `(true`: parse, `field = "x"`: parse, `"a"`: parse, `"a" = `: parse, `"a`: lex, `TRUE`: lex,
		`not`: parse, `true and`: parse, `true true @`: parse, `true @ true`: lex, `)`: parse, `true)`: parse, `field field "x" = "y"`: parse,
		`'a' = 'a'`: lex, `"a" == "a"`: parse, `"a" <> "b"`: lex, `fields "x" = "y"`: lex, "true\r": lex,
	} {
		if f, err := parseFilter(bad); err == nil {
			t.Errorf("%q was read as %v", bad, f)
		} else if got := asFailure(err).Error(); got != "INVALID_VALUE["+bad+", "+want+"]" {
			t.Errorf("%q: %s, want %s", bad, got, want)
		}
	}
}

// An unknown field is an error only where it is looked at.
func TestFilterOfUnknownFields(t *testing.T) {
	w := login1(t, Start(t, Model{Hosts: 1, VMs: 1}))
	for expression, want := range map[string]string{
		`field "name_label" = "x"`:              "INTERNAL_ERROR | missing field | name_label | ",
		`not (true and field "nope" = "x")`:     "INTERNAL_ERROR | missing field | nope | ",
		`field "name__label" = field "nothing"`: "INTERNAL_ERROR | missing field | nothing | ",
	} {
		if got := w.refused("VM.get_all_records_where", expression); got != want {
			t.Errorf("%s: %s, want %s", expression, got, want)
		}
	}
	if got := w.must("VM.get_all_records_where", `false and field "nope" = "x"`).(Map); len(got) != 0 {
		t.Errorf("%d VMs", len(got))
	}
	if got := w.must("VMSS.get_all_records_where", `field "nope" = "x"`).(Map); len(got) != 0 {
		t.Errorf("%d of an empty table", len(got))
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
