package reconcile

import (
	"slices"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
)

// Condition is metav1.Condition field for field, and the same JSON: importing that type would bring 80 packages for one
// struct.
type Condition struct {
	Type               ConditionType   `json:"type"`
	Status             ConditionStatus `json:"status"`
	ObservedGeneration int64           `json:"observedGeneration,omitempty"`
	LastTransitionTime time.Time       `json:"lastTransitionTime"`
	Reason             plan.Reason     `json:"reason"`
	Message            string          `json:"message"`
}

// ConditionType is what a condition says.
type ConditionType string

// The conditions. Ready and UpToDate are always there, the others only while they are true, as kstatus has it.
const (
	Ready       ConditionType = "Ready"       // the VM is as declared; unknown before the pool was listed
	UpToDate    ConditionType = "UpToDate"    // no field differs; unknown while the VM cannot be seen
	Reconciling ConditionType = "Reconciling" // it will become ready without anybody's help
	Stalled     ConditionType = "Stalled"     // it will not, until somebody changes something
	Suspended   ConditionType = "Suspended"   // reconciliation is suspended: mode Observe
	HostLost    ConditionType = "HostLost"    // the VM's host is dead
	Contested   ConditionType = "Contested"   // somebody else keeps turning a field back
)

// ConditionStatus is whether a condition holds.
type ConditionStatus string

// The words for whether a condition holds.
const (
	True    ConditionStatus = "True"
	False   ConditionStatus = "False"
	Unknown ConditionStatus = "Unknown"
)

// conditionsOf says a verdict in conditions. One that has the status it had before keeps its transition time.
func conditionsOf(v plan.Verdict, mode v1alpha1.Mode, generation int64, before []Condition, now time.Time) []Condition {
	conditions := make([]Condition, 0, 4)
	add := func(t ConditionType, s ConditionStatus, r plan.Reason, message string) {
		c := Condition{Type: t, Status: s, ObservedGeneration: generation, LastTransitionTime: now.UTC(), Reason: r, Message: message}
		if i := slices.IndexFunc(before, func(b Condition) bool { return b.Type == t && b.Status == s }); i >= 0 {
			c.LastTransitionTime = before[i].LastTransitionTime
		}
		conditions = append(conditions, c)
	}
	ready := False
	switch v.Phase { //nolint:exhaustive // all others are not ready
	case plan.InSync:
		ready = True
	case plan.Unknown:
		ready = Unknown
	}
	add(Ready, ready, v.Reason, v.Message)
	upToDate, reason, message := upToDate(v)
	add(UpToDate, upToDate, reason, message)
	switch v.Phase {
	case plan.Act, plan.Wait:
		add(Reconciling, True, v.Reason, v.Message)
	case plan.Stalled:
		add(Stalled, True, v.Reason, v.Message)
	case plan.InSync, plan.Observed, plan.Unknown:
	}
	if mode == v1alpha1.Observe {
		add(Suspended, True, plan.ReasonObserveOnly, "drift is shown and never mended: mode is Observe")
	}
	switch v.Reason { //nolint:exhaustive // the two reasons that are conditions too
	case plan.ReasonHostLost:
		add(HostLost, True, v.Reason, v.Message)
	case plan.ReasonContested:
		add(Contested, True, v.Reason, v.Message)
	}
	return conditions
}

// upToDate says whether fields differ.
func upToDate(v plan.Verdict) (ConditionStatus, plan.Reason, string) {
	switch {
	case v.VM == "" || v.Reason == plan.ReasonHostLost || v.Phase == plan.Unknown:
		return Unknown, v.Reason, v.Message
	case len(v.Drift) == 0:
		return True, plan.ReasonInSync, "no field differs"
	}
	reason := plan.ReasonPowerStateDrift
	if v.Drift[0].Field == plan.FieldPlacement {
		reason = plan.ReasonPlacementDrift
	}
	drift := make([]string, len(v.Drift))
	for i, d := range v.Drift {
		drift[i] = string(d.Field) + " is " + d.Found + ", declared " + d.Wanted
	}
	return False, reason, strings.Join(drift, "; ")
}
