package simulator

import (
	"cmp"
	"slices"
)

// evacuationPlan gives each VM that has to leave a host a place, and says which cannot have one and why. Targets are the
// hosts that may take VMs. xapi: a VM must be able to run on all of them, memory aside; then the largest are packed
// first.
func evacuationPlan(leaving []bootFacts, targets []hostBootFacts) (moves map[string]string, problems map[string]*Failure) {
	moves, problems = map[string]string{}, map[string]*Failure{}
	if len(targets) == 0 {
		for _, vm := range leaving {
			problems[vm.Ref] = fail("NO_HOSTS_AVAILABLE", vm.Ref)
		}
		return moves, problems
	}
	free := make([]int64, len(targets))
	for i, h := range targets {
		free[i] = h.Memory.free(countDynamicMin)
	}
	order := slices.Clone(leaving)
	slices.SortStableFunc(order, func(a, b bootFacts) int {
		return cmp.Compare(b.Memory.need(countDynamicMin), a.Memory.need(countDynamicMin))
	})
	for _, vm := range order {
		if err := cannotEvacuate(vm, targets); err != nil {
			problems[vm.Ref] = err
			continue
		}
		need := vm.Memory.need(countDynamicMin)
		best := slices.Index(free, slices.Max(free))
		if free[best] < need {
			problems[vm.Ref] = fail("HOST_NOT_ENOUGH_FREE_MEMORY", vm.Ref)
			continue
		}
		free[best] -= need
		moves[vm.Ref] = targets[best].Ref
	}
	return moves, problems
}

// cannotEvacuate says why a VM cannot leave its host for any of the targets.
func cannotEvacuate(vm bootFacts, targets []hostBootFacts) *Failure {
	if vm.PowerState == paused {
		return fail("VM_BAD_POWER_STATE", vm.Ref, "running", "paused")
	}
	for _, h := range targets {
		if err := checkCanBootHere(vm, h, bootChecks{noMemory: true}); err != nil {
			return err
		}
	}
	return nil
}
