package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// wantedMetrics are the names that dashboards and alerts are built on.
func wantedMetrics() []string {
	return []string{
		"xencontroller_xapi_requests_total", "xencontroller_xapi_request_duration_seconds", "xencontroller_xapi_sessions",
		"xencontroller_xapi_failovers_total", "xencontroller_informer_synced", "xencontroller_informer_events_total",
		"xencontroller_informer_relists_total", "xencontroller_informer_objects", "xencontroller_reconcile_total",
		"xencontroller_actions_total", "xencontroller_actions_inflight", "xencontroller_drift", "xencontroller_tasks_destroyed_total",
		"xencontroller_event_to_call_seconds", "xencontroller_vm_condition", "xencontroller_source_last_sync_successful",
		"xencontroller_build_info", "workqueue_depth", "workqueue_adds_total", "workqueue_queue_duration_seconds",
		"go_goroutines", "process_cpu_seconds_total",
	}
}

// documentedMetrics are the names on the reference page, but for those that only an unreadable object brings.
func documentedMetrics(tb testing.TB) []string {
	tb.Helper()
	page, err := os.ReadFile("../../docs/reference/metrics.md")
	if err != nil {
		tb.Fatal(err)
	}
	var names []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)`").FindAllStringSubmatch(string(page), -1) {
		if row[1] != "xencontroller_informer_decode_errors_total" {
			names = append(names, row[1])
		}
	}
	if len(names) < 20 {
		tb.Fatalf("the page has %d metrics", len(names))
	}
	return names
}

// canary is a password that must appear nowhere.
const canary = "canary-9f3b7c51-pa55"

func TestWhatIsSeenFromOutsideAndThatNoSecretIs(t *testing.T) {
	t.Parallel()
	p := startPool(t, "127.0.55", "--password", canary)
	web := fmt.Sprintf("127.0.0.1:%d", freePort(t, "127.0.0.1"))
	file := passwordFile(t, canary)
	c := start(t, "run", "-f", "../../manifests/demo", "--pool", p.url(1), "--username", "root", "--password-file", file,
		"--http", web, "--log-format", "json", "-vv")
	url := "http://" + web
	eventually(t, "it is ready", func() error {
		response, err := http.Get(url + "/readyz")
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s", response.Status)
		}
		return nil
	})
	type vm struct{ Name, PowerState string }
	runs := func() error {
		var vms struct{ Items []vm }
		if err := json.Unmarshal([]byte(get(t, url+"/api/v1/virtualmachines")), &vms); err != nil {
			return stop{err}
		}
		if !slices.Contains(vms.Items, vm{"web-2", "Running"}) {
			return fmt.Errorf("it does not")
		}
		return nil
	}
	eventually(t, "the API shows web-2 running", runs)
	p.hand("/fault/drop-connections") // a session is lost, so that its error is logged
	p.hand("/vm/web-2/halt")
	eventually(t, "the API shows web-2 running again", runs)
	var hosts struct{ Items []struct{ Name string } }
	if err := json.Unmarshal([]byte(get(t, url+"/api/v1/hosts")), &hosts); err != nil || len(hosts.Items) != 3 {
		t.Errorf("hosts: %+v, %v", hosts, err)
	}
	metrics := get(t, url+"/metrics")
	for _, name := range append(wantedMetrics(), documentedMetrics(t)...) {
		if !regexp.MustCompile(`(?m)^# TYPE ` + name + ` `).MatchString(metrics) {
			t.Errorf("/metrics has no %s", name)
		}
	}
	if body := get(t, url+"/healthz"); !strings.Contains(body, "ok") {
		t.Errorf("/healthz: %s", body)
	}
	pages := get(t, url+"/")
	if !strings.Contains(pages, "web-2") {
		t.Error("the page does not show web-2")
	}
	response, err := http.Post(url+"/api/v1/hosts", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %s", response.Status)
	}
	if code, took := c.terminate(); code != 0 || took > 5*time.Second {
		t.Errorf("exit code %d after %s", code, took)
	}
	log := c.output.String()
	if strings.Count(log, "\n") < 50 {
		t.Errorf("the log at its most talkative has %d lines", strings.Count(log, "\n"))
	}
	for line := range strings.Lines(log) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not a line of JSON: %s", line)
		}
	}
	_, wrong, _ := command(t, "run", "-f", "../../manifests/demo", "--pool", p.url(1), "--password-file", passwordFile(t, canary+"x"), "--http", "", "-vv")
	for where, text := range map[string]string{"the log": log, "/metrics": metrics, "the page": pages, "the message for a wrong password": wrong} {
		if strings.Contains(text, canary) {
			t.Errorf("the password is in %s", where)
		}
	}
	s := &stranger{tb: t, url: p.url(1)}
	session, err := s.try("session.login_with_password", "root", canary, "1.0", "stranger")
	if err != nil || session.text() == "" {
		t.Fatal("the canary is not the password:", err)
	}
	if strings.Contains(log, "session\":\"OpaqueRef") || strings.Contains(log, "SESSION_INVALID [OpaqueRef") {
		t.Error("a session's reference is in the log")
	}
}

func TestLookingAtAPool(t *testing.T) {
	t.Parallel()
	p := startPool(t, "127.0.56", "--timing", "none")
	conn := []string{"--pool", p.url(1), "--password-file", passwordFile(t, "xenroot")}
	run := func(args ...string) (string, int) {
		stdout, stderr, code := command(t, append(args, conn...)...)
		if stderr != "" {
			t.Errorf("%v: %s", args, stderr)
		}
		return stdout, code
	}
	vms, _ := run("get", "vms")
	if rows := strings.Split(strings.TrimSpace(vms), "\n"); len(rows) != 22 || !strings.HasPrefix(rows[0], "NAME ") || !regexp.MustCompile(`(?m)^web-1 +Running +xen-\d +2Gi +-`).MatchString(vms) {
		t.Errorf("get vms:\n%s", vms)
	}
	if names, _ := run("get", "hosts", "-o", "name"); names != "host/xen-1\nhost/xen-2\nhost/xen-3\n" {
		t.Errorf("get hosts -o name:\n%s", names)
	}
	if wide, _ := run("get", "hosts", "xen-2", "-o", "wide"); !regexp.MustCompile(`(?m)^xen-2 +ready +member +127\.0\.56\.2 `).MatchString(wide) || strings.Contains(wide, "xen-1") {
		t.Errorf("get hosts xen-2 -o wide:\n%s", wide)
	}
	var list struct {
		Items []struct {
			Ref    string
			Record struct {
				NameLabel string `json:"name_label"`
			}
		}
	}
	text, _ := run("get", "vm", "db-1", "-o", "json")
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list.Items) != 1 || list.Items[0].Record.NameLabel != "db-1" {
		t.Errorf("get vm db-1 -o json: %v\n%s", err, text)
	}
	if text, _ := run("get", "vm", "db-1", "-o", "yaml"); !strings.Contains(text, "name_label: db-1\n") {
		t.Errorf("get vm db-1 -o yaml:\n%s", text)
	}
	plan, code := run("plan", "-f", "../../manifests/demo")
	if code != 1 || !strings.Contains(plan, "Start ") || !strings.Contains(plan, "declared Running") {
		t.Errorf("plan: exit code %d\n%s", code, plan)
	}
	if text, code := run("plan", "-f", "../../manifests/demo", "-o", "json"); code != 1 || !json.Valid([]byte(text)) {
		t.Errorf("plan -o json: exit code %d\n%s", code, text)
	}
	minimal, code := run("plan", "-f", "testdata/in-sync.yaml")
	if code != 0 {
		t.Errorf("plan of what is so already: exit code %d\n%s", code, minimal)
	}
}

func TestEventsGoOnAfterSomeWereLost(t *testing.T) {
	t.Parallel()
	p := startPool(t, "127.0.57", "--timing", "none")
	conn := []string{"--pool", p.url(1), "--password-file", passwordFile(t, "xenroot")}
	w := start(t, append([]string{"events"}, conn...)...)
	w.prints("# watching")
	watch := start(t, append([]string{"get", "vms", "web-1", "-w"}, conn...)...)
	watch.prints("web-1")
	p.hand("/vm/web-1/halt")
	eventually(t, "the halt is printed", func() error {
		if !regexp.MustCompile(`(?m)^ *\d+  vm  +mod  web-1$`).MatchString(w.output.String()) {
			return fmt.Errorf("not yet")
		}
		return nil
	})
	eventually(t, "get -w prints it", func() error {
		if !regexp.MustCompile(`(?m)^web-1 +Halted`).MatchString(watch.output.String()) {
			return fmt.Errorf("not yet")
		}
		return nil
	})
	p.hand("/fault/lose-events")
	p.hand("/vm/web-1/start")
	w.prints("# EVENTS_LOST")
	p.hand("/vm/db-1/halt")
	eventually(t, "events go on", func() error {
		_, after, _ := strings.Cut(w.output.String(), "# EVENTS_LOST")
		if !regexp.MustCompile(`(?m)^ *\d+  vm  +mod  db-1$`).MatchString(after) {
			return fmt.Errorf("not yet")
		}
		return nil
	})
	for _, process := range []*process{w, watch} {
		if code, _ := process.terminate(); code != 0 {
			t.Errorf("exit code %d", code)
		}
	}
}

func TestTheDemoMendsEveryScene(t *testing.T) {
	t.Parallel()
	base := "127.0.58"
	stdout, stderr, code := command(t, "demo", "--scenes", "all", "--exit", "--timing", "none", "--http", "127.0.0.1:0",
		"--listen", fmt.Sprintf("http://%s.1:%d", base, freePort(t, base+".1")))
	if code != 0 || strings.Count(stdout, "✔ mended after") != 5 || !strings.Contains(stdout, "web.yaml:") {
		t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
}
