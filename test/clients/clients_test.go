// Package clients has strangers' clients talk to the simulator: each is somebody else's library, made for the real xapi.
//
// It knows the scripts in scripts/ and what each has to see. It must not know how the simulator makes it so.
package clients

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// nodeModules names the environment variable with a folder in which `npm ci` has installed test/clients/npm.
const nodeModules = "XENCONTROLLER_NODE_CLIENTS"

// story is what every client sees, whatever its library. The lines that begin with "? " are its requests to the test.
const story = `logged in
app-1 has 91 fields
app-1 start success Running
app-1 pool_migrate success xen-3
app-1 hard_shutdown success Halted
app-1 clean_shutdown VM_BAD_POWER_STATE running halted
? halt web-1
saw web-1 Halted
? lose-events
lost EVENTS_LOST
? start web-1
saw web-1 Running
? new-master
new master app-1 Halted
? halt web-1
saw web-1 Halted
app-1 start success Running
`

// client is one library and the script that uses it.
type client struct {
	script string
	args   []string
	need   func(t *testing.T) (command []string) // nil: it is not here
}

func clients() map[string]client {
	return map[string]client{
		"curl":            {script: "curl.sh", need: program("bash", "curl")},
		"xmlrpc.client":   {script: "plain.py", need: pythonWith("xmlrpc.client")},
		"XenAPI.py":       {script: "sdk.py", need: pythonWith("os_xenapi.client.XenAPI")},
		"xen-api as JSON": {script: "node.mjs", args: []string{"json-rpc"}, need: node},
		"xen-api as XML":  {script: "node.mjs", args: []string{"xml-rpc"}, need: node},
	}
}

func TestStrangersClients(t *testing.T) {
	loopback := 80
	for name, c := range clients() {
		loopback++
		address := "http://127.0." + string(rune('0'+loopback/10)) + string(rune('0'+loopback%10)) + ".1:0"
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := c.need(t)
			if command == nil {
				missing(t, name)
			}
			pool := simulator.Start(t, simulator.Model{Hosts: 3, VMs: 20, Timing: simulator.DemoTiming()}.Faster(10))
			if err := pool.Listen(address); err != nil {
				t.Fatal(err)
			}
			got := tell(t, pool, append(append(command, script(t, c.script), pool.URLs()[0]), c.args...))
			if got != story {
				t.Errorf("it saw\n%s\nwhere it should have seen\n%s", got, story)
			}
		})
	}
}

// missing skips on a developer's machine and fails where everything must be.
func missing(t *testing.T, name string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed: .ci/run does it", name)
	}
	t.Skipf("%s is not installed; .ci/run installs it", name)
}

// program finds a script's interpreter, and what else it calls.
func program(interpreter string, others ...string) func(*testing.T) []string {
	return func(*testing.T) []string {
		for _, name := range append(others, interpreter) {
			if _, err := exec.LookPath(name); err != nil {
				return nil
			}
		}
		return []string{interpreter}
	}
}

// pythonWith finds a Python that has a module: that of the system, where Debian's packages are, or any.
func pythonWith(module string) func(*testing.T) []string {
	return func(*testing.T) []string {
		for _, python := range []string{"/usr/bin/python3", "python3"} {
			if exec.Command(python, "-c", "import "+module).Run() == nil {
				return []string{python}
			}
		}
		return nil
	}
}

// node finds Node and the npm packages.
func node(*testing.T) []string {
	if _, err := exec.LookPath("node"); err != nil {
		return nil
	}
	if _, err := os.Stat(filepath.Join(os.Getenv(nodeModules), "node_modules", "xen-api")); err != nil || os.Getenv(nodeModules) == "" {
		return nil
	}
	return []string{"node"}
}

// script is the path of a script; those of Node stand beside their packages, where Node looks for them.
func script(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("scripts", name))
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(name) != ".mjs" {
		return path
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(os.Getenv(nodeModules), "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// tell runs a client, does what it asks for, and returns what it wrote. A client that takes a minute has failed.
func tell(t *testing.T, pool *simulator.Pool, command []string) string {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = t.Output()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer watchdog.Stop()
	var told strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		told.WriteString(lines.Text() + "\n")
		if wish, ok := strings.CutPrefix(lines.Text(), "? "); ok {
			answer, err := grant(pool, wish)
			if err != nil {
				t.Errorf("%s: %v", wish, err)
			}
			_, _ = io.WriteString(in, answer+"\n") // a client that has ended does not read
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the client: %v", err)
	}
	return told.String()
}

// grant does to the pool what a client wants to survive. Who the new master is, clients have to find out.
func grant(pool *simulator.Pool, wish string) (string, error) {
	switch wish {
	case "halt web-1":
		return "done", pool.HaltVM("web-1")
	case "start web-1":
		return "done", pool.StartVM("web-1")
	case "lose-events":
		pool.LoseEvents()
		return "done", nil
	case "new-master": // the old one comes back as a member
		return "done", errors.Join(pool.KillMaster("xen-2"), pool.StartMember("xen-1"))
	}
	return "", errors.New("nobody knows how to do that")
}
