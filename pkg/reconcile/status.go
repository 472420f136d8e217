package reconcile

import (
	"cmp"
	"slices"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// VMStatus is what is known of one declared VM. It never changes; a newer one takes its place.
type VMStatus struct {
	Name               string         `json:"name"` // metadata.name
	UUID               string         `json:"uuid,omitempty"`
	VM                 xen.VMRef      `json:"-"`
	ObservedGeneration int64          `json:"observedGeneration"`
	PowerState         xen.PowerState `json:"powerState,omitempty"` // observed
	Declared           string         `json:"declared,omitempty"`   // power state; empty: not managed
	Host               string         `json:"host,omitempty"`       // name_label
	Mode               string         `json:"mode"`
	Phase              plan.Phase     `json:"phase"`
	Reason             plan.Reason    `json:"reason"`
	Message            string         `json:"message"`
	Drift              []plan.Drift   `json:"drift,omitempty"`
	Conditions         []Condition    `json:"conditions"`
	Action             *ActionStatus  `json:"action,omitempty"` // in flight
	Refused            []plan.Refusal `json:"refused,omitempty"`
	Attempts           int            `json:"attempts,omitempty"`   // failures in a row
	LastError          string         `json:"lastError,omitempty"`  // of the last failure
	NextAttempt        time.Time      `json:"nextAttempt,omitzero"` // not before
}

// ActionStatus is an operation of ours that is in flight.
type ActionStatus struct {
	Verb     plan.Verb   `json:"verb"`
	Host     string      `json:"host,omitempty"`
	Task     xen.TaskRef `json:"task,omitempty"`
	Since    time.Time   `json:"since"`
	Progress float64     `json:"progress"`
}

// Status returns what is known of every declared VM, sorted by name. While the cache is out of sync it is what was known
// before, and of a VM that was declared since then: that nothing is known yet.
func (c *Controller) Status() []VMStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]VMStatus, 0, len(c.status))
	for _, s := range c.status {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b VMStatus) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// StatusOf returns what is known of one declared VM; false where the name is not declared, and for the moment until a new
// one is looked at.
func (c *Controller) StatusOf(name string) (VMStatus, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.status[name]
	return s, ok
}

// Condition returns one of the conditions; false while it is not there, which means that it is not true.
func (s VMStatus) Condition(t ConditionType) (Condition, bool) {
	i := slices.IndexFunc(s.Conditions, func(c Condition) bool { return c.Type == t })
	if i < 0 {
		return Condition{}, false
	}
	return s.Conditions[i], true
}

// record keeps a verdict as the status of its VM; the caller holds the lock.
func (c *Controller) record(v plan.Verdict, now time.Time) {
	decl, ok := c.declared.VM(v.Name)
	if !ok {
		return
	}
	before := c.status[v.Name]
	h := c.historyOf(v.Name)
	s := VMStatus{
		Name: v.Name, UUID: v.UUID, VM: v.VM, ObservedGeneration: c.generation[v.Name], PowerState: v.PowerState, Host: v.Host,
		Mode: string(decl.Spec.Mode), Phase: v.Phase, Reason: v.Reason, Message: v.Message, Drift: v.Drift, Refused: v.Refused,
		Attempts: h.Attempts, LastError: h.LastError, NextAttempt: h.NextAttempt,
		Conditions: conditionsOf(v, decl.Spec.Mode, c.generation[v.Name], before.Conditions, now),
	}
	if p := decl.Spec.PowerState; p != nil {
		s.Declared = string(*p)
	}
	if op := c.ops[v.Name]; op != nil {
		s.Action = &ActionStatus{Verb: op.action.Verb, Host: op.action.HostName, Task: op.task, Since: op.sent, Progress: op.progress}
	}
	if before.Phase != s.Phase || before.Reason != s.Reason {
		c.cfg.Log.V(1).Info("verdict", "vm", v.Name, "phase", v.Phase, "reason", v.Reason, "message", v.Message)
	}
	c.cfg.Metrics.changeStatus(c.cfg.Name, before, s)
	c.status[v.Name] = s
}

// notListed says of a VM that was declared anew while nobody can look that nothing is known yet; what an older declaration
// knew of the same VM stays to be seen. The caller holds the lock.
func (c *Controller) notListed(decl, before *v1alpha1.VirtualMachine) {
	if c.cfg.Snapshot().Synced() {
		return // it is looked at next
	}
	v := plan.Verdict{
		Name: decl.Metadata.Name, Phase: plan.Unknown, Reason: plan.ReasonNotListed,
		Message: "the pool was not listed since " + decl.Metadata.Name + " was declared so: nothing is known yet",
	}
	if before != nil && before.Spec.UUID == decl.Spec.UUID && before.Spec.NameLabel == decl.Spec.NameLabel {
		known := c.status[v.Name]
		v.VM, v.UUID, v.PowerState, v.Host = known.VM, known.UUID, known.PowerState, known.Host
	}
	c.record(v, time.Now())
}
