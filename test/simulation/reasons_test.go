package simulation

import (
	"fmt"
	"slices"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
)

// unprovenClaim is something that a status says at the end and the pool does not bear out.
type unprovenClaim struct{ who, text string }

// unproven holds what is said of each VM when the pool has come to rest against the pool: it is what is declared, or the
// reason why it cannot be is the right one.
func (w *witness) unproven(e entry) (list []unprovenClaim) {
	f := e.final
	say := func(who, format string, args ...any) {
		list = append(list, unprovenClaim{who, fmt.Sprintf(format, args...)})
	}
	if !f.synced {
		say("the pool", "it is not in sync after the quiet time")
		return list
	}
	status := map[string]reconcile.VMStatus{}
	for _, s := range f.status {
		status[s.Name] = s
	}
	for _, decl := range f.set.VMs() {
		name := decl.Metadata.Name
		s, ok := status[name]
		if !ok {
			say(name, "it has no status")
			continue
		}
		p := &proof{witness: w, final: f, at: e.At, decl: decl, s: s}
		if why := p.refuted(); why != "" {
			say(name, "%s (%s, %s): %s", s.Phase, s.Reason, s.Message, why)
		}
	}
	return list
}

// proof is what a status says at the end, and everything that can speak for it or against it.
type proof struct {
	*witness
	*final
	at   time.Time
	decl *v1alpha1.VirtualMachine
	s    reconcile.VMStatus
	vm   *seenVM
	ref  string
}

// refuted is what speaks against a status; empty: nothing.
func (p *proof) refuted() string {
	v := p.ours
	var found []string
	for ref := range v.vms {
		if vm := v.vms[ref]; !vm.apart && (p.decl.Spec.UUID != "" && vm.uuid == p.decl.Spec.UUID || p.decl.Spec.UUID == "" && vm.name == p.decl.Spec.NameLabel) {
			found = append(found, ref)
		}
	}
	reason := p.s.Reason
	if (reason == plan.ReasonNotFound) != (len(found) == 0) || (reason == plan.ReasonAmbiguousName) != (len(found) > 1) {
		return fmt.Sprintf("%d VMs are meant", len(found))
	}
	if len(found) != 1 {
		return ""
	}
	p.ref, p.vm = found[0], v.vms[found[0]]
	if twice := len(p.declarations(p.vm)) > 1; twice || reason == plan.ReasonDeclaredTwice {
		if twice != (reason == plan.ReasonDeclaredTwice) {
			return fmt.Sprintf("declared more than once: %v", twice)
		}
		return ""
	}
	if string(p.s.PowerState) != p.vm.power.now() {
		return "the pool says that it is " + p.vm.power.now()
	}
	why := drift(v, p.vm, p.decl)
	if lost := v.since["on a dead host"][p.ref]; !lost.IsZero() || reason == plan.ReasonHostLost {
		if lost.IsZero() != (reason != plan.ReasonHostLost) {
			return fmt.Sprintf("it is on a dead host: %v", !lost.IsZero())
		}
		return ""
	}
	switch p.s.Phase {
	case plan.InSync:
		return why
	case plan.Observed:
		return p.refutedObserved(why)
	case plan.Act:
		if !p.dryRun {
			return "there was time enough"
		}
		return must(why != "", "it is as declared")
	case plan.Stalled:
		return p.refutedStalled(why)
	case plan.Wait:
		return p.refutedWait()
	case plan.Unknown:
	}
	return "the pool is known"
}

// must is why where something does not hold.
func must(holds bool, why string) string {
	if holds {
		return ""
	}
	return why
}

func (p *proof) refutedObserved(drift string) string {
	if p.decl.Spec.Mode != v1alpha1.Observe {
		return "mode is Enforce"
	}
	return must(drift != "" && len(p.s.Drift) > 0, "it is as declared")
}

// refutedStalled holds a reason why nothing will happen against the pool.
func (p *proof) refutedStalled(drift string) string {
	if drift == "" && p.s.Reason != plan.ReasonUnknownHost {
		return "it is as declared"
	}
	hosts := p.ours.hostsNamed(p.decl.Spec.Placement.Hosts)
	switch p.s.Reason { //nolint:exhaustive // the rest is not known here
	case plan.ReasonUnknownHost:
		return must(len(hosts) == 0, "there are such hosts")
	case plan.ReasonNoSuitableHost:
		return p.suitable()
	case plan.ReasonGuestAgentMissing:
		g := p.ours.guests[p.vm.guest]
		return must(g == nil || !g.drivers, "its agent has reported")
	case plan.ReasonOperationNotAllowed:
		return must(!slices.Contains(p.vm.allowed, p.operation()), "it is allowed")
	case plan.ReasonOperationBlocked:
		return must(len(p.vm.blocked) > 0, "nothing is blocked")
	case plan.ReasonContested:
		return must(len(p.vm.against) >= 3, fmt.Sprintf("somebody else has changed it %d times", len(p.vm.against)))
	case plan.ReasonNoLegalWay:
		return must(p.vm.power.now() == "Paused" && p.s.Drift[0].Field == plan.FieldPlacement, "there is a way")
	}
	return "that reason cannot be"
}

// operation is what a running VM needs that its guest has to help with.
func (p *proof) operation() string {
	switch {
	case p.s.Drift[0].Field == plan.FieldPlacement:
		return "pool_migrate"
	case p.decl.Spec.PowerState != nil && *p.decl.Spec.PowerState == v1alpha1.Suspended:
		return "suspend"
	}
	return "clean_shutdown"
}

// suitable names a declared host on which the VM could be.
func (p *proof) suitable() string {
	for _, h := range p.state.Hosts {
		declared := slices.Contains(p.decl.Spec.Placement.Hosts, h.Name)
		if declared && h.Live && h.Enabled && h.Answers == "up" && h.FreeBytes >= p.vm.need {
			return h.Name + " is live, enabled and has room"
		}
	}
	return ""
}

// refutedWait holds a reason to wait against the pool.
func (p *proof) refutedWait() string {
	last := p.last[p.ref]
	switch p.s.Reason { //nolint:exhaustive // the rest is not known here
	case plan.ReasonForeignOperation:
		return must(p.vm.held, "nobody else is at it")
	case plan.ReasonBeingMade:
		return must(p.vm.held, "nobody makes it")
	case plan.ReasonWaitingForHA:
		return must(p.vm.protected && p.ours.ha, "high availability does not care for it")
	case plan.ReasonWaitingForGuestAgent:
		return must(p.at.Sub(p.vm.power.since()) < 6*time.Minute || p.at.Sub(p.changed) < 6*time.Minute, "there was time enough for its agent")
	case plan.ReasonBackingOff:
		return must(p.failing[p.ref] != nil && last != nil, "nothing of ours has failed")
	case plan.ReasonOperationInProgress:
		running := last != nil && (last.task == nil || !last.task.ended)
		patient := p.failing[p.ref] != nil || p.decl.Spec.Shutdown.Mode == v1alpha1.Clean
		return must(running && patient, "there was time enough")
	case plan.ReasonWaitingForSlot:
		l, limits := p.load(p.ours, p.at), plan.Limits{}.WithDefaults()
		return must(l.starts >= limits.Starts || l.moves > 0, "there are slots")
	}
	return "that reason cannot be"
}
