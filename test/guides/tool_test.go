// Package guides runs the programs that stand in docs/guides, exactly as they stand there.
package guides

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// TestTheToolInGo builds the program of the page and lets it reboot two VMs of a simulated pool.
func TestTheToolInGo(t *testing.T) {
	source := program(t, "../../docs/guides/tool-in-go.md")
	if lines := strings.Count(source, "\n"); lines >= 60 {
		t.Errorf("the program has %d lines; it is to have less than 60", lines)
	}
	tool := build(t, source)
	pool, err := simulator.New(simulator.Model{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if err := pool.Listen("http://127.0.93.1:0"); err != nil {
		t.Fatal(err)
	}
	started := map[string]string{}
	for _, name := range []string{"web-1", "db-1"} {
		if err := pool.SetField(xen.ClassVM, string(pool.VMRef(name)), "tags", []string{"nightly"}); err != nil {
			t.Fatal(err)
		}
		started[name] = ""
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, tool, pool.URLs()[0], "nightly")
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "XEN_PASSWORD=xenroot")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name := range started {
		if !strings.Contains(string(out), name+" rebooted: true <nil>\n") || !strings.Contains(string(out), name+" does 1 things\n") {
			t.Errorf("of %s it says:\n%s", name, out)
		}
	}
	if n := strings.Count(string(out), "rebooted"); n != len(started) {
		t.Errorf("%d VMs were rebooted, not %d:\n%s", n, len(started), out)
	}
	if sessions, tasks := pool.SessionCount(), pool.Tasks(); sessions != 0 || len(tasks) != 0 {
		t.Errorf("it left %d sessions and the tasks %v", sessions, tasks)
	}
}

// program is the first block of Go on a page.
func program(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "```go\n")
	source, _, closed := strings.Cut(rest, "```\n")
	if !found || !closed {
		t.Fatalf("%s has no program", page)
	}
	return source
}

// build compiles a program as if it stood in this module.
func build(t *testing.T, source string) (binary string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(here, "reboot", "main.go"): file}})
	if err != nil {
		t.Fatal(err)
	}
	place := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(place, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	binary = filepath.Join(dir, "reboot")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-overlay", place, "-o", binary, "./reboot").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}
