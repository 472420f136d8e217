package desired

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
)

func manifest(name, spec string) string {
	return "apiVersion: xencontroller.io/v1alpha1\nkind: VirtualMachine\nmetadata: {name: " + name + "}\nspec: {" + spec + "}\n"
}

func names(set *Set) string {
	var all []string
	for _, vm := range set.VMs() {
		all = append(all, vm.Metadata.Name)
	}
	return strings.Join(all, " ")
}

func mustParse(t *testing.T, texts ...string) *Set {
	t.Helper()
	var files []File
	for i, text := range texts {
		files = append(files, File{Name: string(rune('a' + i)), Data: []byte(text)})
	}
	set, err := Parse(files...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestLoadPaths(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, f := range []string{"dir/b.yaml", "dir/a.yml", "dir/c.json", "dir/sub/d.yaml", "e.txt"} {
		write(t, f, []byte(manifest(strings.TrimSuffix(filepath.Base(f), filepath.Ext(f)), "")))
	}
	write(t, "dir/.hidden.yaml", []byte("not: read"))
	write(t, "dir/notes.md", []byte("not read"))
	write(t, "dir/comments.yaml", []byte("# within a directory, a file may say nothing\n"))
	for _, c := range []struct {
		name, paths, want string
	}{
		{"directory: not what is below, not what is hidden", "dir", "a b c"},
		{"file of any name", "e.txt", "e"},
		{"several", "e.txt dir dir/sub", "a b c d e"},
		{"in any order", "dir/sub dir e.txt", "a b c d e"},
		{"twice the same", "dir ./dir dir/b.yaml", "a b c"},
		{"stdin", "- e.txt", "e stdin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := Load(strings.Fields(c.paths), strings.NewReader(manifest("stdin", "")))
			if err != nil {
				t.Fatal(err)
			}
			if got := names(set); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestLoadSaysWhatToDo(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs links")
	}
	t.Chdir(t.TempDir())
	write(t, "empty/readme.txt", []byte("x"))
	write(t, "empty/.git/config.yaml", []byte("not read, and no hint"))
	write(t, "above/below/a.yaml", []byte(manifest("a", "")))
	write(t, "blank.yaml", []byte("# nothing\n---\n"))
	write(t, "blanks/a.yaml", nil)
	write(t, "utf16.yaml", []byte{0xff, 0xfe, 'a', 0})
	write(t, "latin1.yaml", []byte("# a\n# caf\xe9\n"))
	write(t, "nul.yaml", []byte("a: \x00\n"))
	write(t, "large.yaml", bytes.Repeat([]byte("# x\n"), maxFile/4+1))
	write(t, "ok.yaml", []byte(manifest("ok", "")))
	write(t, "links/ok.yaml", []byte(manifest("ok", "")))
	if err := os.Symlink("nowhere", "links/dangling.yaml"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ paths, want string }{
		{"", "no manifests given; name a file or a directory with -f"},
		{"missing", "missing: no such file or directory; check the path given to -f"},
		{"ok.yaml/x", "ok.yaml/x: cannot be read: not a directory"},
		{"empty", "empty: has no manifests (*.yaml, *.yml, *.json)"},
		{"above", "above: has no manifests (*.yaml, *.yml, *.json); directories below it are not read, name them: -f above/below"},
		{"blank.yaml", "blank.yaml: declares nothing; a path given to -f must hold at least one manifest"},
		{"blanks", "blanks: declares nothing; a path given to -f must hold at least one manifest"},
		{"utf16.yaml", "utf16.yaml: is UTF-16; save it as UTF-8"},
		{"latin1.yaml", "latin1.yaml:2:6: byte 0xe9 is not UTF-8; save the file as UTF-8\n    # caf\uFFFD\n         ^"},
		{"nul.yaml", "nul.yaml:1:4: the invisible character U+0000 does not belong in a manifest; remove it\n    a: \uFFFD\n       ^"},
		{"large.yaml", "large.yaml: is larger than 10 MiB; is it a manifest? If so, split it"},
		{"links", "links/dangling.yaml: is a link to nothing; mend or remove it"},
		{"/dev/null", "/dev/null: is a socket or device, not a manifest"},
		{"-", "-: standard input cannot be watched; name a file or a directory"},
		{"missing empty ok.yaml", "empty: has no manifests (*.yaml, *.yml, *.json)\nmissing: no such file or directory; check the path given to -f"},
	} {
		t.Run(c.paths, func(t *testing.T) {
			set, err := Load(strings.Fields(c.paths), nil)
			if set != nil || err == nil {
				t.Fatalf("got a set (%v) and error %v", set != nil, err)
			}
			if got := err.Error(); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	if _, err := Load([]string{""}, nil); err == nil || !strings.Contains(err.Error(), "is empty") {
		t.Errorf(`-f "": %v`, err)
	}
}

// Which of two documents is called the second depends on their names, not on the order of the paths.
func TestLoadOrder(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "a.yaml", []byte(manifest("x", "")))
	write(t, "b.yaml", []byte(manifest("x", "")))
	_, err := Load([]string{"b.yaml", "a.yaml"}, nil)
	if ps, _ := errors.AsType[Problems](err); len(ps) != 1 || ps[0].File != "b.yaml" || !strings.Contains(ps[0].Text, "a.yaml:3:18") {
		t.Errorf("got %v", err)
	}
}

func TestLoadStdin(t *testing.T) {
	for _, c := range []struct {
		in   io.Reader
		want string
	}{
		{strings.NewReader("# nothing\n"), "standard input: declares nothing; send at least one manifest"},
		{strings.NewReader("a"), `standard input:1:1: a manifest is a mapping that begins with apiVersion and kind, not the text "a"`},
		{iotest.ErrReader(io.ErrUnexpectedEOF), "standard input: cannot be read: unexpected EOF"},
	} {
		if _, err := Load([]string{"-"}, c.in); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

func TestLoadConfigMapVolume(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "..2026_11_24", "web.yaml"), []byte(manifest("web-1", "")))
	for link, target := range map[string]string{"..data": "..2026_11_24", "web.yaml": "..data/web.yaml"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	set, err := Load([]string{dir}, nil)
	if err != nil || names(set) != "web-1" {
		t.Errorf("got %q, %v", names(set), err)
	}
}

func TestHash(t *testing.T) {
	base := mustParse(t, manifest("a", "powerState: Running")+"---\n"+manifest("b", "")).Hash()
	for name, set := range map[string]*Set{
		"other order, other files": mustParse(t, manifest("b", ""), manifest("a", "powerState: Running")),
		"comments and style":       mustParse(t, "# x\n"+manifest("a", `"powerState":   "Running"`), manifest("b", "")),
		"defaults written out":     mustParse(t, manifest("a", "powerState: Running, mode: Enforce, nameLabel: a, shutdown: {mode: CleanThenHard, gracePeriod: 120s}"), manifest("b", "")),
	} {
		if set.Hash() != base {
			t.Errorf("%s changes the hash", name)
		}
	}
	seen := map[string]string{base: "base"}
	for name, set := range map[string]*Set{
		"empty":         mustParse(t),
		"one less":      mustParse(t, manifest("a", "powerState: Running")),
		"power state":   mustParse(t, manifest("a", "powerState: Halted"), manifest("b", "")),
		"not managed":   mustParse(t, manifest("a", ""), manifest("b", "")),
		"mode":          mustParse(t, manifest("a", "powerState: Running, mode: Observe"), manifest("b", "")),
		"grace period":  mustParse(t, manifest("a", "powerState: Running, shutdown: {gracePeriod: 1m}"), manifest("b", "")),
		"shutdown mode": mustParse(t, manifest("a", "powerState: Running, shutdown: {mode: Hard}"), manifest("b", "")),
		"hosts":         mustParse(t, manifest("a", "powerState: Running, placement: {hosts: [x, y]}"), manifest("b", "")),
		"name label":    mustParse(t, manifest("a", "powerState: Running, nameLabel: c"), manifest("b", "")),
	} {
		if other, found := seen[set.Hash()]; found {
			t.Errorf("%s has the hash of %s", name, other)
		}
		seen[set.Hash()] = name
	}
	if (*Set)(nil).Hash() != mustParse(t).Hash() || !(*Set)(nil).Empty() {
		t.Error("the nil set is not the empty one")
	}
}

func TestOrderDoesNotMatter(t *testing.T) {
	docs := make([]string, 20)
	for i := range docs {
		docs[i] = manifest(string(rune('a'+i)), "")
	}
	want := mustParse(t, strings.Join(docs, "---\n"))
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10 {
		rng.Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
		got := mustParse(t, strings.Join(docs[:7], "---\n"), strings.Join(docs[7:], "---\n"))
		if got.Hash() != want.Hash() || names(got) != names(want) {
			t.Fatalf("order changes the set: %s", names(got))
		}
	}
}

func TestSetIsImmutable(t *testing.T) {
	set := mustParse(t, manifest("a", ""), manifest("b", ""))
	slices.Reverse(set.VMs())
	if names(set) != "a b" {
		t.Error("what VMs returns changes the set")
	}
	vm, ok := set.VM("b")
	if !ok || vm.Metadata.Name != "b" || vm.Spec.NameLabel != "b" || vm.Spec.Mode != v1alpha1.Enforce {
		t.Errorf("VM(b) is %+v, %v", vm, ok)
	}
	if _, ok := set.VM("c"); ok {
		t.Error("VM finds what is not there")
	}
}

// Every field that unknownField can point to is one that the decoder reads, and the other way round.
func TestFieldPaths(t *testing.T) {
	set := mustParse(t, `{apiVersion: xencontroller.io/v1alpha1, kind: VirtualMachine,
metadata: {name: a, labels: {a: b}, annotations: {a: b}},
spec: {nameLabel: x, powerState: Running, mode: Enforce, placement: {hosts: [x]}, shutdown: {mode: Clean, gracePeriod: 1s}}}`)
	if set.Empty() {
		t.Fatal("nothing read")
	}
	for _, path := range fieldPaths() {
		parent, last := parentOf(path), path[strings.LastIndexByte(path, '.')+1:]
		text := last + "x: y"
		for parent != "" {
			text = parent[strings.LastIndexByte(parent, '.')+1:] + ": {" + text + "}"
			parent = parentOf(parent)
		}
		_, err := Parse(File{Name: "f", Data: []byte(text)})
		ps, _ := errors.AsType[Problems](err)
		if !slices.ContainsFunc(ps, func(p Problem) bool { return p.Path == path+"x" && p.DidYouMean == last }) {
			t.Errorf("%s is not a field that the decoder knows: %v", path, err)
		}
	}
}
