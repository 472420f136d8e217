package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// runCommand runs a command line with an environment of its own.
func runCommand(t *testing.T, vars map[string]string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errOut bytes.Buffer
	e := &env{in: strings.NewReader(""), out: &out, err: &errOut, getenv: func(name string) string { return vars[name] }}
	code = execute(t.Context(), e, args)
	return out.String(), errOut.String(), code
}

// write puts a file into a directory of the test.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const webManifest = "apiVersion: xencontroller.io/v1alpha1\nkind: VirtualMachine\nmetadata: {name: web-1}\nspec: {powerState: Running}\n"

func TestFlagsWinOverTheEnvironmentAndThatOverTheFile(t *testing.T) {
	web := write(t, "web.yaml", webManifest)
	both := write(t, "both.yaml", webManifest+"---\n"+strings.ReplaceAll(webManifest, "web-1", "web-2"))
	config := write(t, "config.yaml", "filename: ["+both+"]\nusername: operator\n")
	for _, tt := range []struct {
		name string
		vars map[string]string
		args []string
		want string
	}{
		{"the file", nil, []string{"--config", config, "validate"}, "2 VMs declared"},
		{"the file, by the environment", map[string]string{"XENCONTROLLER_CONFIG": config}, []string{"validate"}, "2 VMs declared"},
		{"the environment", map[string]string{"XENCONTROLLER_FILENAME": web}, []string{"--config", config, "validate"}, "1 VMs declared"},
		{"the flag", map[string]string{"XENCONTROLLER_FILENAME": both}, []string{"--config", config, "validate", "-f", web}, "1 VMs declared"},
	} {
		stdout, stderr, code := runCommand(t, tt.vars, tt.args...)
		if code != exitOK || !strings.HasPrefix(stdout, tt.want) {
			t.Errorf("%s: exit code %d: %s%s", tt.name, code, stdout, stderr)
		}
	}
	for text, want := range map[string]string{
		"filenam: x":   "no command has a flag called filenam",
		"- x":          "line 1: a mapping",
		"filename: {}": "line 1: filename",
	} {
		bad := write(t, "bad.yaml", text)
		if _, stderr, code := runCommand(t, nil, "--config", bad, "validate"); code != exitError || !strings.Contains(stderr, want) || !strings.Contains(stderr, bad) {
			t.Errorf("%q: exit code %d: %s", text, code, stderr)
		}
	}
	if _, stderr, code := runCommand(t, map[string]string{"XENCONTROLLER_TIMEOUT": "soon"}, "get", "vms"); code != exitUsage || !strings.Contains(stderr, "XENCONTROLLER_TIMEOUT") {
		t.Errorf("a bad variable: exit code %d: %s", code, stderr)
	}
}

func TestEveryCommandHasHelpAndCompletionExists(t *testing.T) {
	root := newRootCommand(&env{in: strings.NewReader(""), out: &bytes.Buffer{}, err: &bytes.Buffer{}, getenv: func(string) string { return "" }})
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
		if c.Short == "" {
			t.Errorf("%s does not say what it does", c.Name())
		}
	}
	for _, want := range []string{"run", "demo", "plan", "validate", "simulate", "get", "events", "version"} {
		if !slices.Contains(names, want) {
			t.Errorf("there is no command %s", want)
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if stdout, _, code := runCommand(t, nil, "completion", shell); code != exitOK || !strings.Contains(stdout, "xencontroller") {
			t.Errorf("completion %s: exit code %d", shell, code)
		}
	}
	if stdout, _, code := runCommand(t, nil, "__complete", "get", ""); code != exitOK || !strings.Contains(stdout, "tasks") {
		t.Errorf("completion of get: %s", stdout)
	}
	if stdout, _, code := runCommand(t, nil, "version"); code != exitOK || !strings.HasPrefix(stdout, "xencontroller ") {
		t.Errorf("version: exit code %d: %s", code, stdout)
	}
}

func TestCoverageNamesEveryMessage(t *testing.T) {
	stdout, stderr, code := runCommand(t, nil, "simulate", "--coverage")
	if code != exitOK || !strings.Contains(stdout, "\n2007 messages: ") {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, want := range []string{"VM.start ", "task.get_all_records ", "VDI.resize "} {
		if !strings.Contains(stdout, "\n"+want) {
			t.Errorf("no line for %s", want)
		}
	}
}

func TestBytesAreWrittenAsKubernetesDoes(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 512: "512", 1 << 20: "1Mi", 3 << 29: "1.5Gi", 1 << 50: "1024Ti"} {
		if got := bytesText(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestTheConnectionFlagsSayWhatIsMissing(t *testing.T) {
	password := write(t, "password", "secret\n")
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "--pool is missing"},
		{[]string{"--pool", "http://127.0.0.1:1"}, "no password"},
		{[]string{"--pool", "ftp://x", "--password-file", password}, "ftp"},
		{[]string{"--pool", "https://x", "--password-file", password, "--tls-fingerprint", "zz"}, "finger"},
	} {
		_, stderr, code := runCommand(t, nil, append([]string{"get", "vms"}, tt.args...)...)
		if code != exitUsage || !strings.Contains(stderr, tt.want) {
			t.Errorf("%v: exit code %d: %s", tt.args, code, stderr)
		}
	}
	f := connectionFlags{pool: []string{"https://xen-1.example.com:8443", "https://xen-2"}}
	if got := f.label(); got != "xen-1.example.com" {
		t.Errorf("label %q", got)
	}
	if got := (&connectionFlags{pool: []string{"unix:///run/xapi"}}).label(); got != "/run/xapi" {
		t.Errorf("label %q", got)
	}
}
