package plan

import (
	"slices"
	"time"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// agentPatience is how long a VM without a word from its agent is waited for before it counts as having none.
const agentPatience = 5 * time.Minute

// gate is why XAPI would refuse an action that the power state allows. since is when it was first needed, end when the
// grace period of a shutdown is over.
func (d *decider) gate(s subject, a *Action, since, end time.Time) *hold {
	op := a.Verb.Operation(len(s.decl.Spec.Placement.Hosts) > 0)
	name := s.decl.Metadata.Name
	if text, blocked := s.vm.BlockedOperations.Get(op); blocked {
		return stall(ReasonOperationBlocked, "%s of %s is blocked: %s", op, name, text)
	}
	if !a.Verb.needsGuest() || slices.Contains(s.vm.AllowedOperations, op) {
		return nil
	}
	until := since.Add(agentPatience)
	if a.Verb == CleanShutdown && !end.IsZero() {
		until = end // and then the plug is pulled
	}
	switch {
	case d.in.Now.Before(until):
		return wait(ReasonWaitingForGuestAgent, "%s of %s is possible once its guest agent has reported", op, name).until(until)
	case d.agentSpoke(s.vm):
		return stall(ReasonOperationNotAllowed, "XAPI does not allow %s of %s, though its guest agent has reported", op, name)
	}
	return stall(ReasonGuestAgentMissing, "%s of %s needs a guest agent, and none has reported: install the guest tools", op, name)
}

// agentSpoke reports whether the guest's agent or drivers are known. xapi: PV_drivers_version with major and minor, or a
// feature key, is what it looks at.
func (d *decider) agentSpoke(vm *xen.VM) bool {
	metrics, ok := store.Get[xen.VMGuestMetrics](d.in.Snapshot, string(vm.GuestMetrics))
	if !ok {
		return false
	}
	if metrics.PVDriversVersion.Has("major") && metrics.PVDriversVersion.Has("minor") {
		return true
	}
	return metrics.Other.Has("feature-shutdown") || metrics.Other.Has("feature-suspend")
}

// haStarts reports whether high availability will start the VM itself. xapi: a protected VM that is Halted while
// ha_always_run is true is started within 20 s.
func (d *decider) haStarts(s subject) bool {
	if s.vm.PowerState != xen.Halted || !s.vm.HAAlwaysRun {
		return false
	}
	_, pool, ok := d.in.Snapshot.Pool()
	return ok && pool.HAEnabled
}
