package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// witness follows the pool's own history and holds our calls against it: soak_rules_test.go.
type witness struct {
	tb    testing.TB
	file  *os.File
	in    *bufio.Reader
	begun []byte // a line that is not all there yet

	untouchable func(name string) bool
	life        int
	master      string
	vms         map[string]*vmSeen
	tasks       map[string]*taskSeen
	sessions    map[string]*sessionSeen
	marks       map[string]string // the task that bears the mark of an operation
	secrets     map[string]int    // sessions of ours, by the life that made them
	operations  int
	breaches    []string
}

type vmSeen struct {
	uuid, name, power string
	apart             bool      // a template, a snapshot or a control domain
	since             time.Time // of the power state
}

type taskSeen struct {
	name, vm    string
	ours, ended bool
	since, over time.Time // when it was made, and when it ended
}

type sessionSeen struct {
	life    int
	listing map[int64]time.Time // lists of all VMs under way, by call
	listed  time.Time           // when the last one was asked for: all that was so by then is known
	known   time.Time           // when event.next last answered
}

func newWitness(tb testing.TB, history string, untouchable func(string) bool) *witness {
	tb.Helper()
	file, err := os.Open(history)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = file.Close() }) // it was only read
	return &witness{
		tb: tb, file: file, in: bufio.NewReaderSize(file, 64<<10), untouchable: untouchable, vms: map[string]*vmSeen{},
		tasks: map[string]*taskSeen{}, sessions: map[string]*sessionSeen{}, marks: map[string]string{}, secrets: map[string]int{},
	}
}

// begin takes what has happened until now for what came before a life of ours.
func (w *witness) begin(life int) {
	w.tb.Helper()
	w.read()
	w.life = life
}

// read takes in what the pool has written since.
func (w *witness) read() {
	w.tb.Helper()
	for {
		text, err := w.in.ReadBytes('\n')
		w.begun = append(w.begun, text...)
		if errors.Is(err, io.EOF) {
			w.lookForLeftTasks()
			return
		}
		if err != nil {
			w.tb.Fatal(err)
		}
		var line simulator.HistoryLine
		if err := json.Unmarshal(w.begun, &line); err != nil {
			w.tb.Fatalf("not a line of a history: %v: %s", err, w.begun)
		}
		w.begun = w.begun[:0]
		w.see(line)
	}
}

// see takes in one line.
func (w *witness) see(l simulator.HistoryLine) {
	switch l.Kind {
	case simulator.FactLife: // of a master: sessions and tasks of the one before are gone
		w.master = l.Host
		clear(w.tasks)
		clear(w.sessions)
	case simulator.FactCall:
		if s := w.sessions[l.Session]; s != nil {
			w.judge(l, s)
			if l.Method == "VM.get_all_records" {
				s.listing[l.Call] = l.At
			}
		}
	case simulator.FactReply:
		if s := w.sessions[l.Session]; s != nil && l.Answered && l.Code == "" {
			s.answered(l)
		}
	case simulator.FactAdd, simulator.FactMod, simulator.FactDel:
		if l.Host == w.master {
			w.seeObject(l)
		}
	}
}

// answered takes in what our process has been told.
func (s *sessionSeen) answered(l simulator.HistoryLine) {
	switch l.Method {
	case "VM.get_all_records":
		s.listed = s.listing[l.Call]
		delete(s.listing, l.Call)
	case "event.next":
		s.known = l.At
	}
}

func (w *witness) seeObject(l simulator.HistoryLine) {
	switch l.Class {
	case "VM":
		w.seeVM(l)
	case "task":
		w.seeTask(l)
	case "session":
		w.seeSession(l)
	}
}

func (w *witness) seeVM(l simulator.HistoryLine) {
	if l.Kind == simulator.FactDel {
		delete(w.vms, l.Ref)
		return
	}
	vm := w.vms[l.Ref]
	if vm == nil {
		vm = &vmSeen{since: l.At}
		w.vms[l.Ref] = vm
	}
	if power := textOf(l, "power_state"); power != vm.power {
		vm.power, vm.since = power, l.At
	}
	vm.uuid, vm.name = textOf(l, "uuid"), textOf(l, "name_label")
	vm.apart = l.Fields["is_a_template"] != nil || l.Fields["is_a_snapshot"] != nil || l.Fields["is_control_domain"] != nil
}

func (w *witness) seeTask(l simulator.HistoryLine) {
	if l.Kind == simulator.FactDel {
		delete(w.tasks, l.Ref)
		return
	}
	t := w.tasks[l.Ref]
	if t == nil {
		t = &taskSeen{since: l.At}
		w.tasks[l.Ref] = t
	}
	t.name = textOf(l, "name_label")
	if ended := textOf(l, "status") != "pending" && textOf(l, "status") != "cancelling"; ended && !t.ended {
		t.ended, t.over = true, l.At
	}
	marks, _ := l.Fields["other_config"].(map[string]any)
	for key, value := range marks {
		text, _ := value.(string)
		switch strings.TrimPrefix(strings.ToLower(key), "http:") {
		case "xencontroller-owner":
			t.ours = true
		case "xencontroller-vm":
			t.vm = text
		case "xencontroller-operation":
			if before, ok := w.marks[text]; ok && before != l.Ref {
				w.breach(l, "rule 3: an operation was sent twice: "+text)
			}
			w.marks[text] = l.Ref
		}
	}
}

func (w *witness) seeSession(l simulator.HistoryLine) {
	switch {
	case l.Kind == simulator.FactDel:
		delete(w.sessions, l.Ref)
	case textOf(l, "originator") == "xencontroller" && w.sessions[l.Ref] == nil:
		w.sessions[l.Ref] = &sessionSeen{life: w.life, listing: map[int64]time.Time{}}
		w.secrets[l.Ref] = w.life
		if n := w.sessionsOf(w.life); n > handful {
			w.breach(l, fmt.Sprintf("rule 5: %d sessions of one process", n))
		}
	}
}

// sessionsOf counts the sessions that a life has, or has left.
func (w *witness) sessionsOf(life int) (n int) {
	for _, s := range w.sessions {
		if s.life == life {
			n++
		}
	}
	return n
}

// secretsOf are the references of the sessions of a life. Those of earlier lives are forgotten.
func (w *witness) secretsOf(life int) (list []string) {
	for ref, of := range w.secrets {
		switch {
		case of == life:
			list = append(list, ref)
		case of < life-1:
			delete(w.secrets, ref)
		}
	}
	return list
}

// lookForLeftTasks finds tasks of ours that have ended and are still there, although our process has long known.
func (w *witness) lookForLeftTasks() {
	for _, s := range w.sessions {
		for ref, t := range w.tasks {
			if !t.ours || !t.ended || s.life != w.life || s.listed.IsZero() {
				continue
			}
			if s.known.Sub(t.over) > soakNews && s.known.Sub(s.listed) > soakNews {
				w.breaches = append(w.breaches, fmt.Sprintf("rule 4: task %s (%s) ended at %s and is still there at %s", ref, t.name, t.over, s.known))
			}
		}
	}
}

func (w *witness) breach(l simulator.HistoryLine, why string) {
	text, _ := json.Marshal(l) // it came from JSON
	w.breaches = append(w.breaches, why+": "+string(text))
}

// textOf is a field that is a text.
func textOf(l simulator.HistoryLine, field string) string {
	text, _ := l.Fields[field].(string)
	return text
}
