package desired

import (
	"errors"
	"strings"
	"testing"
)

func TestExcerptPutsTheCaretUnderTheColumn(t *testing.T) {
	long := strings.Repeat("a", 200) + "X" + strings.Repeat("b", 200)
	for _, c := range []struct {
		name, line string
		column     int
		want       string
	}{
		{"spaces", "  mode: x", 9, "  mode: x\n        ^"},
		{"tabs stay tabs", "\t\"mode\":\t1", 10, "\t\"mode\":\t1\n\t       \t^"},
		{"runes, not bytes", "name: äöü x", 11, "name: äöü x\n          ^"},
		{"past the end", "name:", 6, "name:\n     ^"},
		{"an empty line", "", 1, "\n^"},
		{"escape sequences are not obeyed", "a\x1b[31m", 3, "a\uFFFD[31m\n  ^"},
		{
			"long lines are cut around the caret", long, 201,
			"…" + strings.Repeat("a", 60) + "X" + strings.Repeat("b", 59) + "…\n" + strings.Repeat(" ", 61) + "^",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := excerpt(c.line, c.column); got != c.want {
				t.Errorf("got\n%q, want\n%q", got, c.want)
			}
		})
	}
}

func TestProblemWithoutPlace(t *testing.T) {
	p := Problem{File: "fleet", Text: "has no manifests"}
	if got, want := p.Error(), "fleet: has no manifests"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProblemsAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("apiVersion: xencontroller.io/v1alpha1\nkind: VirtualMachine\nmetadata: {name: a}\n")
	for range 10 * maxProblems {
		b.WriteString("x: y\n")
	}
	_, err := Parse(File{Name: "f", Data: []byte(b.String())})
	ps, ok := errors.AsType[Problems](err)
	if !ok || len(ps) != maxProblems || !strings.Contains(ps[len(ps)-1].Text, "more mistakes") {
		t.Errorf("got %d problems, the last %+v", len(ps), ps[max(0, len(ps)-1)])
	}
}

func TestHostileSizesAreRefused(t *testing.T) {
	_, err := Parse(File{Name: "f", Data: []byte("---\n" + strings.Repeat("a: b\n", maxDocument/5+1) + "---\nb\n")})
	ps, _ := errors.AsType[Problems](err)
	if len(ps) != 2 || ps[0].Text != `this document is larger than 256 KiB; is "---" missing between manifests?` || ps[1].Line != maxDocument/5+4 {
		t.Errorf("got %v", err)
	}
	_, err = Parse(File{Name: "f", Data: []byte(strings.Repeat("---\na\n", 100*maxTotal))})
	if ps, _ := errors.AsType[Problems](err); len(ps) != maxTotal || !strings.Contains(ps[maxTotal-1].Text, "reading ended here") {
		t.Errorf("got %d problems", len(ps))
	}
}
