package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pool is a simulated pool in a process of its own.
type pool struct {
	*process
	base  string // first three numbers of the addresses
	port  int
	admin string
}

// url is the address of host i, from 1.
func (p *pool) url(i int) string { return fmt.Sprintf("http://%s.%d:%d", p.base, i, p.port) }

// startPool simulates a pool whose hosts are at base.1, base.2, …; each test has a base of its own.
func startPool(tb testing.TB, base string, args ...string) *pool {
	tb.Helper()
	p := &pool{base: base, port: freePort(tb, base+".1")}
	p.admin = fmt.Sprintf("127.0.0.1:%d", freePort(tb, "127.0.0.1"))
	p.process = start(tb, append([]string{"simulate", "--listen", p.url(1), "--hosts", "3", "--vms", "20", "--admin", p.admin}, args...)...)
	p.prints("press Ctrl-C")
	return p
}

// hand does what somebody else might do to the pool.
func (p *pool) hand(path string) {
	p.tb.Helper()
	response, err := http.Post("http://"+p.admin+path, "", nil)
	if err != nil {
		p.tb.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		p.tb.Fatalf("POST %s: %s", path, response.Status)
	}
}

// startController runs the controller on a pool with the demo's manifests.
func startController(tb testing.TB, p *pool, args ...string) *process {
	tb.Helper()
	c := start(tb, append([]string{
		"run", "-f", "../../manifests/demo", "--pool", p.url(1), "--username", "root", "--password-file", passwordFile(tb, "xenroot"),
		"--http", "", "--log-format", "json",
	}, args...)...)
	return c
}

// declared is what the demo's manifests say.
func declared() map[string]string {
	states := map[string]string{}
	for i := 1; i <= 4; i++ {
		for _, role := range []string{"web", "app", "db", "cache"} {
			states[fmt.Sprintf("%s-%d", role, i)] = "Running"
		}
		states[fmt.Sprintf("batch-%d", i)] = "Halted"
	}
	states["cache-4"], states["app-4"] = "Suspended", "Paused"
	delete(states, "cache-3") // only observed
	return states
}

// asDeclared waits until every declared VM is in its state, and no task is left.
func asDeclared(s *stranger) {
	s.tb.Helper()
	for name, state := range declared() {
		s.becomes(name, state)
	}
	s.noTasks()
}

func TestAPoolIsBroughtToWhatIsDeclaredAndKeptThere(t *testing.T) {
	t.Parallel()
	p := startPool(t, "127.0.51")
	c := startController(t, p)
	s := login(t, p.url(1))
	observed := s.powerState("cache-3")
	asDeclared(s)
	for name, hosts := range map[string]string{"db-1": "xen-1 xen-2", "db-2": "xen-1 xen-2", "web-1": "xen-3"} {
		if got := s.host(name); !strings.Contains(hosts, got) || got == "" {
			t.Errorf("%s runs on %q, declared %s", name, got, hosts)
		}
	}
	p.hand("/vm/web-2/halt")
	s.becomes("web-2", "Running")
	s.call("VM.hard_shutdown", s.vm("app-1"))
	s.becomes("app-1", "Running")
	p.hand("/vm/db-1/migrate?host=xen-3")
	eventually(t, "db-1 is back", func() error {
		if got := s.host("db-1"); got != "xen-1" && got != "xen-2" {
			return fmt.Errorf("it is on %q", got)
		}
		return nil
	})
	p.hand("/fault/lose-events")
	p.hand("/fault/drop-connections")
	p.hand("/vm/cache-1/halt")
	s.becomes("cache-1", "Running")
	if got := s.powerState("cache-3"); got != observed {
		t.Errorf("cache-3 is only observed, and went from %s to %s", observed, got)
	}
	s.noTasks()
	code, took := c.terminate()
	if code != 0 || took > 5*time.Second {
		t.Errorf("SIGTERM: exit code %d after %s", code, took)
	}
	if state := get(t, "http://"+p.admin+"/state"); strings.Contains(state, `"originator": "xencontroller"`) || strings.Contains(state, `"originator":"xencontroller"`) {
		t.Errorf("a session was not logged out:\n%s", state)
	}
}

func TestKilledInTheMiddleOfAMigrationAndStartedAgain(t *testing.T) {
	t.Parallel()
	p := startPool(t, "127.0.52")
	journal := filepath.Join(t.TempDir(), "journal.json")
	c := startController(t, p, "--journal", journal)
	s := login(t, p.url(1))
	asDeclared(s)
	p.hand("/vm/db-2/migrate?host=xen-3")
	eventually(t, "a migration is under way", func() error {
		for _, ref := range s.call("task.get_all").texts() {
			name, err := s.try("task.get_name_label", s.session, ref)
			if err == nil && strings.Contains(name.text(), "pool_migrate") {
				return nil
			}
		}
		return fmt.Errorf("no task of it")
	})
	c.kill()
	c = startController(t, p, "--journal", journal)
	eventually(t, "db-2 is back", func() error {
		if got := s.host("db-2"); got != "xen-1" && got != "xen-2" {
			return fmt.Errorf("it is on %q", got)
		}
		return nil
	})
	asDeclared(s)
	if code, _ := c.terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if text, err := os.ReadFile(journal); err != nil || strings.TrimSpace(string(text)) != "[]" {
		t.Errorf("the journal holds %s, %v", text, err)
	}
}

func TestTheMasterDies(t *testing.T) {
	t.Parallel()
	p := startPool(t, "127.0.53")
	c := startController(t, p)
	s := login(t, p.url(1))
	asDeclared(s)
	p.hand("/fault/kill-master?promote=xen-2")
	p.hand("/vm/web-3/halt")
	s = login(t, p.url(2)) // waits until it answers logins
	answered := time.Now()
	eventually(t, "the controller works on the new master", func() error {
		if !strings.Contains(get(t, "http://"+p.admin+"/state"), `"xencontroller"`) {
			return fmt.Errorf("it has no session there")
		}
		return nil
	})
	if took := time.Since(answered); took > 5*time.Second {
		t.Errorf("the controller came %s after the new master answered logins", took)
	}
	s.becomes("web-3", "Running")
	asDeclared(s)
	if code, _ := c.terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// get reads a page.
func get(tb testing.TB, url string) string {
	tb.Helper()
	response, err := http.Get(url)
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return string(body)
}
