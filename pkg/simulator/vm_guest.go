package simulator

import (
	"fmt"
	"strings"
	"time"
)

// How the domain manager treats guests that do not stay up. xapi: a guest that crashes within two minutes of its start is
// not started again; one that restarts itself so soon is made to wait.
const (
	guestUptimeMin   = 120 * time.Second
	guestRebootDelay = 15 * time.Second
)

// PowerOffInGuest is a guest that switches itself off. xapi: no task, no operation and no message; VM.actions_after_shutdown
// decides what follows, mostly that the VM is Halted. The VM must be Running.
func (p *Pool) PowerOffInGuest(name string) error { return p.inGuest(name, "actions_after_shutdown") }

// RebootInGuest is a guest that restarts itself, as VM.actions_after_reboot says: mostly in a new domain, the power state
// being Running all the while. The VM must be Running.
func (p *Pool) RebootInGuest(name string) error { return p.inGuest(name, "actions_after_reboot") }

// CrashGuest is a guest that crashes, as VM.actions_after_crash says: restarted, Halted, or left Paused for a look. The VM
// must be Running.
func (p *Pool) CrashGuest(name string) error { return p.inGuest(name, "actions_after_crash") }

// inGuest lets the domain of a VM end by itself; the field says what becomes of the VM.
func (p *Pool) inGuest(name, field string) error {
	vm, err := p.vmRef(name)
	if err != nil {
		return err
	}
	return p.update(func(t *tx) error {
		if state := t.str("VM", vm, "power_state"); state != running {
			return fmt.Errorf("VM %s is %s: only a Running guest does anything by itself", name, state)
		}
		crashed := field == "actions_after_crash"
		started := t.at("VM_metrics", t.str("VM", vm, "metrics"), "start_time")
		young := t.life.clock().Sub(started) < guestUptimeMin
		action := t.str("VM", vm, field)
		switch {
		case action == "preserve":
			t.set("VM", vm, "power_state", paused)
			t.refreshVM(vm)
			t.refreshDevices(vm)
		case !strings.HasSuffix(action, "restart") && action != "soft_reboot", crashed && young:
			t.guestStopped(vm)
		case young:
			t.restartGuest(vm, guestRebootDelay)
		default:
			t.restartGuest(vm, 0)
		}
		return nil
	})
}

// guestStopped writes that a VM has stopped from inside. xapi: HA starts a protected one again, unless the pool says that
// such a stop is meant.
func (t *tx) guestStopped(vm string) {
	pool := t.the("pool")
	if t.flag("pool", pool, "ha_enabled") && !t.flag("pool", pool, "ha_reboot_vm_on_internal_shutdown") {
		t.set("VM", vm, "ha_always_run", false)
	}
	t.resetToHalted(vm)
	t.domainDown(vm)
	t.refreshDevices(vm)
}

// restartGuest replaces the domain of a VM that restarts by itself, after some time. Whatever else has happened to the VM
// by then stands.
func (t *tx) restartGuest(vm string, after time.Duration) {
	l, domid := t.life, t.num("VM", vm, "domid")
	build := l.pool.model.Timing.Start.draw(l.pool.rng)
	still := func(t *tx) bool {
		return t.str("VM", vm, "power_state") == running && t.num("VM", vm, "domid") == domid
	}
	down := func(t *tx) {
		t.domainDown(vm)
		t.refreshDevices(vm)
	}
	if after+build == 0 {
		down(t)
		t.domainReplaced(vm)
		return
	}
	l.pool.work.Go(func() {
		for _, step := range []struct {
			wait time.Duration
			do   func(*tx)
		}{{after, down}, {build, func(t *tx) { t.domainReplaced(vm) }}} {
			if !l.waits(step.wait) {
				return
			}
			_ = l.update(func(t *tx) error {
				if still(t) {
					step.do(t)
				}
				return nil
			}) // at the end of the life the next wait returns
		}
	})
}

// waits lets some time of a life pass. It says false when the life has ended before.
func (l *life) waits(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.done():
		return false
	}
}
