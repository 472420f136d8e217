package simulation

import (
	"fmt"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// rule looks at one request of our process in the light of all that the pool has seen until then; "": it is in order.
type rule struct {
	name  string
	check func(w *witness, call entry) string
}

// rules are those of the design that show in requests, by their numbers there.
var rules = []rule{
	{"rule 1: only declared VMs are touched, and no template, snapshot, control domain or ambiguous name", onlyDeclared},
	{"rule 2: one operation of a VM at a time", oneAtATime},
	{"rule 3: what is so already is not asked for again", notTwice},
	{"rule 4: only tasks of ours that have ended are destroyed", onlyOurTasks},
	{"rule 5: a handful of sessions", fewSessions},
	{"rule 6: budgets", withinBudget},
	{"rule 7: nothing is done from a cache that is not in sync", inSync},
	{"rule 9: nothing is changed in a dry run, nor where mode is Observe", observeOnly},
	{"rule 10: what keeps failing is tried less and less", backsOff},
	{"rule 12: nothing but what the controller is for", knownCalls},
}

// breaches are the rules that a history breaks, each once.
func breaches(h *history) []string {
	w := newWitness()
	var list []string
	broken := map[string]bool{}
	report := func(rule, why string, e entry) {
		if why != "" && !broken[rule] {
			broken[rule] = true
			list = append(list, fmt.Sprintf("%s: %s: %s", rule, why, strings.TrimSpace(h.line(e))))
		}
	}
	for _, e := range h.all() {
		if e.Kind == simulator.FactCall && w.ours(e) {
			for _, r := range rules {
				report(r.name, r.check(w, e), e)
			}
		}
		if e.status != nil {
			report("rule 11: success is the observed state", w.claims(e), e)
		}
		w.see(e)
	}
	if n := w.sessionsOfLife(); n > 0 {
		list = append(list, fmt.Sprintf("rule 5: a session is left at the end: %d", n))
	}
	return list
}

// verbs are the operations on VMs and the power state that each leads to; "" for a migration.
var verbs = map[string]string{
	"Async.VM.start": "Running", "Async.VM.start_on": "Running", "Async.VM.resume": "Running", "Async.VM.resume_on": "Running",
	"Async.VM.unpause": "Running", "Async.VM.pause": "Paused", "Async.VM.suspend": "Suspended",
	"Async.VM.clean_shutdown": "Halted", "Async.VM.hard_shutdown": "Halted", "Async.VM.pool_migrate": "",
}

func target(call entry) string {
	if len(call.Params) == 0 {
		return ""
	}
	return call.Params[0]
}

func onlyDeclared(w *witness, call entry) string {
	if _, operation := verbs[call.Method]; !operation {
		return ""
	}
	for _, what := range []string{"not declared", "a template, a snapshot or a control domain", "of an ambiguous name"} {
		if w.knew(call, what, target(call)) {
			return "the VM is " + what
		}
	}
	return ""
}

func oneAtATime(w *witness, call entry) string {
	if _, operation := verbs[call.Method]; !operation {
		return ""
	}
	if w.knew(call, "held by somebody else", target(call)) && call.Method != "Async.VM.hard_shutdown" {
		return "somebody else is at it"
	}
	vm := w.vms[target(call)]
	for ref, t := range w.tasks {
		if t.ours && !t.ended && vm != nil && t.vm == vm.uuid && !t.since.After(w.known(call)) && call.Method != "Async.VM.hard_shutdown" {
			return "task " + ref + " of ours runs: " + t.name
		}
	}
	return ""
}

func notTwice(w *witness, call entry) string {
	aim, operation := verbs[call.Method]
	vm := w.vms[target(call)]
	if operation && aim != "" && vm != nil && vm.power == aim && !vm.since.After(w.known(call)) {
		return "it is " + aim
	}
	return ""
}

func onlyOurTasks(w *witness, call entry) string {
	if call.Method != "task.destroy" {
		return ""
	}
	t := w.tasks[target(call)]
	switch {
	case t == nil:
		return ""
	case !t.ours:
		return "it is somebody else's"
	case !t.ended:
		return "it runs"
	}
	return ""
}

func fewSessions(w *witness, _ entry) string {
	if n := w.sessionsOfLife(); n > 5 {
		return fmt.Sprintf("%d sessions of one process", n)
	}
	return ""
}

func withinBudget(w *witness, call entry) string {
	starts, moves := 0, 0
	for _, t := range w.tasks {
		if t.ours && !t.ended && t.life == w.life {
			if verbs[t.name] == "Running" && t.name != "Async.VM.unpause" {
				starts++
			}
			if t.name == "Async.VM.pool_migrate" {
				moves++
			}
		}
	}
	limits := plan.Limits{}.WithDefaults()
	switch {
	case verbs[call.Method] == "Running" && call.Method != "Async.VM.unpause" && starts >= limits.Starts:
		return fmt.Sprintf("%d starts are under way", starts)
	case call.Method == "Async.VM.pool_migrate" && moves >= limits.Migrations:
		return fmt.Sprintf("%d migrations are under way", moves)
	}
	return ""
}

func inSync(w *witness, call entry) string {
	if _, operation := verbs[call.Method]; !operation {
		return ""
	}
	s := w.sessions[call.Session]
	switch {
	case s == nil:
		return ""
	case s.listed.IsZero():
		return "the VMs were not listed on this session"
	case !s.lost.IsZero() && call.At.Sub(s.lost) > tolerance:
		return "events were lost, and the VMs not listed since"
	}
	return ""
}

func observeOnly(w *witness, call entry) string {
	if _, operation := verbs[call.Method]; !operation {
		return ""
	}
	if w.knew(call, "only observed", target(call)) {
		return "it is only to be observed"
	}
	return ""
}

func backsOff(w *witness, call entry) string {
	if _, operation := verbs[call.Method]; !operation {
		return ""
	}
	recent := 0
	for _, at := range w.asked[target(call)] {
		if call.At.Sub(at) < time.Minute {
			recent++
		}
	}
	if recent > 10 {
		return fmt.Sprintf("%d operations of one VM within a minute", recent)
	}
	return ""
}

func knownCalls(_ *witness, call entry) string {
	if _, operation := verbs[call.Method]; operation || strings.Contains(call.Method, ".get_") || strings.HasPrefix(call.Method, "event.") {
		return ""
	}
	switch call.Method {
	case "session.login_with_password", "session.logout", "session.local_logout", "session.slave_local_login_with_password",
		"task.destroy", "task.cancel", "task.add_to_other_config", "system.isAlive", "system.listMethods":
		return ""
	}
	return "it is not among the calls that the controller makes"
}
