package simulation

import (
	"reflect"
	"slices"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// tolerance is how long news takes from the wire to a decision and back to the wire.
const tolerance = 250 * time.Millisecond

// witness keeps what the rules need of the history so far: the pool as the database of each master has it, since when, and
// what our process can know of it.
type witness struct {
	uuid     string           // of the pool that is ours: the first that was seen
	ours     *view            // of the newest master of our pool
	views    map[string]*view // by the host whose database it is
	sessions map[string]*seenSession
	newest   *seenSession         // that a login of this life was answered with
	open     map[int64]*seenOp    // operations of ours whose call was not answered yet, by call
	last     map[string]*seenOp   // the newest operation of ours on each VM in this life
	failing  map[string]*failures // of each VM in a row, in this life
	logins   map[string]int       // under way, by host

	declared *desired.Set
	before   *desired.Set // in force before it
	changed  time.Time    // when declared came into force
	byLabel  map[string][]*v1alpha1.VirtualMachine
	byUUID   map[string][]*v1alpha1.VirtualMachine

	dryRun bool
	life   int
	begun  time.Time // the life
	killed bool      // it was, and the next has not begun
	synced bool      // the process has said so once in this life
	healed time.Time // when the faults ended
	rested bool      // the verdict was spoken
}

// view is the pool as the database of one master has it.
type view struct {
	host   string // name_label of that master
	uuid   string // of its pool
	over   bool   // another master has begun since, and this one was silent
	vms    map[string]*seenVM
	former map[string]*seenVM // that were there before
	names  map[string]map[string]bool
	tasks  map[string]*seenTask
	hosts  map[string]*seenHost
	alive  map[string]timeline             // whether the host lives, by host_metrics
	guests map[string]*seenGuest           // by VM_guest_metrics
	since  map[string]map[string]time.Time // by what is so, by VM
	ha     bool
}

func newWitness() *witness {
	return &witness{
		views: map[string]*view{}, sessions: map[string]*seenSession{}, open: map[int64]*seenOp{}, last: map[string]*seenOp{},
		failing: map[string]*failures{}, logins: map[string]int{},
	}
}

// see takes in what happened.
func (w *witness) see(e entry) {
	switch e.Kind {
	case simulator.FactLife:
		w.seeLife(e)
	case simulator.FactAdd, simulator.FactMod, simulator.FactDel:
		w.seeWrite(e)
	case simulator.FactCall:
		w.seeCall(e)
	case simulator.FactReply:
		w.seeReply(e)
	}
	switch {
	case e.begun:
		w.life++
		w.begun, w.newest, w.killed, w.synced, w.dryRun = e.At, nil, false, false, e.dryRun
		clear(w.last)
		clear(w.open)
		clear(w.failing)
		clear(w.logins)
	case e.note == noteKilled:
		w.killed = true
	case e.note == noteHealed:
		w.healed = e.At
	case e.final != nil:
		w.rested = true
	case e.declared != nil:
		w.declare(e.declared, e.At)
	case e.sight != nil:
		w.synced = w.synced || e.sight.pool().Synced
	}
}

// seeLife begins the view of a new master. VMs keep their past: what follows tells which of them are there.
func (w *witness) seeLife(e entry) {
	v := &view{
		host: e.Host, vms: map[string]*seenVM{}, former: map[string]*seenVM{}, names: map[string]map[string]bool{},
		tasks: map[string]*seenTask{}, hosts: map[string]*seenHost{}, alive: map[string]timeline{}, guests: map[string]*seenGuest{},
		since: map[string]map[string]time.Time{},
	}
	if old := w.ours; old != nil {
		for ref, vm := range old.former {
			v.former[ref] = vm.again()
		}
		for ref, vm := range old.vms {
			v.former[ref] = vm.again()
			v.former[ref].gone = e.At
		}
		for ref, h := range old.hosts {
			v.hosts[ref] = &seenHost{name: h.name, metrics: h.metrics, enabled: slices.Clip(h.enabled)}
		}
		for ref, alive := range old.alive {
			v.alive[ref] = slices.Clip(alive)
		}
	}
	for _, other := range w.views {
		other.over = true
	}
	w.views[e.Host] = v
}

func (w *witness) declare(set *desired.Set, at time.Time) {
	w.before, w.declared, w.changed = w.declared, set, at
	w.byLabel, w.byUUID = map[string][]*v1alpha1.VirtualMachine{}, map[string][]*v1alpha1.VirtualMachine{}
	for _, vm := range set.VMs() {
		if vm.Spec.UUID != "" {
			w.byUUID[vm.Spec.UUID] = append(w.byUUID[vm.Spec.UUID], vm)
		} else {
			w.byLabel[vm.Spec.NameLabel] = append(w.byLabel[vm.Spec.NameLabel], vm)
		}
		if old, ok := w.before.VM(vm.Metadata.Name); !ok || !reflect.DeepEqual(old.Spec, vm.Spec) {
			w.startAnew(vm, at)
		}
	}
	for _, v := range w.views {
		w.judgeAll(v, at)
	}
}

// startAnew forgets what happened to the VMs that a changed declaration means.
func (w *witness) startAnew(decl *v1alpha1.VirtualMachine, at time.Time) {
	for _, v := range w.views {
		for ref, vm := range v.vms {
			if vm.name == decl.Spec.NameLabel || vm.uuid == decl.Spec.UUID {
				delete(w.failing, ref)
				delete(w.last, ref)
				vm.declared, vm.cleanFailed, vm.against = at, time.Time{}, nil
			}
		}
	}
}

// declarations are those that mean a VM.
func (w *witness) declarations(vm *seenVM) []*v1alpha1.VirtualMachine {
	byUUID, byLabel := w.byUUID[vm.uuid], w.byLabel[vm.name]
	if len(byUUID) == 0 {
		return byLabel
	}
	return slices.Concat(byUUID, byLabel)
}

// judge notes since when what is so of a VM.
func (w *witness) judge(v *view, ref string, now time.Time) {
	vm := v.vms[ref]
	if vm == nil {
		return
	}
	decls := w.declarations(vm)
	host := v.hosts[vm.host.now()]
	awake := vm.power.now() == "Running" || vm.power.now() == "Paused"
	v.so(now, "not declared", ref, len(decls) == 0)
	v.so(now, "declared twice", ref, len(decls) > 1)
	v.so(now, "a template, a snapshot or a control domain", ref, vm.apart)
	v.so(now, "of an ambiguous name", ref, len(v.names[vm.name]) > 1 && len(w.byUUID[vm.uuid]) == 0)
	v.so(now, "held by somebody else", ref, vm.held)
	v.so(now, "only observed", ref, len(decls) == 1 && decls[0].Spec.Mode == v1alpha1.Observe)
	v.so(now, "on a dead host", ref, awake && host != nil && v.alive[host.metrics].now() == "no")
}

func (w *witness) judgeAll(v *view, now time.Time) {
	for ref := range v.vms {
		w.judge(v, ref, now)
	}
}

func (v *view) so(now time.Time, what, ref string, is bool) {
	if v.since[what] == nil {
		v.since[what] = map[string]time.Time{}
	}
	switch _, was := v.since[what][ref]; {
	case is && !was:
		v.since[what][ref] = now
	case !is:
		delete(v.since[what], ref)
	}
}

// knew reports whether something about a VM was so when our process could know of it, and ever since.
func (w *witness) knew(call entry, what, vm string) bool {
	s := w.sessions[call.Session]
	if s == nil {
		return false
	}
	at, so := s.view.since[what][vm]
	return so && !at.After(s.known.Add(-tolerance)) && call.At.Sub(at) > tolerance
}

// asked is the VM that a call is about, as the database that it reaches has it; nil: it is about none.
func (w *witness) asked(call entry) (*view, *seenVM) {
	s := w.sessions[call.Session]
	if _, operation := verbs[call.Method]; !operation || s == nil {
		return nil, nil
	}
	return s.view, s.view.vms[target(call)]
}

// known is until when our process had been told of everything when it decided on a call.
func (w *witness) known(call entry) time.Time {
	s := w.sessions[call.Session]
	if s == nil {
		return time.Time{}
	}
	return s.known
}
