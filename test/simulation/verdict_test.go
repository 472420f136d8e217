package simulation

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// verdict says what is not as it should be once the pool has come to rest: each VM is what is declared, or its status says
// why it cannot be, and the pool bears that out.
func (st *story) verdict() (problems []string) {
	if st.turns.ranAway() {
		return []string{"a loop without an end: more than " + fmt.Sprint(maxTurn) + " requests and answers"}
	}
	st.mu.Lock()
	p, set := st.process, st.set
	problems = append(problems, st.logged...)
	st.mu.Unlock()
	if p.isDead() || set == nil {
		return problems
	}
	if !p.cache.Snapshot().Synced() {
		return append(problems, "the cache is not in sync after the quiet time")
	}
	byName := map[string][]simulator.VMState{}
	for _, vm := range st.pool.State().VMs {
		byName[vm.Name] = append(byName[vm.Name], vm)
	}
	for _, declared := range set.VMs() {
		s, ok := p.controller.StatusOf(declared.Metadata.Name)
		if !ok {
			problems = append(problems, declared.Metadata.Name+" has no status")
			continue
		}
		if why := st.contradiction(s, byName[declared.Spec.NameLabel]); why != "" {
			problems = append(problems, fmt.Sprintf("convergence: %s is %s (%s, %s): %s", s.Name, s.Phase, s.Reason, s.Message, why))
		}
	}
	text, err := json.Marshal(p.controller.Status())
	if err != nil || strings.Contains(string(text), password) {
		problems = append(problems, fmt.Sprint("the status cannot be shown: ", err))
	}
	return problems
}

// contradiction is what speaks against a status; empty: nothing.
func (st *story) contradiction(s reconcile.VMStatus, found []simulator.VMState) string {
	if (s.Reason == plan.ReasonNotFound) != (len(found) == 0) {
		return fmt.Sprintf("%d VMs have the name", len(found))
	}
	if (s.Reason == plan.ReasonAmbiguousName) != (len(found) > 1) {
		return fmt.Sprintf("%d VMs have the name", len(found))
	}
	if len(found) != 1 {
		return ""
	}
	if string(s.PowerState) != found[0].PowerState {
		return "the pool says that it is " + found[0].PowerState
	}
	switch s.Phase {
	case plan.InSync:
		if s.Declared != "" && s.Declared != found[0].PowerState {
			return "it is " + found[0].PowerState + " and declared " + s.Declared
		}
	case plan.Stalled, plan.Observed:
		return ""
	case plan.Act:
		if !st.DryRun {
			return "there was time enough"
		}
	case plan.Wait:
		if s.Reason == plan.ReasonForeignOperation && len(found[0].Operations) == 0 || s.Reason == plan.ReasonWaitingForSlot {
			return "there is nothing to wait for"
		}
		if s.Reason == plan.ReasonOperationInProgress {
			return "there was time enough"
		}
	}
	return ""
}

// leftBehind is what the last life left in the pool after its end.
func (st *story) leftBehind() (problems []string) {
	s := st.pool.State()
	for _, t := range s.Tasks {
		for key := range t.OtherConfig {
			if strings.HasSuffix(strings.ToLower(key), "xencontroller-owner") {
				problems = append(problems, fmt.Sprintf("rule 4: task %s (%s) is left", t.Name, t.Status))
				break
			}
		}
	}
	return problems
}
