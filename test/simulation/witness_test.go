package simulation

import (
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// tolerance is how long news takes from the wire to a decision and back to the wire.
const tolerance = 250 * time.Millisecond

// witness keeps what the rules need of the history so far: the pool as it is, since when, and what our process can know.
type witness struct {
	master   string
	vms      map[string]*seenVM
	tasks    map[string]*seenTask
	sessions map[string]*seenSession
	asked    map[string][]time.Time          // operations of ours, by VM
	since    map[string]map[string]time.Time // by what is so, by VM
	declared *desired.Set
	life     int
}

type seenVM struct {
	uuid, name, power string
	since             time.Time // of the power state
	apart             bool      // a template, a snapshot or a control domain
	held              bool      // current_operations show a task that is not ours
}

type seenTask struct {
	name, vm    string
	ours, ended bool
	since       time.Time
	life        int
}

type seenSession struct {
	ours    bool
	gone    bool // as far as our process can know
	life    int
	known   time.Time // all that happened before, our process has been told
	listed  time.Time // the VMs were, since events were last lost
	lost    time.Time // events were
	listing map[int64]time.Time
}

func newWitness() *witness {
	return &witness{
		vms: map[string]*seenVM{}, tasks: map[string]*seenTask{}, sessions: map[string]*seenSession{},
		asked: map[string][]time.Time{}, since: map[string]map[string]time.Time{},
	}
}

// ours reports whether a call is our process's; logins are all ours, as the people of the schedules have no wire.
func (w *witness) ours(e entry) bool { return e.Session == "" || w.sessions[e.Session] != nil }

// known is until when our process had been told of everything when it decided on a call.
func (w *witness) known(call entry) time.Time {
	s := w.sessions[call.Session]
	if s == nil {
		return time.Time{}
	}
	return s.known
}

// knew reports whether something about a VM was so when our process could know of it, and ever since.
func (w *witness) knew(call entry, what, vm string) bool {
	at, so := w.since[what][vm]
	return so && !at.After(w.known(call).Add(-tolerance)) && call.At.Sub(at) > tolerance
}

func (w *witness) sessionsOfLife() (n int) {
	for _, s := range w.sessions {
		if s.ours && !s.gone && s.life == w.life {
			n++
		}
	}
	return n
}

// see takes in what happened.
func (w *witness) see(e entry) {
	switch e.Kind {
	case simulator.FactLife:
		w.master = e.Host
		clear(w.tasks)
		clear(w.sessions)
		for _, vm := range w.vms {
			vm.held = false
		}
	case simulator.FactAdd, simulator.FactMod, simulator.FactDel:
		if e.Host == w.master {
			w.seeWrite(e)
		}
	case simulator.FactCall:
		w.seeCall(e)
	case simulator.FactReply:
		w.seeReply(e)
	}
	if e.begun {
		w.life++
		clear(w.asked)
	}
	if e.declared != nil {
		w.declared = e.declared
		clear(w.asked)
		w.judge(e.At)
	}
}

func (w *witness) seeWrite(e entry) {
	switch e.Class {
	case "VM":
		w.seeVM(e)
		w.judge(e.At)
	case "task":
		w.seeTask(e)
	case "session":
		if e.Kind == simulator.FactDel {
			delete(w.sessions, e.Ref)
		} else if w.sessions[e.Ref] == nil && e.Text("originator") == "xencontroller" {
			w.sessions[e.Ref] = &seenSession{ours: true, life: w.life, listing: map[int64]time.Time{}}
		}
	}
}

func (w *witness) seeVM(e entry) {
	if e.Kind == simulator.FactDel {
		delete(w.vms, e.Ref)
		return
	}
	vm := w.vms[e.Ref]
	if vm == nil {
		vm = &seenVM{since: e.At}
		w.vms[e.Ref] = vm
	}
	if power := e.Text("power_state"); power != vm.power {
		vm.power, vm.since = power, e.At
	}
	vm.uuid, vm.name = e.Text("uuid"), e.Text("name_label")
	vm.apart = e.Flag("is_a_template") || e.Flag("is_a_snapshot") || e.Flag("is_control_domain")
	vm.held = false
	for task := range e.Map("current_operations") {
		if t := w.tasks[task]; t == nil || !t.ours {
			vm.held = true
		}
	}
}

func (w *witness) seeTask(e entry) {
	if e.Kind == simulator.FactDel {
		delete(w.tasks, e.Ref)
		return
	}
	t := w.tasks[e.Ref]
	if t == nil {
		t = &seenTask{since: e.At, life: w.life}
		w.tasks[e.Ref] = t
	}
	t.name = e.Text("name_label")
	status := e.Text("status")
	t.ended = status != "pending" && status != "cancelling"
	for key, value := range e.Map("other_config") {
		switch strings.TrimPrefix(strings.ToLower(key), "http:") {
		case "xencontroller-owner":
			t.ours = true
		case "xencontroller-vm":
			t.vm = value
		}
	}
}

func (w *witness) seeCall(e entry) {
	s := w.sessions[e.Session]
	if s == nil {
		return
	}
	if _, operation := verbs[e.Method]; operation {
		w.asked[target(e)] = append(w.asked[target(e)], e.At)
	}
	if e.Method == "VM.get_all_records" {
		s.listing[e.Call] = e.At
	}
}

func (w *witness) seeReply(e entry) {
	if s := w.sessions[e.Result]; s != nil && e.Method == "session.login_with_password" && !e.Answered {
		s.gone = true // nobody knows its name
	}
	s := w.sessions[e.Session]
	if s == nil {
		return
	}
	s.gone = s.gone || e.Failure != nil && e.Failure.Code == "SESSION_INVALID"
	good := e.Answered && e.Failure == nil
	switch e.Method {
	case "event.next":
		switch {
		case good:
			s.known = e.At
		case s.lost.IsZero():
			s.lost = e.At
		}
	case "event.from": // it lists, and loses nothing
		if good {
			s.known, s.listed = e.At, e.At
		}
	case "VM.get_all_records":
		if !good {
			return
		}
		s.listed = e.At
		if begun := s.listing[e.Call]; s.lost.IsZero() || begun.After(s.lost) {
			s.lost = time.Time{}
		}
		if begun := s.listing[e.Call]; begun.After(s.known) {
			s.known = begun
		}
	}
}

// judge notes since when what is so of each VM.
func (w *witness) judge(now time.Time) {
	names, wanted := map[string]int{}, map[string]*v1alpha1.VirtualMachine{}
	for _, vm := range w.vms {
		if !vm.apart {
			names[vm.name]++
		}
	}
	for _, vm := range w.declared.VMs() {
		wanted[vm.Spec.NameLabel] = vm
	}
	for ref, vm := range w.vms {
		decl := wanted[vm.name]
		w.so(now, "not declared", ref, decl == nil)
		w.so(now, "a template, a snapshot or a control domain", ref, vm.apart)
		w.so(now, "of an ambiguous name", ref, names[vm.name] > 1)
		w.so(now, "held by somebody else", ref, vm.held)
		w.so(now, "only observed", ref, decl != nil && decl.Spec.Mode == v1alpha1.Observe)
	}
}

func (w *witness) so(now time.Time, what, ref string, is bool) {
	if w.since[what] == nil {
		w.since[what] = map[string]time.Time{}
	}
	switch _, was := w.since[what][ref]; {
	case is && !was:
		w.since[what][ref] = now
	case !is:
		delete(w.since[what], ref)
	}
}

// claims is what the pool knows better than the status: a VM is said to be as declared, and has long been otherwise.
func (w *witness) claims(e entry) string {
	for _, s := range e.status {
		if s.Phase != plan.InSync {
			continue
		}
		if vm := w.vms[string(s.VM)]; vm != nil && vm.power != string(s.PowerState) && e.At.Sub(vm.since) > 3*time.Minute {
			return s.Name + " is said to be " + string(s.PowerState) + " and is " + vm.power
		}
	}
	return ""
}
