package xencontroller_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestReferencePagesAreFresh(t *testing.T) {
	fresh := t.TempDir()
	if out, err := exec.Command("go", "run", "./internal/gen/docs", "-out", fresh).CombinedOutput(); err != nil {
		t.Fatalf("go run ./internal/gen/docs: %v\n%s", err, out)
	}
	pages := files(t, fresh, func(string) bool { return true })
	if len(pages) == 0 {
		t.Fatal("the generator wrote no page")
	}
	for name, text := range pages {
		have, err := os.ReadFile(filepath.Join("docs", "reference", name))
		if err != nil || !bytes.Equal(have, text) {
			t.Errorf("docs/reference/%s is not what the code says: run `make docs`", name)
		}
	}
}

func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for path, text := range files(t, ".", func(path string) bool { return strings.HasSuffix(path, ".md") }) {
		for _, found := range link.FindAllSubmatch(text, -1) {
			target, heading, _ := strings.Cut(string(found[1]), "#")
			if strings.Contains(target, "://") {
				continue
			}
			to := filepath.Join(filepath.Dir(path), target)
			if target == "" {
				to = path
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s: there is no %s", path, found[1])
			} else if heading != "" && !hasHeading(t, to, heading) {
				t.Errorf("%s: %s has no heading #%s", path, to, heading)
			}
		}
	}
}

// hasHeading tells whether a page has a heading that is linked to as anchor.
func hasHeading(t *testing.T, path, anchor string) bool {
	t.Helper()
	drop := regexp.MustCompile(`[^\p{L}\p{N} -]`)
	for line := range strings.Lines(string(readFile(t, path))) {
		if title := strings.TrimLeft(line, "#"); title != line {
			slug := drop.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), "")
			if strings.ReplaceAll(slug, " ", "-") == anchor {
				return true
			}
		}
	}
	return false
}

// The CI script runs the README's test command and reads it from there.
func TestCIRunsTheCommandOfTheReadme(t *testing.T) {
	readme := string(readFile(t, "README.md"))
	_, after, _ := strings.Cut(readme, "<!-- test-command -->")
	block, _, closed := strings.Cut(after, "<!-- /test-command -->")
	if !closed || strings.Count(block, "\ngo test ") != 1 {
		t.Errorf("README.md must hold one line `go test …` between its test-command markers, and holds %q", block)
	}
	info, err := os.Stat(".ci/run")
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode()&0o111 == 0 {
		t.Error(".ci/run is not executable")
	}
}
