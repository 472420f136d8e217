package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// decider decides about VMs of one Input. What it has promised in this round counts as used.
type decider struct {
	in       Input
	used     map[xen.HostRef]int64 // bytes, by the VMs of each host; read when first needed, and read-only
	promised map[xen.HostRef]int64 // bytes, beside those
}

// subject is one declared VM that was found in the pool, on its way through the rules.
type subject struct {
	decl    *v1alpha1.VirtualMachine
	ref     xen.VMRef
	vm      *xen.VM
	history History
	hosts   []xen.HostRef // declared ones that exist
	unknown []string      // declared ones that do not
}

// decide is the verdict on one declared VM. The rules stand in the order in which they count.
func (d *decider) decide(decl *v1alpha1.VirtualMachine) Verdict {
	v := Verdict{Name: decl.Metadata.Name}
	ref, vm, h := d.find(decl)
	if h != nil {
		return v.held(h)
	}
	s := subject{decl: decl, ref: ref, vm: vm, history: d.in.History[v.Name]}
	s.hosts, s.unknown = d.declaredHosts(decl.Spec.Placement.Hosts)
	v.VM, v.UUID, v.PowerState, v.Host = ref, vm.UUID, vm.PowerState, d.hostName(vm.ResidentOn)
	v.Drift = d.drift(s)
	if host, lost := d.lost(vm); lost {
		return v.held(stall(ReasonHostLost, "%s is on %s, which the pool holds for dead; its state is not known. Bring the "+
			"host back, or make sure that it is off and reset the VM's power state", v.Name, host))
	}
	if op, ok := d.in.InFlight[v.Name]; ok {
		return v.held(inProgress(op))
	}
	if len(v.Drift) == 0 {
		if len(s.unknown) > 0 && len(s.hosts) == 0 && live(vm) && !d.leaving(s) {
			return v.held(unknownHosts(s))
		}
		v.Phase, v.Reason, v.Message = InSync, ReasonInSync, d.inSync(s)
		return v
	}
	return d.mend(v, s)
}

// inProgress is why nothing is begun while an operation of ours is in flight.
func inProgress(op Operation) *hold {
	h := wait(ReasonOperationInProgress, "%s, sent at %s: %s", op.Action.what(), op.Sent.UTC().Format(time.RFC3339), op.Action.Because)
	if !op.Cancelled.IsZero() {
		h.message += fmt.Sprintf("; it took too long, was cancelled at %s, and has not ended yet", op.Cancelled.UTC().Format(time.RFC3339))
	}
	return h
}

// mend is the verdict on a VM that is not as declared.
func (d *decider) mend(v Verdict, s subject) Verdict {
	action, h := d.next(v, s)
	if s.decl.Spec.Mode == v1alpha1.Observe {
		v.Phase, v.Reason, v.Would = Observed, ReasonObserveOnly, action
		if action != nil {
			v.Message = action.Because
		} else {
			v.Message = h.message
		}
		return v
	}
	if h != nil {
		return v.held(h)
	}
	v.Phase, v.Reason, v.Message, v.Action = Act, action.Reason, action.Because, action
	return v
}

// next is the action that brings a VM closer to what is declared, or the reason not to take it.
func (d *decider) next(v Verdict, s subject) (*Action, *hold) {
	drift := v.Drift[0]
	if slices.Contains(s.history.Contested, drift.Field) {
		return nil, stall(ReasonContested, "somebody else, or the guest itself, keeps turning %s of %s back to %s; it is left alone until its "+
			"declaration changes", drift.Field, v.Name, drift.Found)
	}
	if d.busy(s.vm) {
		return nil, wait(ReasonForeignOperation, "%s of somebody else is in progress on %s", operations(s.vm), v.Name)
	}
	if d.haStarts(s) {
		return nil, wait(ReasonWaitingForHA, "high availability is about to start %s", v.Name)
	}
	if s.history.NextAttempt.After(d.in.Now) {
		return nil, wait(ReasonBackingOff, "attempt %d failed: %s; next attempt at %s", s.history.Attempts,
			s.history.LastError, s.history.NextAttempt.UTC().Format(time.RFC3339)).until(s.history.NextAttempt)
	}
	if drift.Field == FieldPlacement {
		return d.migrate(s, drift)
	}
	return d.power(s, drift)
}

// busy reports whether current_operations holds anything but tasks of ours that are displaced.
func (d *decider) busy(vm *xen.VM) bool {
	for task := range vm.CurrentOperations.All() {
		if !d.in.Displaced[xen.TaskRef(task)] {
			return true
		}
	}
	return false
}

// drift lists the fields that differ, in the order in which they are mended.
func (d *decider) drift(s subject) []Drift {
	var drift []Drift
	if p := s.decl.Spec.PowerState; p != nil && xen.PowerState(*p) != s.vm.PowerState {
		drift = append(drift, Drift{Field: FieldPowerState, Wanted: string(*p), Found: string(s.vm.PowerState)})
	}
	if len(s.hosts) > 0 && live(s.vm) && !s.vm.ResidentOn.IsNull() && !d.leaving(s) && !slices.Contains(s.hosts, s.vm.ResidentOn) {
		drift = append(drift, Drift{Field: FieldPlacement, Wanted: d.names(s.hosts), Found: d.hostName(s.vm.ResidentOn)})
	}
	return drift
}

// leaving reports whether the VM is to leave its host's memory, so that its place does not matter any more.
func (d *decider) leaving(s subject) bool {
	p := s.decl.Spec.PowerState
	return p != nil && (*p == v1alpha1.Halted || *p == v1alpha1.Suspended)
}

// live reports whether the VM occupies a host.
func live(vm *xen.VM) bool { return vm.PowerState == xen.Running || vm.PowerState == xen.Paused }

// power is the next step towards the declared power state.
func (d *decider) power(s subject, drift Drift) (*Action, *hold) {
	name, since := s.decl.Metadata.Name, s.history.Since
	if since.IsZero() || since.After(d.in.Now) {
		since = d.in.Now
	}
	end := graceEnd(s.decl.Spec.Shutdown, since)
	over := !end.IsZero() && (s.history.CleanFailed || !d.in.Now.Before(end))
	st, ok := nextStep(s.vm.PowerState, xen.PowerState(drift.Wanted), s.decl.Spec.Shutdown.Mode, over)
	if !ok {
		return nil, stall(ReasonNoLegalWay, "%s is %s and declared %s: XAPI has no operation that leads there", name, drift.Found, drift.Wanted)
	}
	a := d.action(s, drift, st)
	if h := d.gate(s, a, since, end); h != nil {
		return nil, h
	}
	if st.verb.Starts() && len(s.decl.Spec.Placement.Hosts) > 0 {
		if h := d.place(s, a); h != nil {
			return nil, h
		}
	}
	if st.verb == CleanShutdown && !end.IsZero() {
		a.Deadline = end
	}
	return a, nil
}

// action makes the action of a step.
func (d *decider) action(s subject, drift Drift, st step) *Action {
	name := s.decl.Metadata.Name
	a := &Action{
		Verb: st.verb, Key: name, VM: s.ref, VMUUID: s.vm.UUID, Paused: st.paused, Reason: ReasonPowerStateDrift,
		Because:  fmt.Sprintf("%s is %s, declared %s", name, drift.Found, drift.Wanted),
		Deadline: Deadline(d.in.Now, st.verb, s.vm.MemoryStaticMax),
		Seen:     d.in.Snapshot.Revision(), Then: st.then, Field: drift.Field, Wanted: drift.Wanted, Found: drift.Found,
	}
	for _, verb := range st.then {
		a.Because += fmt.Sprintf("; %s follows", verb)
	}
	if st.hard {
		a.Reason = ReasonGraceOver
		a.Because += fmt.Sprintf("; the grace period of %s is over", s.decl.Spec.Shutdown.GracePeriod)
		if s.history.CleanFailed {
			a.Because = fmt.Sprintf("%s is %s, declared %s; a clean shutdown failed: %s", name, drift.Found, drift.Wanted, s.history.LastError)
		}
	}
	return a
}

// inSync is what a VM in sync is, in words.
func (d *decider) inSync(s subject) string {
	text := fmt.Sprintf("%s is %s", s.decl.Metadata.Name, s.vm.PowerState)
	if live(s.vm) && !s.vm.ResidentOn.IsNull() {
		text += " on " + d.hostName(s.vm.ResidentOn)
	}
	return text + ", as declared"
}
