package simulation

import (
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// seenSession is a session of our process, and what it was told over it.
type seenSession struct {
	view       *view
	life       int
	gone       bool      // as far as our process can know, or for everybody
	refused    time.Time // when our process was first told that it is gone
	verified   bool      // it was asked which host it is with
	registered bool
	known      time.Time // all that happened before, our process has been told
	listed     time.Time // the VMs were, since events were last lost
	lost       time.Time // events were
	listing    map[int64]time.Time
	lists      int // begun
	troubles   int // calls without a good answer
}

// seenOp is an operation on a VM that our process has asked for.
type seenOp struct {
	method, vm string
	to         string // host of a migration, or of a start there
	from       string // host of a migration
	at         time.Time
	life       int
	answered   time.Time // with a task; zero: not, or not yet
	lost       time.Time // when the connection broke instead
	refused    string    // code
	task       *seenTask
}

// failures are what an operation's failures in a row leave behind.
type failures struct {
	times int
	last  time.Time
}

func (w *witness) seeSession(v *view, e entry) {
	s := w.sessions[e.Ref]
	switch {
	case e.Kind == simulator.FactDel && s != nil:
		s.gone = true
	case e.Kind != simulator.FactDel && s == nil && e.Text("originator") == originator:
		w.sessions[e.Ref] = &seenSession{view: v, life: w.life, listing: map[int64]time.Time{}}
	}
}

// byUs reports whether a call is our process's.
func (w *witness) byUs(e entry) bool {
	if e.Method == login {
		return len(e.Params) < 4 || e.Params[3] == originator
	}
	return e.Session == "" || w.sessions[e.Session] != nil
}

const (
	login      = "session.login_with_password"
	originator = "xencontroller" // of our process's sessions
)

// sessionsOfLife is how many sessions of this life there are.
func (w *witness) sessionsOfLife() (n int) {
	for _, s := range w.sessions {
		if !s.gone && s.life == w.life && !s.view.over {
			n++
		}
	}
	return n
}

func (w *witness) seeCall(e entry) {
	if e.Method == login && w.byUs(e) {
		w.logins[e.Host]++
	}
	s := w.sessions[e.Session]
	if s == nil {
		return
	}
	task := s.view.tasks[target(e)]
	switch e.Method {
	case "VM.get_all_records":
		s.listing[e.Call] = e.At
		s.lists++
	case "task.destroy":
		if task != nil {
			task.destroyed++
		}
	case "task.cancel":
		if task != nil {
			task.cancelled = true
		}
	case "task.add_to_other_config":
		if task != nil {
			task.marked++
		}
	}
	if _, vm := w.asked(e); vm != nil {
		op := &seenOp{method: e.Method, vm: target(e), at: e.At, life: w.life, from: vm.host.now()}
		if strings.HasSuffix(e.Method, "_on") || e.Method == "Async.VM.pool_migrate" {
			op.to = e.Params[1]
		}
		w.open[e.Call], w.last[op.vm] = op, op
	}
}

// matchTask finds the operation that a task carries out.
func (w *witness) matchTask(v *view, t *seenTask) {
	for ref, op := range w.last {
		if vm := v.vms[ref]; vm != nil && vm.uuid == t.vm && op.method == t.name && op.task == nil && !op.at.After(t.since) {
			op.task, t.op = t, op
		}
	}
}

func (w *witness) seeReply(e entry) {
	if e.Method == login && w.byUs(e) {
		w.logins[e.Host]--
		if s := w.sessions[e.Result]; s != nil && !e.Answered {
			s.gone = true // nobody knows its name
		} else if s != nil && s.life == w.life {
			w.newest = s
		}
	}
	if op := w.open[e.Call]; op != nil {
		delete(w.open, e.Call)
		w.opAnswered(op, e)
	}
	s := w.sessions[e.Session]
	if s == nil {
		return
	}
	if e.Failure != nil && e.Failure.Code == "SESSION_INVALID" {
		s.gone = true
		if e.Answered && s.refused.IsZero() {
			s.refused = e.At
		}
	}
	good := e.Answered && e.Failure == nil
	if _, operation := verbs[e.Method]; !good && !operation {
		s.troubles++
	}
	if t := s.view.tasks[target(e)]; t != nil && !good {
		switch e.Method {
		case "task.destroy":
			t.destroyed--
		case "task.add_to_other_config":
			t.marked--
		}
	}
	s.learn(e, good)
}

// learn takes in what a reply tells our process of the pool.
func (s *seenSession) learn(e entry, good bool) {
	switch e.Method {
	case "session.get_this_host":
		s.verified = s.verified || good
	case "event.register":
		s.registered = s.registered || good
	case "event.next":
		switch {
		case good:
			s.known = e.At
		case s.lost.IsZero():
			s.lost = e.At
		}
	case "event.from": // it loses nothing
		if good {
			s.known, s.registered = e.At, true
		}
	case "VM.get_all_records":
		if !good {
			return
		}
		s.listed = e.At
		begun := s.listing[e.Call]
		if s.lost.IsZero() || begun.After(s.lost) {
			s.lost = time.Time{}
		}
		if begun.After(s.known) {
			s.known = begun
		}
	}
}

func (w *witness) opAnswered(op *seenOp, e entry) {
	switch {
	case !e.Answered:
		op.lost = e.At
	case e.Failure != nil:
		op.refused = e.Failure.Code
		if !elsewhere(op.refused) {
			w.failed(op, e.At)
		}
	default:
		op.answered = e.At
	}
}

// elsewhere reports whether a code means that the session or the host is of no use, which says nothing of the operation.
func elsewhere(code string) bool {
	return strings.HasPrefix(code, "SESSION_") || strings.HasPrefix(code, "HOST_")
}

// taskEnded takes in how an operation of ours ended.
func (w *witness) taskEnded(v *view, t *seenTask, status string) {
	op := t.op
	if op == nil || op.life != w.life {
		return
	}
	if status == "success" {
		delete(w.failing, op.vm)
		return
	}
	w.failed(op, t.endedAt)
	if vm := v.vms[op.vm]; vm != nil && op.method == "Async.VM.clean_shutdown" {
		vm.cleanFailed = t.endedAt
	}
}

// failed counts a failure, but for a clean shutdown that a hard one is declared to follow.
func (w *witness) failed(op *seenOp, at time.Time) {
	if w.ours == nil {
		return
	}
	vm := w.ours.vms[op.vm]
	if vm == nil {
		return
	}
	decls := w.declarations(vm)
	if op.method == "Async.VM.clean_shutdown" {
		vm.cleanFailed = at
		if len(decls) != 1 || decls[0].Spec.Shutdown.Mode == v1alpha1.CleanThenHard {
			return
		}
	}
	f := w.failing[op.vm]
	if f == nil {
		f = &failures{}
		w.failing[op.vm] = f
	}
	f.times, f.last = f.times+1, at
}
