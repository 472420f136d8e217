package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// claimed is what the controller's API says of a VM.
type claimed struct {
	Name, PowerState, Host string
	Managed                bool
	Conditions             []condition
}

type condition struct{ Type, Status, Reason, Message string }

// ready is the condition Ready; false where the VM has not been looked at.
func (c claimed) ready() (condition, bool) {
	i := slices.IndexFunc(c.Conditions, func(c condition) bool { return c.Type == "Ready" })
	if i < 0 {
		return condition{}, false
	}
	return c.Conditions[i], true
}

// rest puts everything right, and waits until the fleet is as declared.
func (s *soak) rest() {
	s.t.Helper()
	s.t.Log(s.progress() + ": now to rest")
	for _, repair := range s.repairs {
		repair()
	}
	s.fleet.mend()
	begin := time.Now()
	for {
		s.check()
		s.stillLives()
		problems := s.unrest()
		if len(problems) == 0 {
			break
		}
		if time.Since(begin) > restPatience {
			s.t.Fatalf("%s after the last fault:\n%s", restPatience, strings.Join(problems, "\n"))
		}
		time.Sleep(200 * time.Millisecond)
	}
	s.t.Logf("at rest after %.1f s", time.Since(begin).Seconds())
}

// unrest is what is not yet as it is to be.
func (s *soak) unrest() (problems []string) {
	state := s.state()
	problems = s.hostsUp(state)
	for _, t := range state.Tasks {
		for key := range t.OtherConfig {
			if strings.HasSuffix(strings.ToLower(key), "xencontroller-owner") {
				problems = append(problems, fmt.Sprintf("task %s of ours is left: %s", t.Name, t.Status))
			}
		}
	}
	if journal := s.journal(); journal != "[]" {
		problems = append(problems, "the journal holds "+journal)
	}
	if n := s.witness.sessionsOf(s.lives); n < 1 || n > handful {
		problems = append(problems, fmt.Sprintf("the controller has %d sessions", n))
	}
	said, err := s.claims()
	if err != nil {
		return append(problems, err.Error())
	}
	for _, want := range s.fleet.all() {
		is := slices.IndexFunc(state.VMs, func(vm simulator.VMState) bool { return vm.Name == want.name })
		says := slices.IndexFunc(said, func(c claimed) bool { return c.Name == want.name && c.Managed })
		if says < 0 {
			problems = append(problems, want.name+" is not in the controller's API")
			continue
		}
		var vm simulator.VMState
		if is >= 0 {
			vm = state.VMs[is]
		}
		if why := s.contradiction(want, vm, said[says]); why != "" {
			problems = append(problems, fmt.Sprintf("%s, declared %s: %s; the controller says %+v", want.name, want.state, why, said[says]))
		}
	}
	return problems
}

// hostsUp brings back what is still away.
func (s *soak) hostsUp(state simulator.State) (problems []string) {
	for _, h := range state.Hosts {
		switch {
		case h.Answers == "down":
			_ = s.hand("/host/" + h.Name + "/start") // looked at again
		case h.Answers == "silent":
			_ = s.hand("/fault/start-host?host=" + h.Name) // looked at again
		case h.Answers == "up" && !h.Enabled:
			_ = s.hand("/host/" + h.Name + "/enable") // looked at again
		case h.Answers == "up":
			continue
		}
		problems = append(problems, fmt.Sprintf("host %s is %s, enabled: %t", h.Name, h.Answers, h.Enabled))
	}
	return problems
}

// contradiction is why a VM is not as declared, unless the controller has a reason for that which is true.
func (s *soak) contradiction(want *wanted, is simulator.VMState, said claimed) string {
	ready, ok := said.ready()
	drifts := is.PowerState != want.state || len(want.hosts) > 0 && is.Host != "" && !slices.Contains(want.hosts, is.Host)
	switch {
	case !ok:
		return "it has not been looked at"
	case want.name == ghost:
		if ready.Status != "False" || ready.Reason != "NotFound" {
			return "there is no such VM"
		}
		return ""
	case said.PowerState != is.PowerState || said.Host != is.Host:
		return fmt.Sprintf("it is %s on %q", is.PowerState, is.Host)
	case want.observe:
		if drifts != (ready.Status == "False") || drifts && ready.Reason != "ObserveOnly" {
			return "it is only observed, and " + is.PowerState
		}
		return ""
	case ready.Reason == "Contested" && drifts && s.turned[want.name] >= 3:
		return ""
	case drifts || ready.Status != "True":
		return fmt.Sprintf("it is %s on %q", is.PowerState, is.Host)
	}
	return ""
}

// claims asks the controller's API about all VMs.
func (s *soak) claims() ([]claimed, error) {
	text, err := s.ask("/api/v1/virtualmachines")
	if err != nil {
		return nil, err
	}
	var list struct{ Items []claimed }
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("the API answers %q: %w", text, err)
	}
	return list.Items, nil
}

// ask reads a page of the controller's, and looks for secrets in it.
func (s *soak) ask(path string) (string, error) {
	s.t.Helper()
	response, err := http.Get("http://" + s.web + path)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	s.witness.read()
	s.clean(path, text)
	return string(text), nil
}

// look reads all that the controller shows, if it is up.
func (s *soak) look() {
	for _, path := range []string{"/", "/metrics", "/readyz", "/api/v1/pools", "/api/v1/hosts", "/api/v1/virtualmachines", "/api/v1/actions"} {
		if _, err := s.ask(path); err != nil {
			return // it is just coming up
		}
	}
}

// journal is what the journal holds.
func (s *soak) journal() string {
	text, err := os.ReadFile(s.in("state/journal.json"))
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}

// end ends both processes, and checks what they have left.
func (s *soak) end() {
	s.t.Helper()
	s.look()
	s.lean()
	s.terminate(true)
	s.buried()
	if journal := s.journal(); journal != "[]" {
		s.t.Errorf("the journal holds %s", journal)
	}
	left := 0
	for _, session := range s.state().Sessions {
		if session.Originator == "xencontroller" {
			left++
		}
	}
	if left > s.count.kills {
		s.t.Errorf("%d sessions are left by %d lives that were killed", left, s.count.kills)
	}
	s.tidy()
	s.t.Logf("%d sessions are left by %d killed lives; the slowest end took %s", left, s.count.kills, s.slowest.Round(time.Millisecond))
	if _, err := s.pool.terminate(endPatience); err != nil {
		s.t.Errorf("the pool: %v", err)
	}
	s.clean("the pool's log", s.pool.text()[strings.Index(string(s.pool.text()), "press Ctrl-C"):])
}

// tidy checks that beside the journal and the state of the pool there is nothing but what the last lives may have been
// writing when they were killed.
func (s *soak) tidy() {
	s.t.Helper()
	files, err := os.ReadDir(s.in("state"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range files {
		info, err := f.Info()
		young := err == nil && strings.HasPrefix(f.Name(), ".pool.json.") && time.Since(info.ModTime()) < restPatience
		if f.Name() != "journal.json" && f.Name() != "pool.json" && !young {
			s.t.Errorf("%s is left, %v", f.Name(), err)
		}
	}
}

// lean checks that neither process has grown: the pool beside its first minute, the controller beside what it needs.
func (s *soak) lean() {
	s.t.Helper()
	pool, controller := s.pool.usage(), s.life.usage()
	metrics, err := s.ask("/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^go_goroutines (\d+)$`).FindStringSubmatch(metrics)
	if found == nil {
		s.t.Fatal("/metrics has no go_goroutines")
	}
	goroutines, _ := strconv.Atoi(found[1]) // made of digits
	most := int64(150) << 20
	if raceDetector {
		most *= 4
	}
	if s.baseline.rss > 0 && pool.rss > 2*s.baseline.rss+64<<20 || pool.fds > s.baseline.fds+16 {
		s.t.Errorf("the pool's process has %s, and had %s after the first minute", pool, s.baseline)
	}
	if controller.rss > most || controller.fds > 64 || goroutines > 150 {
		s.t.Errorf("the controller has %s, %d goroutines", controller, goroutines)
	}
	s.t.Logf("at the end: pool %s (%s after the first minute), controller %s, %d goroutines", pool, s.baseline, controller, goroutines)
}
