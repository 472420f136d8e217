package desired

import "testing"

func TestNear(t *testing.T) {
	for _, c := range []struct{ word, candidates, want string }{
		{"Runing", "Running", "Running"},
		{"Rnuning", "Running", "Running"}, // a swap and one too few: two slips
		{"running", "Running", "Running"},
		{"power_state", "powerState", "powerState"},
		{"Stopped", "Running", ""},
		{"VirtualMachineSet", "VirtualMachine", ""}, // three letters more is another word
		{"hots", "hosts", "hosts"},
		{"mod", "mode", "mode"},
		{"ab", "cd", ""},
		{"a", "mode", ""},
		{"", "mode", ""},
		{"__", "a", ""},
		{"mode", "mode", ""}, // right already
	} {
		if got := near(c.word, c.candidates); got != c.want {
			t.Errorf("near(%q, %q) = %q, want %q", c.word, c.candidates, got, c.want)
		}
	}
	if got := near("modes", "node", "mode", "moder"); got != "mode" {
		t.Errorf("of several, the nearest and then the first: got %q", got)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"kitten", "sitting", 3}, {"ä", "a", 1}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
