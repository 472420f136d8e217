package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestAHistoryTellsWhoDidWhatAndNoPassword(t *testing.T) {
	p := Start(t, Model{VMs: 2, Password: "canary-pa55"})
	var out bytes.Buffer
	problem := p.WriteHistory(&out)
	w := dial(t, p, "10.0.0.1")
	session, err := w.raw("session.login_with_password", "root", "canary-pa55", "1.0", "stranger")
	if err != nil {
		t.Fatal(err)
	}
	vm := string(p.VMRef("web-1"))
	if _, err := w.raw("VM.hard_shutdown", session, vm); err != nil {
		t.Fatal(err)
	}
	if _, err := w.raw("VM.hard_shutdown", session, vm); err == nil {
		t.Fatal("a VM was halted twice")
	}
	p.Observe(nil)
	text := out.String()
	if strings.Contains(text, "canary") {
		t.Error("the password is in it")
	}
	var seen []string
	for line := range strings.Lines(text) {
		var l HistoryLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err, line)
		}
		switch {
		case l.Kind == FactCall && l.Session == session && len(l.Objects) == 1 && l.Objects[0] == vm:
			seen = append(seen, l.Method)
		case l.Kind == FactReply && l.Answered && l.Session == session:
			seen = append(seen, "answered "+l.Code)
		case l.Kind == FactReply && l.Result == session:
			seen = append(seen, "let in")
		case l.Kind == FactAdd && l.Ref == session && l.Fields["originator"] == "stranger":
			seen = append(seen, "a session")
		case l.Kind == FactMod && l.Ref == vm && l.Fields["power_state"] == halted && l.Fields["current_operations"] == nil:
			seen = append(seen, "halted")
		}
	}
	want := "a session, let in, VM.hard_shutdown, halted, answered , VM.hard_shutdown, answered VM_BAD_POWER_STATE"
	if got := strings.Join(seen, ", "); got != want || problem() != nil {
		t.Errorf("it tells of\n%s, and should of\n%s; %v", got, want, problem())
	}
}

func TestAHistoryThatCannotBeWrittenIsToldOf(t *testing.T) {
	p := Start(t, Model{VMs: 2})
	full := errors.New("no space left")
	problem := p.WriteHistory(refusingWriter{full})
	if !errors.Is(problem(), full) {
		t.Errorf("it tells %v", problem())
	}
}

type refusingWriter struct{ err error }

func (w refusingWriter) Write([]byte) (int, error) { return 0, w.err }
