package e2e

import (
	"fmt"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// soakNews is how long news takes at most from the wire to a decision and back to the wire, on a machine with too much to do.
const soakNews = 5 * time.Second

// aims are the operations of VMs, and the power state that each leads to; "" for a migration.
var aims = map[string]string{
	"Async.VM.start": "Running", "Async.VM.start_on": "Running", "Async.VM.resume": "Running", "Async.VM.resume_on": "Running",
	"Async.VM.unpause": "Running", "Async.VM.pause": "Paused", "Async.VM.suspend": "Suspended",
	"Async.VM.clean_shutdown": "Halted", "Async.VM.hard_shutdown": "Halted", "Async.VM.pool_migrate": "",
}

// starts are the operations that the budget of starts counts.
var starts = map[string]bool{"Async.VM.start": true, "Async.VM.start_on": true, "Async.VM.resume": true, "Async.VM.resume_on": true}

// judge holds one call of ours against what our process must have known.
func (w *witness) judge(l simulator.HistoryLine, s *sessionSeen) {
	_, operation := aims[l.Method]
	switch {
	case operation && len(l.Objects) > 0:
		w.operations++
		w.judgeOperation(l, s, l.Objects[0])
	case l.Method == "task.destroy" && len(l.Objects) > 0:
		if t := w.tasks[l.Objects[0]]; t != nil && !t.ours {
			w.breach(l, "rule 4: a task of somebody else is destroyed: "+t.name)
		} else if t != nil && !t.ended {
			w.breach(l, "rule 4: a task that runs is destroyed: "+t.name)
		}
	case strings.Contains(l.Method, ".get_"), strings.HasPrefix(l.Method, "event."), strings.HasPrefix(l.Method, "system."):
	case l.Method == "session.logout", l.Method == "task.cancel", l.Method == "task.add_to_other_config":
	default:
		w.breach(l, "rule 12: not a call that the controller makes")
	}
}

func (w *witness) judgeOperation(l simulator.HistoryLine, s *sessionSeen, ref string) {
	vm := w.vms[ref]
	if vm == nil {
		w.breach(l, "rule 1: there is no such VM")
		return
	}
	told := func(since time.Time) bool { return since.Before(s.listed) || since.Before(s.known.Add(-soakNews)) }
	if vm.apart || w.untouchable(vm.name) {
		w.breach(l, "rule 1: not to be touched: "+vm.name)
	}
	if s.listed.IsZero() {
		w.breach(l, "rule 7: the VMs were not listed on this session")
	}
	if aim := aims[l.Method]; aim != "" && vm.power == aim && told(vm.since) {
		w.breach(l, fmt.Sprintf("rule 3: %s is %s since %s", vm.name, aim, vm.since))
	}
	begun, moved := 0, 0
	for _, t := range w.tasks {
		if !t.ours || t.ended || !told(t.since) {
			continue
		}
		if t.vm == vm.uuid && l.Method != "Async.VM.hard_shutdown" {
			w.breach(l, fmt.Sprintf("rule 2: %s of %s runs since %s", t.name, vm.name, t.since))
		}
		if starts[t.name] {
			begun++
		}
		if t.name == "Async.VM.pool_migrate" {
			moved++
		}
	}
	limits := plan.Limits{}.WithDefaults()
	if starts[l.Method] && begun >= limits.Starts || l.Method == "Async.VM.pool_migrate" && moved >= limits.Migrations {
		w.breach(l, fmt.Sprintf("rule 6: %d starts and %d migrations are under way", begun, moved))
	}
}
