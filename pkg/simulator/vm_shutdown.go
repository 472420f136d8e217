package simulator

import (
	"errors"
	"time"
)

// shutdownLimit is how long a guest may take to stop once it has taken the request. xapi: VM.shutdown goes by
// VM.shutdown_delay where that is set.
const shutdownLimit = 1200 * time.Second

// vmCleanShutdown is VM.clean_shutdown: the guest is asked to stop.
func vmCleanShutdown(c *call) (any, error) {
	vm := c.str(0)
	return nil, c.operateVM(vm, "clean_shutdown", func(o *vmOperationCall) error {
		if err := o.stopCleanly(shutdownLimit); err != nil {
			return err
		}
		return o.delay("shutdown_delay")
	}, func(t *tx) { t.announce("VM_SHUTDOWN", vm, "shutdown") })
}

// vmHardShutdown is VM.hard_shutdown: the plug is pulled.
func vmHardShutdown(c *call) (any, error) {
	vm := c.str(0)
	return nil, c.operateVM(vm, "hard_shutdown", func(o *vmOperationCall) error {
		if err := o.cancelOthers(); err != nil {
			return err
		}
		if err := o.stopHard(); err != nil {
			return err
		}
		return o.delay("shutdown_delay")
	}, func(t *tx) { t.announce("VM_SHUTDOWN", vm, "shutdown forcibly") })
}

// vmShutdown is VM.shutdown: cleanly if the guest goes along, else hard. xapi: on any error, a cancelled task included,
// the plug is pulled; blocked clean_shutdown and hard_shutdown do not stop it.
func vmShutdown(c *call) (any, error) {
	vm, words := c.str(0), "shutdown"
	return nil, c.operateVM(vm, "shutdown", func(o *vmOperationCall) error {
		limit := shutdownLimit
		err := o.view(func(t *tx) error {
			if n := t.num("VM", vm, "shutdown_delay"); n > 0 {
				limit = time.Duration(n) * time.Second
			}
			if state := t.str("VM", vm, "power_state"); state != running {
				return fail("VM_BAD_POWER_STATE", vm, "running", state)
			}
			facts := t.vmFacts(vm)
			if err := facts.checkFeatures("clean_shutdown"); err != nil {
				return err
			}
			return nil
		})
		if err == nil {
			err = o.stopCleanly(limit)
		}
		if err != nil && !errors.Is(err, errLifeEnded) {
			words = "shutdown forcibly"
			o.cancellable(false)
			return o.stopHard()
		}
		return err
	}, func(t *tx) { t.announce("VM_SHUTDOWN", vm, words) })
}

// stopCleanly asks the guest to stop, waits until it has, and takes the domain away.
func (o *vmOperationCall) stopCleanly(limit time.Duration) error {
	host, err := o.forwardToHome()
	if err != nil {
		return err
	}
	return o.onHost(host, func() error {
		if err := o.guestStops(1./11, limit); err != nil {
			return err
		}
		return o.destroyDomain(32)
	})
}

// guestStops waits for the guest, at most limit. xapi: one that does not take the request within 60 s stays as it is, and
// so does one that takes it and does not stop in time.
func (o *vmOperationCall) guestStops(progress float64, limit time.Duration) error {
	o.progress(progress)
	answer := ""
	err := o.view(func(t *tx) error { answer = text(t.dict("VM", o.vm, "other_config"), keyShutdown); return nil })
	if err != nil {
		return err
	}
	wait, failure := o.takes(timingGuest), error(nil)
	switch answer {
	case "ignored":
		wait, failure = o.pool.model.Timing.ShutdownAck, fail("VM_FAILED_SHUTDOWN_ACKNOWLEDGMENT", o.vm)
	case "never":
		wait = limit + 1
	}
	if wait > limit {
		wait, failure = limit, fail("VM_SHUTDOWN_TIMEOUT", o.vm, ocamlFloat(limit.Seconds()))
	}
	if err := o.sleep(wait); err != nil {
		return err
	}
	return failure
}

// stopHard pulls the plug; of a Suspended VM it throws the image away; of a Halted one nothing is left to do.
func (o *vmOperationCall) stopHard() error {
	state, image := "", nullRef
	err := o.view(func(t *tx) error {
		state, image = t.str("VM", o.vm, "power_state"), t.str("VM", o.vm, "suspend_VDI")
		return nil
	})
	switch {
	case err != nil:
		return err
	case state == halted:
		return nil
	case state == suspended:
		return o.update(func(t *tx) error {
			o.cancellableIn(t, false)
			t.set("VM", o.vm, "suspend_VDI", nullRef)
			t.destroyDisk(image, o.task)
			t.resetToHalted(o.vm)
			t.domainDown(o.vm)
			t.refreshDevices(o.vm)
			return nil
		})
	}
	host, err := o.forwardToHome()
	if err != nil {
		return err
	}
	return o.onHost(host, func() error { return o.destroyDomain(11) })
}

// destroyDomain takes the domain away and writes that the VM is Halted.
func (o *vmOperationCall) destroyDomain(cancelPoints int) error {
	if err := o.sleep(o.takes(timingDestroy)); err != nil {
		return err
	}
	return o.update(func(t *tx) error {
		o.commit(t, cancelPoints)
		t.resetToHalted(o.vm)
		t.domainDown(o.vm)
		t.refreshDevices(o.vm)
		return nil
	})
}
