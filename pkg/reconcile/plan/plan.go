package plan

import (
	"fmt"
	"strings"
)

// Plan is what is to be done about all declared VMs. Its order is part of the result: everything is sorted by name.
type Plan struct {
	// Revision is the snapshot that it was decided on.
	Revision uint64    `json:"revision"`
	Verdicts []Verdict `json:"verdicts"`
	// Actions are those of the verdicts with the phase Act: what may begin now, all of it, within the budgets.
	Actions  []Action  `json:"actions"`
	Findings []Finding `json:"findings,omitempty"`
}

// Compute decides about all declared VMs. An action for which a budget has no room is left out of Actions, and its
// verdict waits with the reason WaitingForSlot.
func Compute(in Input) Plan {
	d := &decider{in: in}
	usage := NewUsage(in.Limits)
	for _, op := range in.InFlight {
		usage.Take(op.Action)
	}
	p := Plan{Revision: in.Snapshot.Revision(), Actions: []Action{}}
	if in.Declared == nil {
		return p
	}
	for _, decl := range in.Declared.vms {
		v := d.decide(decl)
		if v.Phase == Act {
			if full := usage.Full(*v.Action); full != "" {
				v = v.Deferred(full)
			} else {
				usage.Take(*v.Action)
				p.Actions = append(p.Actions, *v.Action)
			}
		}
		p.Verdicts = append(p.Verdicts, v)
		p.Findings = append(p.Findings, d.findings(decl.Metadata.Name, decl.Spec.Placement.Hosts)...)
	}
	return p
}

// For decides about one declared VM, budgets apart; false where nothing is declared under the name. Its action is the one
// that Compute would give where no other VM has been promised memory in the same round.
func For(in Input, name string) (Verdict, bool) {
	decl, ok := in.Declared.VM(name)
	if !ok {
		return Verdict{}, false
	}
	return (&decider{in: in}).decide(decl), true
}

// Deferred is the verdict with its action put off because a budget is used up.
func (v Verdict) Deferred(full string) Verdict {
	h := wait(ReasonWaitingForSlot, "%s waits: %s", v.Action.what(), full)
	v.Action = nil
	return v.held(h)
}

// findings are what people should know about a declaration beside its verdict.
func (d *decider) findings(name string, hosts []string) []Finding {
	found, unknown := d.declaredHosts(hosts)
	if len(unknown) == 0 || len(found) == 0 { // where no host is known the verdict says so
		return nil
	}
	return []Finding{{
		Name: name, Reason: ReasonUnknownHost,
		Message: fmt.Sprintf("placement.hosts names no one host of the pool: %s", strings.Join(unknown, ", ")),
	}}
}

// InSync reports whether every declared VM is as declared.
func (p Plan) InSync() bool {
	for _, v := range p.Verdicts {
		if v.Phase != InSync {
			return false
		}
	}
	return true
}

// String is the plan for people: a line for each VM that is not in sync, then the findings.
func (p Plan) String() string {
	var b strings.Builder
	for _, v := range p.Verdicts {
		if v.Phase != InSync {
			b.WriteString(v.String() + "\n")
		}
	}
	for _, f := range p.Findings {
		fmt.Fprintf(&b, "Finding %s (%s): %s\n", f.Name, f.Reason, f.Message)
	}
	if b.Len() == 0 {
		return "In sync.\n"
	}
	return b.String()
}
