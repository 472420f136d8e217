package simulator

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"time"
)

// haRestarts is what HA knows of the VMs that it has to start.
type haRestarts struct {
	life    *life
	tried   map[string]time.Time // when a protected VM was last tried in vain
	alerted map[string]bool      // protected VMs of which everybody has been told that they do not start
	efforts map[string]int       // VMs with best effort whose host has died: how often they will still be tried

	groups [][]string        // protected VMs to start now, by ascending order of their own
	places map[string]string // where they go; nil: the plan has no room for all, so each goes wherever it can
	best   []string
}

// plan decides what to start. xapi: a protected VM that did not start is left alone for two minutes.
func (r *haRestarts) plan(t *tx) {
	r.groups, r.places, r.best = nil, nil, nil
	if time.Now().Before(t.life.noRestarts) {
		return
	}
	var vms []string
	for _, vm := range t.all("VM") {
		failed, known := r.tried[vm]
		idle := t.str("VM", vm, "power_state") == halted && len(t.dict("VM", vm, "current_operations")) == 0
		switch {
		case !idle:
		case t.protected(vm) && t.flag("VM", vm, "ha_always_run"):
			if !known || time.Since(failed) >= haRetryAfter {
				vms = append(vms, vm)
			}
		case r.efforts[vm] > 0 && t.str("VM", vm, "ha_restart_priority") == "best-effort":
			r.best = append(r.best, vm)
		}
	}
	order := func(vm string) int64 { return t.num("VM", vm, "order") }
	slices.SortStableFunc(vms, func(a, b string) int { return cmp.Compare(order(a), order(b)) })
	for i, vm := range vms {
		if i == 0 || order(vm) != order(vms[i-1]) {
			r.groups = append(r.groups, nil)
		}
		r.groups[len(r.groups)-1] = append(r.groups[len(r.groups)-1], vm)
	}
	var homeless []haHost
	for _, vm := range vms {
		homeless = append(homeless, haHost{VMs: []haVM{{vm, t.vmMemory(vm).need(countDynamicMin)}}})
	}
	r.places = haPlace(homeless, t.haHosts(func(string) bool { return false }, nullRef))
}

// carryOut starts them: those of one order together, each order after the one before; then those that are only worth an
// effort.
func (r *haRestarts) carryOut() {
	for _, vms := range r.groups {
		r.each(vms, func(vm string, err error) { r.note(vm, err) })
	}
	r.each(r.best, func(vm string, err error) {
		if r.efforts[vm]--; err == nil {
			delete(r.efforts, vm)
		}
	})
}

// each starts some VMs at once and tells how each start went, one after the other.
func (r *haRestarts) each(vms []string, ended func(vm string, err error)) {
	failures, all := make([]error, len(vms)), sync.WaitGroup{}
	for i, vm := range vms {
		all.Go(func() { failures[i] = r.life.startForHA(vm, cmp.Or(r.places[vm], nullRef)) })
	}
	all.Wait()
	for i, vm := range vms {
		if !errors.Is(failures[i], errLifeEnded) {
			ended(vm, failures[i])
		}
	}
}

// note remembers how the start of a protected VM went. xapi: the first failure is an alert, and no further one until it
// runs.
func (r *haRestarts) note(vm string, err error) {
	if err == nil {
		delete(r.tried, vm)
		delete(r.alerted, vm)
		return
	}
	r.tried[vm] = time.Now()
	_ = r.life.update(func(t *tx) error {
		if !r.alerted[vm] {
			t.alert("HA_PROTECTED_VM_RESTART_FAILED", "VM", t.str("VM", vm, "uuid"), "")
		}
		return nil
	}) // a life that ended has nobody to tell
	r.alerted[vm] = true
}

// startForHA starts a VM on a host, or wherever it can, as xapi does for HA.
func (l *life) startForHA(vm, host string) error {
	method, params := "VM.start_on", []any{vm, host, false, true}
	if host == nullRef {
		method, params = "VM.start", []any{vm, false, true}
	}
	c := &call{
		pool: l.pool, life: l, member: l.master, message: l.pool.schema.calls[method], method: method, name: "Async." + method, params: params,
	}
	if err := l.update(func(t *tx) error { c.session = t.newSession("HA"); return nil }); err != nil {
		return err
	}
	_, err := c.runSync(l.pool.behaviours[method])
	_ = l.update(func(t *tx) error { t.endSession(c.session); return nil }) // a life that ended has no sessions
	return err
}
