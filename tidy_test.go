// Package xencontroller_test holds the project to its own habits: what may import what, that every package says what it
// is, that generated files are fresh, that nothing is left lying about.
//
// It knows the source tree and the go command. It must not know what any of the code does.
package xencontroller_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

//go:generate go run ./internal/gen/xen
//go:generate go run ./internal/gen/docs

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range listPackages(t) {
		if len(p.GoFiles) == 0 {
			continue // tests only
		}
		want := "Package " + p.Name + " "
		if p.Name == "main" {
			want = "Command "
		}
		switch {
		case !strings.HasPrefix(p.Doc, want):
			t.Errorf("%s: its package comment must begin with %q, and is %q", p.local(), want, p.Doc)
		case p.Name != "main" && !mustNotKnow(t, p):
			t.Errorf("%s: its package comment does not say what it must not know", p.local())
		}
	}
}

// mustNotKnow tells whether a comment of the package says what it keeps out. `go list` gives only the first sentence.
func mustNotKnow(t *testing.T, p goPackage) bool {
	t.Helper()
	return slices.ContainsFunc(p.GoFiles, func(name string) bool {
		text := readFile(t, filepath.Join(p.Dir, name))
		comment, _, found := bytes.Cut(text, []byte("\npackage "+p.Name+"\n"))
		return found && regexp.MustCompile(`must\s+(//\s+)?not\s+(//\s+)?know`).Match(comment)
	})
}

func TestGeneratedFilesAreFresh(t *testing.T) {
	fresh := t.TempDir()
	if out, err := exec.Command("go", "run", "./internal/gen/xen", "-out", fresh).CombinedOutput(); err != nil {
		t.Fatalf("go run ./internal/gen/xen: %v\n%s", err, out)
	}
	made := map[string]bool{}
	for path, text := range files(t, fresh, isGenerated) {
		made[path] = true
		if have, err := os.ReadFile(path); err != nil || !bytes.Equal(have, text) {
			t.Errorf("%s is not what the generator writes: run `go generate ./...`", path)
		}
		if lines := bytes.Count(text, []byte("\n")); lines >= 1000 {
			t.Errorf("%s has %d lines; generated files stay under 1,000, so that people can open them", path, lines)
		}
	}
	if len(made) == 0 {
		t.Fatal("the generator wrote no zz_*.go")
	}
	for path := range files(t, ".", isGenerated) {
		if !made[path] {
			t.Errorf("%s is left over: no generator writes it", path)
		}
	}
}

func TestWhatIsLeftToDoHasAnIssue(t *testing.T) {
	left := regexp.MustCompile(`(?:^|[\s/#*])(TO` + `DO|FIX` + `ME|XX` + `X)(\(#\d+\))?(?:[\s:(]|$)`)
	for path, text := range files(t, ".", isWrittenByHand) {
		for n, line := range bytes.Split(text, []byte("\n")) {
			for _, found := range left.FindAllSubmatch(line, -1) {
				if len(found[2]) == 0 {
					t.Errorf("%s:%d: %s without an issue's number, as in (#12)", path, n+1, found[1])
				}
			}
		}
	}
}

func TestNoTestdataIsUnused(t *testing.T) {
	sources := files(t, ".", func(path string) bool { return strings.HasSuffix(path, ".go") })
	quoted := regexp.MustCompile("\"[^\"\n]+\"|`[^`\n]+`")
	var patterns []string          // testdata/*.txtar, ../testdata/xapi …, from the module's root
	names := map[string][]string{} // every other literal, by the folder of its file
	fuzzing := map[string][]byte{} // test sources by folder, for testdata/fuzz/FuzzX
	for path, text := range sources {
		dir := filepath.Dir(path)
		for _, literal := range quoted.FindAll(text, -1) {
			s := strings.Trim(string(literal), "\"`")
			if strings.Contains(s, "testdata") {
				patterns = append(patterns, filepath.Join(dir, s))
			}
			names[dir] = append(names[dir], s)
		}
		fuzzing[dir] = append(fuzzing[dir], text...)
	}
	for path := range files(t, ".", func(path string) bool { return strings.Contains(path, "testdata/") }) {
		dir, below, _ := strings.Cut(path, "/testdata/")
		if target, ok := strings.CutPrefix(below, "fuzz/"); ok {
			target, _, _ = strings.Cut(target, "/")
			if !bytes.Contains(fuzzing[dir], []byte("func "+target+"(")) {
				t.Errorf("%s: there is no %s", path, target)
			}
			continue
		}
		if !used(path, patterns) && !slices.ContainsFunc(strings.Split(below, "/"), func(part string) bool {
			return slices.Contains(names[dir], part) || slices.Contains(names[dir], strings.TrimSuffix(part, filepath.Ext(part)))
		}) {
			t.Errorf("%s: no test reads it", path)
		}
	}
}

// used tells whether a pattern matches the file or a folder above it, from testdata down.
func used(path string, patterns []string) bool {
	for ; strings.Contains(path, "testdata"); path = filepath.Dir(path) {
		if slices.ContainsFunc(patterns, func(pattern string) bool {
			ok, err := filepath.Match(pattern, path)
			return ok && err == nil
		}) {
			return true
		}
	}
	return false
}

func isGenerated(path string) bool {
	return strings.HasPrefix(filepath.Base(path), "zz_") && strings.HasSuffix(path, ".go")
}

func isWrittenByHand(path string) bool {
	if isGenerated(path) || strings.Contains(path, "testdata/") {
		return false
	}
	switch filepath.Ext(path) {
	case ".go", ".md", ".yaml", ".yml", ".sh", ".service", ".js", ".css", ".html", ".mod":
		return true
	}
	return slices.Contains([]string{"Makefile", "Containerfile", "run", "pre-commit"}, filepath.Base(path))
}

// files reads every file below root that keep wants, by its slash-separated path relative to root; hidden folders but
// .ci and .githooks, and what the build leaves in bin, are passed over.
func files(t *testing.T, root string, keep func(path string) bool) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			hidden := strings.HasPrefix(name, ".") && name != "." && name != ".ci" && name != ".githooks"
			if path != root && (hidden || name == "bin" || name == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if relative = filepath.ToSlash(relative); keep(relative) {
			found[relative] = readFile(t, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
