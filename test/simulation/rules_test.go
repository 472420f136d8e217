package simulation

import (
	"fmt"
	"maps"
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
	{"rule 7: only the pool that was verified is spoken to, on a session that it knows", onlyOurPool},
	{"rule 8: nothing is done that the last good set does not want", wantedBySet},
	{"rule 9: nothing is changed in a dry run, nor where mode is Observe", observeOnly},
	{"rule 10: what keeps failing is tried less and less", backsOff},
	{"rule 11: a VM on a dead host waits for a person", notOnDeadHosts},
	{"rule 12: nothing but what the controller is for", knownCalls},
	{"no more calls than needed", noneTooMany},
}

// breach is a rule that was broken, and why, in the light of the history until then.
type breach struct{ rule, why string }

// breaches are the rules that a history breaks, each once, in the order in which they were.
func breaches(h *history) (list []string) {
	all, broken := h.judged()
	for i, e := range all {
		for _, b := range broken[i] {
			list = append(list, fmt.Sprintf("%s: %s: %s", b.rule, b.why, strings.TrimSpace(h.line(e))))
		}
	}
	return append(list, broken[len(all)].lines()...)
}

type breachList []breach

func (l breachList) lines() (lines []string) {
	for _, b := range l {
		lines = append(lines, b.rule+": "+b.why)
	}
	return lines
}

// judged is the history with the rules that each entry breaks, by its place; what shows at the end has the place after the
// last one.
func (h *history) judged() (all []entry, broken map[int]breachList) {
	w := newWitness()
	all, broken = h.withActions(), map[int]breachList{}
	told := map[string]bool{}
	for i, e := range all {
		for _, b := range w.broken(e) {
			if b.why != "" && !told[b.rule] {
				told[b.rule] = true
				broken[i] = append(broken[i], b)
			}
		}
		w.see(e)
	}
	if n := w.sessionsOfLife(); n > 0 {
		broken[len(all)] = breachList{{"rule 5: every session is logged out", fmt.Sprintf("%d are left at the end", n)}}
	}
	return all, broken
}

// broken are the rules that what happens now breaks; those without a reason are not.
func (w *witness) broken(e entry) (list []breach) {
	switch {
	case e.Kind == simulator.FactCall && w.byUs(e):
		for _, r := range rules {
			list = append(list, breach{r.name, r.check(w, e)})
		}
	case e.action != nil:
		list = append(list, breach{"rule 11: success is the observed state", w.successIsSeen(e)})
	case e.sight != nil:
		found := w.contradicts(e)
		for _, claim := range slices.Sorted(maps.Keys(found)) {
			list = append(list, breach{"claims: " + claim, found[claim]})
		}
	case e.final != nil:
		for _, u := range w.unproven(e) {
			list = append(list, breach{"convergence: " + u.who, u.text})
		}
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
