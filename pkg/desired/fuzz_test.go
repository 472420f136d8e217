package desired

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"github.com/xencontroller/xencontroller/internal/golden"
)

// Whatever the text: no panic, either a set or problems, and every problem at a place that is in the file.
func FuzzParse(f *testing.F) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		f.Fatal(err, len(archives))
	}
	for _, path := range archives {
		for _, file := range txtar.Parse(golden.Bytes(f, path)).Files {
			f.Add(file.Data)
		}
	}
	for _, text := range []string{
		"a: &x [*x]", "&a [&b [*a, *b]]", "? [a]\n: b", "%YAML 1.2\n---\n", "...\n...", "a:\r  b\r\n c", "\ufeffa: b",
		"metadata: &m {name: a, labels: *m}", "apiVersion: xencontroller.io/v1alpha1\nkind: VirtualMachine\nmetadata: &m {name: *m}\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := Parse(File{Name: "f", Data: data})
		if (set == nil) == (err == nil) {
			t.Fatalf("set %v, error %v", set, err)
		}
		if err == nil {
			for _, vm := range set.VMs() {
				if (vm.Spec.NameLabel == "") == (vm.Spec.UUID == "") || vm.Metadata.Name == "" || vm.Spec.Shutdown.GracePeriod <= 0 {
					t.Fatalf("incomplete: %+v", vm)
				}
			}
			return
		}
		lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(data), "\ufeff")), "\n")
		problems, ok := errors.AsType[Problems](err)
		if !ok {
			t.Fatalf("a %T, not Problems: %v", err, err)
		}
		for _, p := range problems {
			if p.Line == 0 && strings.Contains(p.Text, "UTF-16") {
				continue
			}
			if p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > utf8.RuneCountInString(lines[p.Line-1])+1 {
				t.Fatalf("no such place: %s", p.Error())
			}
			if p.Text == "" || strings.ContainsAny(p.Summary(), "\n\x1b") {
				t.Fatalf("unfit for a terminal: %q", p.Summary())
			}
		}
	})
}

func TestAliasesCannotExplode(t *testing.T) {
	var b strings.Builder
	b.WriteString("apiVersion: xencontroller.io/v1alpha1\nkind: VirtualMachine\nmetadata:\n  name: a\n  annotations:\n    l0: &l0 [lol]\n")
	for i := range 60 { // ten to the sixtieth, if anybody copied
		of := fmt.Sprintf("*l%d", i)
		fmt.Fprintf(&b, "    l%d: &l%d [%s%s]\n", i+1, i+1, strings.Repeat(of+", ", 9), of)
	}
	_, err := Parse(File{Name: "f", Data: []byte(b.String())})
	ps, ok := errors.AsType[Problems](err)
	if !ok || len(ps) != 61 || ps[0].Text != "must be text, not a list" {
		t.Errorf("got %v", err)
	}
}
