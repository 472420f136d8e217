package e2e

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tenMistakes is a manifest with ten mistakes.
const tenMistakes = `apiVersion: xencontroller.io/v1alpha2
kind: VirtualMachine
metadata:
  name: Bad_Name
  lables: {a: b}
spec:
  powerState: Runing
  mode: Enforced
  placement:
    hosts: []
  shutdown:
    mode: Gentle
    gracePeriod: soon
  resources: {vcpus: 4}
---
apiVersion: xencontroller.io/v1alpha1
kind: VirtualMachin
metadata: {name: web-2}
`

func TestBadInputGetsOneClearMessageAndChangesNothing(t *testing.T) {
	t.Parallel()
	p := startPool(t, "127.0.54")
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<!DOCTYPE html><html><title>Welcome</title></html>")) //nolint:errcheck // a test server
	}))
	defer page.Close()
	empty, bad := t.TempDir(), filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte(tenMistakes), 0o600); err != nil {
		t.Fatal(err)
	}
	good, password := "../../manifests/demo", passwordFile(t, "xenroot")
	run := func(url, file, manifests string, more ...string) []string {
		return append([]string{"run", "-f", manifests, "--pool", url, "--password-file", file, "--http", "", "--connect-timeout", "3s", "--log-format", "json"}, more...)
	}
	before := get(t, "http://"+p.admin+"/state")
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string // in the message
	}{
		{"wrong password", run(p.url(1), passwordFile(t, "wrong"), good), 1, `does not let user "root" in`},
		{"unreachable pool", run("http://127.0.54.1:1", password, good), 1, "127.0.54.1:1"},
		{"another pool", run(p.url(1), password, good, "--pool-uuid", "12345678-0000-4000-8000-000000000000"), 1, "not to pool 12345678-0000-4000-8000-000000000000"},
		{"a web page", run(page.URL, password, good), 1, "does not speak XAPI"},
		{"no URL", run("xen-1", password, good), 2, "xen-1"},
		{"unknown flag", run(p.url(1), password, good, "--passwrod", "x"), 2, "unknown flag: --passwrod"},
		{"unknown command", []string{"rnu"}, 2, "rnu"},
		{"an argument too many", []string{"version", "x"}, 2, "x"},
		{"no manifests", []string{"run", "--pool", p.url(1), "--password-file", password}, 2, "-f is missing"},
		{"no pool", []string{"run", "-f", good, "--password-file", password}, 2, "--pool is missing"},
		{"no password", []string{"run", "-f", good, "--pool", p.url(1)}, 2, "--password-file"},
		{"no password file", run(p.url(1), filepath.Join(empty, "none"), good), 1, "--password-file"},
		{"an empty directory", run(p.url(1), password, empty), 1, empty},
		{"a path that is not there", run(p.url(1), password, filepath.Join(empty, "none.yaml")), 1, "none.yaml"},
		{"ten mistakes", run(p.url(1), password, bad), 1, "bad.yaml:7:15: spec.powerState"},
		{"a bad log format", run(p.url(1), password, good, "--log-format", "xml"), 2, "--log-format"},
		{"a config file that is not there", []string{"--config", filepath.Join(empty, "c.yaml"), "version"}, 1, "--config"},
		{"a plan of nothing", []string{"plan", "-f", empty, "--pool", p.url(1), "--password-file", password}, 2, empty},
		{"nothing to get", []string{"get", "cats", "--pool", p.url(1), "--password-file", password}, 2, "vms, hosts, tasks"},
		{"too many hosts", []string{"simulate", "--hosts", "65"}, 2, "1 to 64"},
		{"an address that is taken", []string{"simulate", "--listen", p.url(1)}, 1, "--listen"},
	} {
		_, stderr, code := command(t, tt.args...)
		message := strings.Join(messages(stderr), "\n")
		if code != tt.code || !strings.Contains(message, tt.want) {
			t.Errorf("%s: exit code %d, want %d, and %q in:\n%s", tt.name, code, tt.code, tt.want, stderr)
		}
		if n := strings.Count(stderr, "xencontroller: "); n != 1 {
			t.Errorf("%s: %d messages:\n%s", tt.name, n, stderr)
		}
		if strings.Contains(stderr, "goroutine") || strings.Contains(stderr, "panic") {
			t.Errorf("%s: a stack trace:\n%s", tt.name, stderr)
		}
	}
	if after := get(t, "http://"+p.admin+"/state"); vmsOf(after) != vmsOf(before) {
		t.Errorf("the pool was changed:\n%s\nbefore:\n%s", after, before)
	}
}

func TestEveryMistakeOfAManifestIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte(tenMistakes), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stderr, code := command(t, "validate", "-f", bad)
	places := regexp.MustCompile(`bad\.yaml:\d+:\d+: `).FindAllString(stderr, -1)
	if code != 1 || len(places) != 10 || !strings.Contains(stderr, "did you mean") || !strings.Contains(stderr, "^") {
		t.Errorf("exit code %d, %d mistakes:\n%s", code, len(places), stderr)
	}
	stdout, _, code := command(t, "validate", "-f", "../../manifests/demo", "-f", "../../manifests/examples/minimal.yaml")
	if code != 1 && !strings.Contains(stdout, "VMs declared") {
		t.Errorf("good manifests: exit code %d: %s", code, stdout)
	}
}

// messages are the lines of standard error that are no log lines.
func messages(stderr string) []string {
	var all []string
	for line := range strings.Lines(stderr) {
		if !strings.HasPrefix(line, "{") {
			all = append(all, strings.TrimRight(line, "\n"))
		}
	}
	return all
}

// vmsOf is the part of the pool's state that is about VMs.
func vmsOf(state string) string {
	_, vms, _ := strings.Cut(state, `"vms"`)
	vms, _, _ = strings.Cut(vms, "\n  ]")
	return vms
}
