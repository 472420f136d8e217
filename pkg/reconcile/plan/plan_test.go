package plan_test

import (
	"testing"

	"github.com/xencontroller/xencontroller/internal/golden"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
)

// TestStories plays the archives: a pool, what is declared, and the plan for it.
func TestStories(t *testing.T) {
	golden.Walk(t, "testdata/*.txtar", func(t *testing.T, ar *golden.Archive) {
		w := newWorld(t, string(ar.Section("pool")))
		set := declaredFrom(t, string(ar.Section("declared.yaml")))
		p := plan.Compute(w.input(set))
		ar.Want(t, "plan", p.String())
		for _, v := range p.Verdicts { // one VM alone is judged by the same rules
			one, ok := plan.For(w.input(set), v.Name)
			if !ok || (one.Phase != v.Phase && v.Reason != plan.ReasonWaitingForSlot && v.Reason != plan.ReasonNoSuitableHost) {
				t.Errorf("%s alone: %s, in the whole plan: %s", v.Name, one, v)
			}
		}
	})
}
