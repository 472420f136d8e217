package simulator

import "time"

// renewGuestMetrics makes the record of a new domain's guest. With an agent that reports at once the data stands in it
// from the start; otherwise it is empty, and the data comes later or never.
func (t *tx) renewGuestMetrics(vm string) {
	v := values{"live": true, "last_updated": t.now()}
	if t.life.pool.model.Timing.GuestAgent == (Span{}) && t.hasAgent(vm) && t.str("VM", vm, "power_state") == running {
		for _, f := range t.agentData(vm) {
			v[f.field] = f.value
		}
		v["PV_drivers_detected"], v["PV_drivers_up_to_date"] = true, true
	}
	t.set("VM", vm, "guest_metrics", t.create("VM_guest_metrics", v))
}

// dropGuestMetrics forgets what the guest of the last domain reported. xapi: only at the next start.
func (t *tx) dropGuestMetrics(vm string) {
	old := t.str("VM", vm, "guest_metrics")
	t.set("VM", vm, "guest_metrics", nullRef)
	t.destroy("VM_guest_metrics", old)
}

// hasAgent reports whether the guest has tools; any client may take them away in other_config.
func (t *tx) hasAgent(vm string) bool {
	return text(t.dict("VM", vm, "other_config"), keyAgent) != "none"
}

// agentData is what the agent of this VM reports.
func (t *tx) agentData(vm string) []fieldValue { return agentData(guestIP(t.str("VM", vm, "uuid"))) }

// agentReports writes what an agent reports, if it has not. xapi: allowed_operations follow the features.
func (t *tx) agentReports(vm string) {
	guest := t.str("VM", vm, "guest_metrics")
	if !t.hasAgent(vm) || t.flag("VM_guest_metrics", guest, "PV_drivers_detected") {
		return
	}
	t.set("VM_guest_metrics", guest, "PV_drivers_detected", true)
	t.set("VM_guest_metrics", guest, "PV_drivers_up_to_date", true)
	for _, f := range t.agentData(vm) {
		t.set("VM_guest_metrics", guest, f.field, f.value)
	}
	t.refreshVM(vm)
	t.set("VM_guest_metrics", guest, "last_updated", t.now())
	t.refreshDevices(vm)
}

// awaitAgent lets the agent of a VM that has begun to run report when its time has come: at once, or later in the
// background unless the domain is gone or paused by then.
func (t *tx) awaitAgent(vm string) {
	l, domid := t.life, t.num("VM", vm, "domid")
	delay := l.pool.model.Timing.GuestAgent.draw(l.pool.rng)
	if delay == 0 {
		t.agentReports(vm)
		return
	}
	l.pool.work.Go(func() {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-l.done():
			return
		}
		_ = l.update(func(t *tx) error {
			if t.num("VM", vm, "domid") == domid && t.str("VM", vm, "power_state") == running {
				t.agentReports(vm)
			}
			return nil
		}) // nobody hears of it after the end of the life
	})
}
