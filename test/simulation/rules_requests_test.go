package simulation

import (
	"fmt"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
)

func onlyDeclared(w *witness, call entry) string {
	for _, what := range []string{"not declared", "declared twice", "a template, a snapshot or a control domain", "of an ambiguous name"} {
		if _, vm := w.asked(call); vm != nil && w.knew(call, what, target(call)) {
			return "the VM is " + what
		}
	}
	return ""
}

func oneAtATime(w *witness, call entry) string {
	v, vm := w.asked(call)
	if vm == nil {
		return ""
	}
	if w.knew(call, "held by somebody else", target(call)) {
		return "somebody else is at it"
	}
	for ref, t := range v.tasks {
		if !t.ours || t.ended || t.vm != vm.uuid || t.since.After(w.known(call)) {
			continue
		}
		if call.Method == "Async.VM.hard_shutdown" && t.name == "Async.VM.clean_shutdown" && t.cancelled {
			continue // it does not end, and the plug is pulled
		}
		return "task " + ref + " of ours runs: " + t.name
	}
	return ""
}

func notTwice(w *witness, call entry) string {
	_, vm := w.asked(call)
	if vm == nil || verbs[call.Method] == "" {
		return ""
	}
	if aim := verbs[call.Method]; vm.power.now() == aim && !vm.power.since().After(w.known(call)) {
		return "it is " + aim
	}
	return ""
}

// patience is the least time for which a call without an answer is looked for.
const patience = 9 * time.Second

func notAgain(w *witness, call entry) string {
	_, vm := w.asked(call)
	op := w.last[target(call)]
	if vm == nil || op == nil || op.lost.IsZero() || call.At.Sub(op.lost) > patience {
		return ""
	}
	if op.task != nil && op.task.ended || vm.written.After(op.lost) {
		return "" // the pool has shown what became of it
	}
	return fmt.Sprintf("%s of it had no answer %v ago", op.method, call.At.Sub(op.lost))
}

func onlyOurTasks(w *witness, call entry) string {
	s := w.sessions[call.Session]
	if s == nil || !strings.HasPrefix(call.Method, "task.") || strings.HasPrefix(call.Method, "task.get_") {
		return ""
	}
	t := s.view.tasks[target(call)]
	switch {
	case t == nil:
		return ""
	case !t.ours && call.Method != "task.add_to_other_config":
		return "it is somebody else's"
	case !t.ended && call.Method == "task.destroy":
		return "it runs"
	case call.Method == "task.cancel" && t.name != "Async.VM.clean_shutdown" && call.At.Sub(t.since) < time.Minute:
		return fmt.Sprintf("it has run for no more than %v", call.At.Sub(t.since))
	}
	return ""
}

func fewSessions(w *witness, _ entry) string {
	if n := w.sessionsOfLife(); n > 5 {
		return fmt.Sprintf("%d sessions of one process", n)
	}
	return ""
}

// load is what our operations take of the budgets, as our process can know it.
type load struct {
	starts, moves int
	in, out       map[string]int
}

func (w *witness) load(v *view, known time.Time) load {
	l := load{in: map[string]int{}, out: map[string]int{}}
	for _, t := range v.tasks {
		if !t.ours || t.ended || t.life != w.life && t.since.After(known.Add(-tolerance)) {
			continue
		}
		if starts(t.name) {
			l.starts++
		}
		if t.name == "Async.VM.pool_migrate" {
			l.moves++
			if t.op != nil {
				l.in[t.op.to]++
				l.out[t.op.from]++
			}
		}
	}
	return l
}

func withinBudget(w *witness, call entry) string {
	v, vm := w.asked(call)
	if vm == nil {
		return ""
	}
	l, limits := w.load(v, w.known(call)), plan.Limits{}.WithDefaults()
	move := call.Method == "Async.VM.pool_migrate"
	switch {
	case starts(call.Method) && l.starts >= limits.Starts:
		return fmt.Sprintf("%d starts are under way", l.starts)
	case move && l.moves >= limits.Migrations:
		return fmt.Sprintf("%d migrations are under way", l.moves)
	case move && l.in[call.Params[1]] >= limits.HostIn:
		return fmt.Sprintf("%d migrations to that host are under way", l.in[call.Params[1]])
	case move && l.out[vm.host.now()] >= limits.HostOut:
		return fmt.Sprintf("%d migrations from its host are under way", l.out[vm.host.now()])
	}
	return ""
}

func inSync(w *witness, call entry) string {
	s := w.sessions[call.Session]
	if s != nil && call.Method == "VM.get_all_records" && !s.registered {
		return "the VMs are listed before events were registered for"
	}
	if _, operation := verbs[call.Method]; !operation || s == nil {
		return ""
	}
	switch {
	case s.listed.IsZero():
		return "the VMs were not listed on this session"
	case !s.lost.IsZero() && call.At.Sub(s.lost) > tolerance:
		return "events were lost, and the VMs not listed since"
	}
	return ""
}

func onlyOurPool(w *witness, call entry) string {
	s := w.sessions[call.Session]
	if s == nil || strings.HasPrefix(call.Method, "session.") {
		return ""
	}
	if !s.refused.IsZero() && call.At.Sub(s.refused) > tolerance {
		return fmt.Sprintf("the session is said to be gone since %v", call.At.Sub(s.refused))
	}
	verifying := call.Method == "pool.get_all_records" || call.Method == "host.get_address"
	switch {
	case s.view.uuid != w.uuid && !verifying:
		return s.view.host + " is of another pool"
	case !s.verified && !verifying:
		return "it was not asked yet which host this is"
	case w.newest != nil && w.newest != s && w.newest.view != s.view && !s.gone && s.view.over && verbs[call.Method] != "":
		return "there is a newer session, with another master"
	}
	return ""
}

func observeOnly(w *witness, call entry) string {
	if _, vm := w.asked(call); vm != nil && w.knew(call, "only observed", target(call)) {
		return "it is only to be observed"
	}
	_, method, _ := strings.Cut(call.Method, ".")
	if w.dryRun && !strings.HasPrefix(call.Method, "session.") && !strings.HasPrefix(call.Method, "event.") &&
		!strings.HasPrefix(call.Method, "system.") && !strings.HasPrefix(method, "get_") {
		return "this is a dry run"
	}
	return ""
}

func backsOff(w *witness, call entry) string {
	_, vm := w.asked(call)
	f := w.failing[target(call)]
	if vm == nil || f == nil {
		return ""
	}
	if vm.cleanFailed.Equal(f.last) && call.Method == "Async.VM.hard_shutdown" {
		return ""
	}
	least := min(2*time.Second<<min(f.times-1, 10), 5*time.Minute) * 8 / 10
	if gone := call.At.Sub(f.last); gone < least-tolerance {
		return fmt.Sprintf("it has failed %d times in a row, the last time %v ago", f.times, gone.Round(time.Millisecond))
	}
	return ""
}

func notOnDeadHosts(w *witness, call entry) string {
	if _, vm := w.asked(call); vm != nil && w.knew(call, "on a dead host", target(call)) {
		return "the host of the VM is dead"
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
