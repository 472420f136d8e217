// Package golden runs tests that are kept as txtar archives: a comment that says what happens, sections that are the
// input, sections that are the exact output.
//
// It knows archives and the test that reads them. It must not know what any section means. It is for tests only, and
// registers one flag: `go test -update` rewrites the sections that a test calls Want for.
package golden

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// update is the flag of every test binary that imports this package; it is a variable because package testing parses
// flags before any test could register one.
var update = flag.Bool("update", false, "rewrite the expected sections of golden archives") //nolint:gochecknoglobals // a flag

// Archive is one test case. It belongs to the test it was given to and is not for concurrent use.
type Archive struct {
	Path    string // as found by the pattern: testdata/typo.txtar
	Comment string // the text above the first section

	file    string // the path, whatever directory the test changes to
	txtar   *txtar.Archive
	asked   map[string]bool
	changed bool
}

// Walk runs fn as a subtest for each archive that matches the pattern (as in filepath.Match), in order of name; the
// subtest has the file's name without its extension. No match fails the test, and so does a section that fn never asks
// for: a typo in its name would make it a test of nothing.
func Walk(t *testing.T, pattern string, fn func(t *testing.T, ar *Archive)) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatalf("golden: pattern %q: %v", pattern, err)
	}
	if len(paths) == 0 {
		t.Fatalf("golden: no archive matches %q", pattern)
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatalf("golden: %v", err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		t.Run(name, func(t *testing.T) {
			ar := read(t, dir, path)
			fn(t, ar)
			ar.finish(t)
		})
	}
}

// Read reads one archive; a file that cannot be read, or that names a section twice, fails the test.
func Read(tb testing.TB, path string) *Archive {
	tb.Helper()
	return read(tb, "", path)
}

// read finds the file in dir (not the test's own directory, which t.Chdir may have changed) and calls it path.
func read(tb testing.TB, dir, path string) *Archive {
	tb.Helper()
	file := path
	if !filepath.IsAbs(path) {
		file = filepath.Join(dir, path)
	}
	parsed := txtar.Parse(Bytes(tb, file))
	seen := map[string]bool{}
	for _, f := range parsed.Files {
		if seen[f.Name] {
			tb.Fatalf("golden: %s has two sections %q", path, f.Name)
		}
		seen[f.Name] = true
	}
	return &Archive{Path: path, Comment: string(parsed.Comment), file: file, txtar: parsed, asked: map[string]bool{}}
}

// Bytes returns a file's content; a file that cannot be read fails the test.
func Bytes(tb testing.TB, path string) []byte {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatalf("golden: %v", err)
	}
	return b
}

// Section returns the content of a section, nil where there is none (an empty section is empty, not nil). Changing the
// result changes nothing else.
func (a *Archive) Section(name string) []byte {
	a.asked[name] = true
	if f := a.find(name); f != nil {
		return append([]byte{}, f.Data...)
	}
	return nil
}

// Names returns the names of all sections, in order; those that the test then reads count as asked for, the others not.
func (a *Archive) Names() []string {
	names := make([]string, len(a.txtar.Files))
	for i, f := range a.txtar.Files {
		names[i] = f.Name
	}
	return names
}

// Want compares got with a section, apart from the newline at the end that the format insists on. With -update the
// section becomes got instead (it is added where it is missing). A difference is an error of t, not its end, so that one
// run shows all of them.
func (a *Archive) Want(t testing.TB, name, got string) {
	t.Helper()
	a.asked[name] = true
	data := []byte(got)
	if len(data) > 0 && data[len(data)-1] != '\n' {
		data = append(data, '\n')
	}
	f := a.find(name)
	switch {
	case f != nil && bytes.Equal(f.Data, data):
	case *update && f != nil:
		f.Data, a.changed = data, true
	case *update:
		a.txtar.Files = append(a.txtar.Files, txtar.File{Name: name, Data: data})
		a.changed = true
	case f == nil:
		t.Errorf("%s has no section %q; go test -update would write:\n%s", a.Path, name, data)
	default:
		t.Errorf("%s, section %q (-want +got; go test -update accepts it):\n%s",
			a.Path, name, cmp.Diff(lines(f.Data), lines(data)))
	}
}

func (a *Archive) find(name string) *txtar.File {
	for i := range a.txtar.Files {
		if a.txtar.Files[i].Name == name {
			return &a.txtar.Files[i]
		}
	}
	return nil
}

// finish writes what -update changed and complains about sections that nobody asked for.
func (a *Archive) finish(t testing.TB) {
	t.Helper()
	for _, f := range a.txtar.Files {
		if !a.asked[f.Name] && !t.Failed() && !t.Skipped() {
			t.Errorf("%s: the test never asks for section %q", a.Path, f.Name)
		}
	}
	if !a.changed {
		return
	}
	written := txtar.Format(a.txtar)
	for _, f := range a.txtar.Files { // a line like "-- name --" inside a section would be read back as a section
		if back := find(txtar.Parse(written), f.Name); back == nil || !bytes.Equal(back.Data, f.Data) {
			t.Fatalf("%s: section %q holds a line that txtar reads as a section's name", a.Path, f.Name)
		}
	}
	if err := os.WriteFile(a.file, written, 0o600); err != nil { // an existing file keeps its mode
		t.Fatalf("golden: %v", err)
	}
}

func find(ar *txtar.Archive, name string) *txtar.File {
	return (&Archive{txtar: ar}).find(name)
}

func lines(b []byte) []string { return strings.SplitAfter(string(b), "\n") }
