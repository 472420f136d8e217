package simulator

import "time"

// How long the shutdown scripts of a host wait for its VMs.
const (
	departureCleanly  = time.Minute       // for a clean shutdown, before the plug is pulled
	departureEvacuate = 240 * time.Second // for the evacuation, at the least
	departureRate     = 1000 * mib / 8    // bytes of memory that leave in a second: a link of 1 Gbit/s
)

// departure is what the shutdown scripts of a host do with its VMs, as a client of xapi on that host: with a session, and
// with calls that have tasks.
type departure struct {
	*call
	host string
	run  *extent // of the member: the scripts end with it
}

// vacate takes the VMs off a machine that stops. It says false when the machine has gone meanwhile. xapi: VMs that cannot
// be moved are shut down; the host is evacuated in the time that its memory should need; what is left is shut down as
// well. VMs that look after themselves, by auto_poweroff in their other_config, are left alone.
func (m *member) vacate(run *extent) bool {
	p := m.pool
	d := &departure{call: &call{pool: p, member: m, life: p.lockedLifeOf(m)}, host: m.host, run: run}
	var stuck []string
	err := d.update(func(t *tx) error {
		d.session = t.newSession("shutdown of " + m.name)
		_, problems := t.evacuationPlan(d.host)
		for _, vm := range sortedKeys(problems) {
			if !t.leavesItself(vm) {
				stuck = append(stuck, vm)
			}
		}
		return nil
	})
	if err != nil {
		return !run.over() // a pool without a master: the machine stops all the same
	}
	d.shutDown(stuck)
	d.evacuate()
	d.shutDown(d.left())
	_ = d.update(func(t *tx) error { t.endSession(d.session); return nil }) // a life that ended has no sessions
	return !run.over()
}

// leavesItself reports whether a VM is left alone when its host stops.
func (t *tx) leavesItself(vm string) bool {
	_, own := t.dict("VM", vm, "other_config").Get("auto_poweroff")
	return own
}

// left are the VMs that still run here and are not left alone.
func (d *departure) left() (vms []string) {
	_ = d.view(func(t *tx) error { // none once the life has ended
		for _, vm := range t.guestsOn(d.host) {
			if t.str("VM", vm, "power_state") == running && !t.leavesItself(vm) {
				vms = append(vms, vm)
			}
		}
		return nil
	})
	return vms
}

// shutDown stops VMs: cleanly those that can be, and hard what is still there after that.
func (d *departure) shutDown(vms []string) {
	var asked, there []string
	_ = d.view(func(t *tx) error { // nobody is asked once the life has ended
		for _, vm := range vms {
			if hasMember(t.members("VM", vm, "allowed_operations"), "clean_shutdown") {
				asked = append(asked, vm)
			}
		}
		return nil
	})
	if !d.inTime("VM.clean_shutdown", asked, departureCleanly) {
		d.giveUp(asked)
	}
	_ = d.view(func(t *tx) error {
		for _, vm := range vms {
			if state := t.str("VM", vm, "power_state"); state == running || state == paused {
				there = append(there, vm)
			}
		}
		return nil
	})
	d.inTime("VM.hard_shutdown", there, 0)
}

// evacuate moves the other VMs away.
func (d *departure) evacuate() {
	limit := departureEvacuate
	err := d.view(func(t *tx) error {
		metrics := t.str("host", d.host, "metrics")
		used := t.num("host_metrics", metrics, "memory_total") - t.num("host_metrics", metrics, "memory_free")
		limit = max(limit, time.Duration(used/departureRate)*time.Second)
		return nil
	})
	if err != nil || d.inTime("host.evacuate", []string{d.host}, limit, nullRef, int64(0)) {
		return
	}
	d.giveUp(d.left())
}

// inTime makes a call for each of some objects, all at once, and waits until they have ended, well or not. It says false
// when they take longer than limit, where that is above 0.
func (d *departure) inTime(method string, refs []string, limit time.Duration, params ...any) bool {
	ended := make(chan error, len(refs))
	for _, ref := range refs {
		d.pool.work.Go(func() { ended <- d.subCall(method, func(*tx) {}, append([]any{ref}, params...)...) })
	}
	var late <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		late = timer.C
	}
	for range refs {
		select {
		case <-ended: //nolint:errcheck // what failed is looked at again
		case <-late:
			return false
		case <-d.run.done():
			return true
		case <-d.life.done():
			return true
		}
	}
	return true
}

// giveUp cancels what is done with VMs.
func (d *departure) giveUp(vms []string) {
	_ = d.update(func(t *tx) error { // a life that ended has no tasks
		for _, vm := range vms {
			for _, o := range t.currentOperations("VM", vm) {
				t.askToEnd(o.Task)
			}
		}
		return nil
	})
}
