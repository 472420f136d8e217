package simulator

import (
	"cmp"
	"slices"
)

// haHost is what the plan for the death of hosts looks at in one that may take VMs.
type haHost struct {
	Ref  string
	Free int64  // bytes that further VMs may take
	VMs  []haVM // protected ones on it
}

// haVM is a protected VM.
type haVM struct {
	Ref  string
	Need int64 // bytes
}

// haMaxFailures is how many hosts may die at once, whichever they are, with room for every protected VM on the others.
func haMaxFailures(hosts []haHost) int {
	n := 0
	for n+1 < len(hosts) && haPlan(hosts, n+1) != nil {
		n++
	}
	return n
}

// haPlan says where the protected VMs go when the n hosts die whose loss hurts most, by the memory that they hold and
// offer; nil: there is no room. Large VMs are placed first, each where most is free.
func haPlan(hosts []haHost, n int) map[string]string {
	if n >= len(hosts) && n > 0 {
		return nil
	}
	order := slices.Clone(hosts)
	slices.SortStableFunc(order, func(a, b haHost) int { return cmp.Compare(b.weight(), a.weight()) })
	return haPlace(order[:n], order[n:])
}

func (h haHost) weight() int64 {
	sum := h.Free
	for _, vm := range h.VMs {
		sum += vm.Need
	}
	return sum
}

// haPlace finds room on some hosts for the protected VMs of others; nil: there is none.
func haPlace(dead, alive []haHost) map[string]string {
	var vms []haVM
	for _, h := range dead {
		vms = append(vms, h.VMs...)
	}
	slices.SortStableFunc(vms, func(a, b haVM) int { return cmp.Compare(b.Need, a.Need) })
	free := make([]int64, len(alive))
	for i, h := range alive {
		free[i] = h.Free
	}
	plan := map[string]string{}
	for _, vm := range vms {
		if len(free) == 0 {
			return nil
		}
		best := slices.Index(free, slices.Max(free))
		if free[best] < vm.Need {
			return nil
		}
		free[best] -= vm.Need
		plan[vm.Ref] = alive[best].Ref
	}
	return plan
}

// haHosts collects the facts of a plan. protects says which VMs count; without is a host that is not to take any.
func (t *tx) haHosts(protects func(vm string) bool, without string) []haHost {
	var hosts []haHost
	for _, h := range t.allHostBootFacts() {
		if !h.Live || !h.Enabled {
			continue
		}
		f := haHost{Ref: h.Ref, Free: h.Memory.free(countDynamicMin)}
		if h.Ref == without {
			f.Free = 0
		}
		for _, vm := range t.guestsOn(h.Ref) {
			if protects(vm) {
				f.VMs = append(f.VMs, haVM{vm, t.vmMemory(vm).need(countDynamicMin)})
			}
		}
		hosts = append(hosts, f)
	}
	return hosts
}

// protected reports whether HA is to restart a VM.
func (t *tx) protected(vm string) bool { return t.str("VM", vm, "ha_restart_priority") == "restart" }

// replan writes how many deaths the pool can bear, and whether that is enough.
func (t *tx) replan() {
	pool := t.the("pool")
	if !t.flag("pool", pool, "ha_enabled") {
		return
	}
	most := int64(haMaxFailures(t.haHosts(t.protected, nullRef)))
	t.set("pool", pool, "ha_plan_exists_for", most)
	t.set("pool", pool, "ha_overcommitted", most < t.num("pool", pool, "ha_host_failures_to_tolerate"))
}

// breaksPlan refuses what would leave too little room for the deaths that the pool is to bear. A plan that is broken
// already is no reason.
func (t *tx) breaksPlan(change func([]haHost) []haHost) error {
	pool := t.the("pool")
	if !t.flag("pool", pool, "ha_enabled") || t.flag("pool", pool, "ha_allow_overcommit") {
		return nil
	}
	n := int(t.num("pool", pool, "ha_host_failures_to_tolerate"))
	now := t.haHosts(t.protected, nullRef)
	if haPlan(now, n) != nil && haPlan(change(now), n) == nil {
		return fail("HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN")
	}
	return nil
}

// startKeepsPlan refuses to start a protected VM that there would be no room for after a death.
func (t *tx) startKeepsPlan(vm, operation string) error {
	if !slices.Contains([]string{"start", "start_on", "resume", "resume_on"}, operation) || !t.protected(vm) {
		return nil
	}
	need := t.vmMemory(vm).need(countDynamicMin)
	return t.breaksPlan(func(hosts []haHost) []haHost {
		if len(hosts) == 0 {
			return hosts
		}
		hosts = slices.Clone(hosts)
		roomiest := slices.IndexFunc(hosts, func(h haHost) bool {
			return h.Free == slices.MaxFunc(hosts, func(a, b haHost) int { return cmp.Compare(a.Free, b.Free) }).Free
		})
		h := &hosts[roomiest]
		h.Free -= need
		h.VMs = append(slices.Clone(h.VMs), haVM{vm, need})
		return hosts
	})
}

// wish writes VM.ha_always_run as an operation begins or has succeeded: a protected VM is to run once somebody has resumed
// it (a start says so on its way), and no longer from the moment that somebody stops it, even if that fails.
func (t *tx) wish(vm, operation string, ended bool) {
	switch operation {
	case "clean_shutdown", "hard_shutdown", "shutdown", "suspend":
		if !ended {
			t.set("VM", vm, "ha_always_run", false)
		}
	case "resume", "resume_on":
		if ended && t.protected(vm) {
			t.set("VM", vm, "ha_always_run", true)
		}
	}
}
