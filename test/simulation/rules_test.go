package simulation

import (
	"fmt"
	"slices"
	"strings"

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
	{"rule 3: a lost answer is never answered by asking again", notAgain},
	{"rule 4: only tasks of ours that have ended are destroyed", onlyOurTasks},
	{"rule 5: a handful of sessions", fewSessions},
	{"rule 6: budgets", withinBudget},
	{"rule 7: nothing is done from a cache that is not in sync", inSync},
	{"rule 7: only the pool that was verified is spoken to", onlyOurPool},
	{"rule 8: nothing is done that the last good set does not want", wantedBySet},
	{"rule 9: nothing is changed in a dry run, nor where mode is Observe", observeOnly},
	{"rule 10: what keeps failing is tried less and less", backsOff},
	{"rule 11: a VM on a dead host waits for a person", notOnDeadHosts},
	{"rule 12: nothing but what the controller is for", knownCalls},
	{"no more calls than needed", noneTooMany},
}

// breaches are the rules that a history breaks, each once, in the order in which they were.
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
	for _, e := range h.withActions() {
		switch {
		case e.Kind == simulator.FactCall && w.byUs(e):
			for _, r := range rules {
				report(r.name, r.check(w, e), e)
			}
		case e.action != nil:
			report("rule 11: success is the observed state", w.successIsSeen(e), e)
		case e.sight != nil:
			for rule, why := range w.contradicts(e) {
				report("claims: "+rule, why, e)
			}
		case e.final != nil:
			for _, why := range w.unproven(e) {
				report("convergence: "+why.who, why.text, e)
			}
		}
		w.see(e)
	}
	if n := w.sessionsOfLife(); n > 0 {
		list = append(list, fmt.Sprintf("rule 5: a session is left at the end: %d", n))
	}
	return list
}

// withActions is the history with the steps of actions in between, each after what else happened at its instant.
func (h *history) withActions() []entry {
	all := append(h.all(), h.actions...)
	slices.SortStableFunc(all, func(a, b entry) int { return a.At.Compare(b.At) })
	return all
}

// verbs are the operations on VMs and the power state that each leads to; "" for a migration.
var verbs = map[string]string{
	"Async.VM.start": "Running", "Async.VM.start_on": "Running", "Async.VM.resume": "Running", "Async.VM.resume_on": "Running",
	"Async.VM.unpause": "Running", "Async.VM.pause": "Paused", "Async.VM.suspend": "Suspended",
	"Async.VM.clean_shutdown": "Halted", "Async.VM.hard_shutdown": "Halted", "Async.VM.pool_migrate": "",
}

// starts reports whether an operation brings a VM into memory.
func starts(method string) bool { return verbs[method] == "Running" && method != "Async.VM.unpause" }

func target(call entry) string {
	if len(call.Params) == 0 {
		return ""
	}
	return call.Params[0]
}
