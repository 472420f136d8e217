// Package deploy_test reads everything under deploy/ as whoever uses it will: flags are given to the command, manifests
// are validated, and every metric that a rule or a dashboard names must be one that the code declares.
//
// It knows the files and the built command. It must not know how the daemon works inside.
package deploy_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"gopkg.in/yaml.v3"
)

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// binary is the command, built once for all tests of this package, into the folder that TestMain makes and removes.
var (
	folder string
	binary = sync.OnceValues(func() (string, error) {
		path := filepath.Join(folder, "xencontroller")
		if out, err := exec.Command("go", "build", "-o", path, "../cmd/xencontroller").CombinedOutput(); err != nil {
			return "", errors.New(string(out))
		}
		return path, nil
	})
)

func TestMain(m *testing.M) {
	made, err := os.MkdirTemp("", "xencontroller-deploy")
	if err != nil {
		panic(err)
	}
	folder = made
	code := m.Run()
	_ = os.RemoveAll(made) // a temporary folder: nothing depends on its going
	os.Exit(code)
}

// run gives arguments to the command.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatalf("building the command: %v", err)
	}
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	return string(out), err
}

// wantFlags fails unless the command knows every flag; --help at the end makes it read them and do nothing.
func wantFlags(t *testing.T, args []string) {
	t.Helper()
	if len(args) == 0 || args[0] != "run" {
		t.Errorf("arguments %q: want the command run", args)
		return
	}
	if out, err := run(t, append(slices.Clone(args), "--help")...); err != nil {
		t.Errorf("xencontroller %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestFlagsThatDoNotExistAreNoticed(t *testing.T) {
	if _, err := run(t, "run", "--no-such-flag", "--help"); err == nil {
		t.Fatal("an unknown flag before --help is accepted: wantFlags tests nothing")
	}
}

// unit reads a systemd unit: section and key to values, in order.
func unit(t *testing.T, path string) map[string][]string {
	t.Helper()
	values := map[string][]string{}
	section := ""
	for n, line := range strings.Split(readFile(t, path), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			section = strings.Trim(line, "[]")
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || section == "" || strings.TrimSpace(key) != key {
			t.Fatalf("%s:%d: %q is no assignment", path, n+1, line)
		}
		values[section+"."+key] = append(values[section+"."+key], value)
	}
	return values
}

func TestSystemdUnit(t *testing.T) {
	u := unit(t, "systemd/xencontroller.service")
	for key, want := range map[string]string{
		"Service.DynamicUser": "yes", "Service.NoNewPrivileges": "yes", "Service.CapabilityBoundingSet": "",
		"Service.ProtectSystem": "strict", "Service.ProtectHome": "yes", "Service.PrivateTmp": "yes", "Service.PrivateDevices": "yes",
		"Service.ProtectKernelTunables": "yes", "Service.ProtectKernelModules": "yes", "Service.ProtectControlGroups": "yes",
		"Service.RestrictNamespaces": "yes", "Service.RestrictSUIDSGID": "yes", "Service.LockPersonality": "yes",
		"Service.MemoryDenyWriteExecute": "yes", "Service.SystemCallArchitectures": "native",
		"Service.RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
		"Service.LoadCredential":          "password:/etc/xencontroller/password",
		"Service.Restart":                 "on-failure",
		"Install.WantedBy":                "multi-user.target",
	} {
		if got := u[key]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if got := u["Service.SystemCallFilter"]; !slices.Equal(got, []string{"@system-service", "~@privileged @resources"}) {
		t.Errorf("SystemCallFilter is %q", got)
	}
	start := u["Service.ExecStart"]
	if len(start) != 1 {
		t.Fatalf("ExecStart is %q, want one", start)
	}
	args := strings.Fields(start[0])
	if args[0] != "/usr/local/bin/xencontroller" {
		t.Errorf("ExecStart begins with %s", args[0])
	}
	wantFlags(t, args[1:])
	if strings.Contains(start[0], "--password ") {
		t.Error("ExecStart has a password on the command line, where everybody can read it")
	}
}

func TestContainerfile(t *testing.T) {
	var stages, instructions []string
	entrypoint, user := "", ""
	text := strings.ReplaceAll(readFile(t, "container/Containerfile"), "\\\n", " ")
	for line := range strings.Lines(text) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "", "#":
			continue
		case "FROM":
			stages = append(stages, rest)
		case "ENTRYPOINT":
			entrypoint = rest
		case "USER":
			user = rest
		case "ARG", "WORKDIR", "COPY", "RUN", "LABEL", "EXPOSE", "CMD":
		default:
			t.Errorf("instruction %q is not one of a Containerfile", word)
		}
		instructions = append(instructions, strings.TrimSpace(line))
	}
	if len(stages) != 2 || !strings.Contains(stages[1], "distroless/static") || !strings.HasSuffix(stages[1], ":nonroot") {
		t.Errorf("stages %q: want a build and distroless/static:nonroot", stages)
	}
	if user == "" || user == "root" || strings.HasPrefix(user, "0") {
		t.Errorf("USER is %q, want a number that is not root's", user)
	}
	if entrypoint != `["/usr/local/bin/xencontroller"]` {
		t.Errorf("ENTRYPOINT is %q", entrypoint)
	}
	all := strings.Join(instructions, "\n")
	for _, want := range []string{"CGO_ENABLED=0", "./cmd/xencontroller", "COPY --from=build /out/xencontroller /usr/local/bin/xencontroller"} {
		if !strings.Contains(all, want) {
			t.Errorf("the Containerfile does not say %q", want)
		}
	}
	_, goVersion, _ := strings.Cut(readFile(t, "../go.mod"), "\ngo ")
	if !strings.HasPrefix(goVersion, strings.TrimPrefix(instructions[0], "ARG GO_VERSION=")+".") {
		t.Errorf("%s is not the version of go.mod, %.7s", instructions[0], goVersion)
	}
	if !strings.Contains(readFile(t, "../cmd/xencontroller/version.go"), "var release string") {
		t.Error("-X main.release sets a variable that is not there")
	}
}

// documents decodes every YAML document of a file.
func documents(t *testing.T, path string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for d := yaml.NewDecoder(bytes.NewReader([]byte(readFile(t, path)))); ; {
		var doc map[string]any
		if err := d.Decode(&doc); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, doc)
	}
}

// at walks into a document: names for maps, numbers for lists. What is not there fails the test.
func at(t *testing.T, doc any, path ...any) any {
	t.Helper()
	for i, step := range path {
		switch step := step.(type) {
		case string:
			m, ok := doc.(map[string]any)
			if !ok || m[step] == nil {
				t.Fatalf("there is no %v", path[:i+1])
			}
			doc = m[step]
		case int:
			l, ok := doc.([]any)
			if !ok || step >= len(l) {
				t.Fatalf("there is no %v", path[:i+1])
			}
			doc = l[step]
		}
	}
	return doc
}

func words(list any) []string {
	var all []string
	for _, item := range list.([]any) {
		all = append(all, item.(string))
	}
	return all
}
