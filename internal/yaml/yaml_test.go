package yaml_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xencontroller/xencontroller/internal/yaml"
)

func TestSettings(t *testing.T) {
	got, err := yaml.Settings([]byte("pool: [http://a, http://b]\nusername: root\ninsecure: true\nworkers: 4\n"))
	want := map[string][]string{"pool": {"http://a", "http://b"}, "username": {"root"}, "insecure": {"true"}, "workers": {"4"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	for text, wantErr := range map[string]string{
		"- a":             "line 1: a mapping",
		"a: 1\na: 2":      "line 2: a is given twice",
		"a: 1\nb: {c: d}": "line 2: b: a value or a list",
		"a:\n- x\n- [y]":  "item 2 is no plain value",
		"a: b: c":         "yaml: ",
		"pool: 'unclosed": "yaml: ",
	} {
		if _, err := yaml.Settings([]byte(text)); err == nil || !strings.Contains(err.Error(), wantErr) {
			t.Errorf("%q: got %v, want %q", text, err, wantErr)
		}
	}
	if got, err := yaml.Settings(nil); err != nil || len(got) != 0 {
		t.Errorf("empty text: %v, %v", got, err)
	}
}

func TestMarshalKeepsJSONsNamesAndOrder(t *testing.T) {
	value := struct {
		B string         `json:"b"`
		A []int          `json:"a"`
		N *int           `json:"n"`
		T bool           `json:"t"`
		S string         `json:"s"`
		M map[string]any `json:"m"`
	}{B: "true", A: []int{1, 2}, T: true, S: "two\nlines", M: map[string]any{"x": 1.5}}
	got, err := yaml.Marshal(value)
	want := "b: \"true\"\na:\n  - 1\n  - 2\nn: null\nt: true\ns: |-\n  two\n  lines\nm:\n  x: 1.5\n"
	if err != nil || string(got) != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
}
