package simulator

import (
	"cmp"
	"slices"
)

// applianceBehaviours are the calls of class VM_appliance, and VM.set_appliance.
func applianceBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"VM_appliance.create": applianceCreate,
		"VM_appliance.start": func(c *call) (any, error) {
			state := running
			if c.flag(1) {
				state = paused
			}
			return nil, c.operateAppliance("start", applianceWork{"VM.start", []any{c.flag(1), false}, state, false})
		},
		"VM_appliance.clean_shutdown": func(c *call) (any, error) {
			return nil, c.operateAppliance("clean_shutdown", applianceWork{"VM.clean_shutdown", nil, halted, true})
		},
		"VM_appliance.hard_shutdown": func(c *call) (any, error) {
			return nil, c.operateAppliance("hard_shutdown", applianceWork{"VM.hard_shutdown", nil, halted, true})
		},
		"VM_appliance.shutdown": func(c *call) (any, error) {
			return nil, c.operateAppliance("shutdown", applianceWork{"VM.shutdown", nil, halted, true})
		},
		"VM_appliance.assert_can_be_recovered":       func(c *call) (any, error) { return nil, c.mustBeThere("VM_appliance") },
		"VM_appliance.get_SRs_required_for_recovery": applianceSRs,
		"VM.set_appliance":                           vmSetAppliance,
	}
}

// applianceWork is what an operation on an appliance does to its VMs.
type applianceWork struct {
	method   string
	params   []any // after the VM
	state    string
	backward bool // the highest order first
}

// mustBeThere fails unless the object that a call is about exists.
func (c *call) mustBeThere(class string) error {
	return c.view(func(t *tx) error { return t.must(class, c.str(0)) })
}

// applianceCreate is VM_appliance.create.
func applianceCreate(c *call) (any, error) {
	made, err := construct(c)
	if err != nil {
		return nil, err
	}
	return made, c.update(func(t *tx) error { t.refreshAppliance(made.(string)); return nil })
}

// checkAppliance says why an operation on an appliance is not allowed now; nil: it is.
func (t *tx) checkAppliance(appliance, op string) *Failure {
	if current := t.currentOperations("VM_appliance", appliance); len(current) > 0 {
		return otherOperation("VM_appliance", appliance, current, func(op string) string { return op })
	}
	vms := t.strs("VM_appliance", appliance, "VMs")
	fits, words := func(state string) bool { return state != halted }, "All VMs in this appliance are halted."
	switch op {
	case "start":
		fits, words = func(state string) bool { return state == halted }, "There are no halted VMs in this appliance."
	case "clean_shutdown":
		fits, words = func(state string) bool { return state == running }, "There are no running VMs in this appliance."
	}
	switch {
	case len(vms) == 0:
		return fail("OPERATION_NOT_ALLOWED", "Appliance has no VMs.")
	case !slices.ContainsFunc(vms, func(vm string) bool { return fits(t.str("VM", vm, "power_state")) }):
		return fail("OPERATION_NOT_ALLOWED", words)
	}
	return nil
}

// refreshAppliance recomputes an appliance's allowed_operations.
func (t *tx) refreshAppliance(appliance string) {
	if !t.exists("VM_appliance", appliance) {
		return
	}
	ops := []string{"start", "clean_shutdown", "hard_shutdown", "shutdown"}
	ops = slices.DeleteFunc(ops, func(op string) bool { return t.checkAppliance(appliance, op) != nil })
	t.set("VM_appliance", appliance, "allowed_operations", setOf(ops...))
}

// operateAppliance does something to every VM of an appliance that is not yet in the wanted state: those of one order
// at a time, together, each order after the one before. xapi: what fails is told at the end, and stops nothing.
func (c *call) operateAppliance(op string, work applianceWork) error {
	appliance := c.str(0)
	var groups [][]string
	err := c.whenAllowed(func(t *tx) error {
		if err := t.must("VM_appliance", appliance); err != nil {
			return err
		}
		if err := t.checkAppliance(appliance, op); err != nil {
			return err
		}
		t.mark("VM_appliance", appliance, c.task, op)
		t.refreshAppliance(appliance)
		groups = t.applianceGroups(appliance, work)
		return nil
	})
	if err != nil {
		return err
	}
	for _, vms := range groups {
		if err == nil {
			err = c.onEach(vms, work)
		}
	}
	failed := []string{c.method}
	ended := c.update(func(t *tx) error {
		for _, vm := range slices.Concat(groups...) {
			if t.str("VM", vm, "power_state") != work.state {
				failed = append(failed, vm)
			}
		}
		t.unmark("VM_appliance", appliance, c.task)
		t.refreshAppliance(appliance)
		return nil
	})
	switch {
	case err != nil:
		return err
	case ended != nil:
		return ended
	case len(failed) > 1:
		return fail("OPERATION_PARTIALLY_FAILED", failed...)
	}
	return nil
}

// applianceGroups puts the VMs that an operation is for into groups of one order, in their turn.
func (t *tx) applianceGroups(appliance string, work applianceWork) (groups [][]string) {
	vms := slices.DeleteFunc(slices.Clone(t.strs("VM_appliance", appliance, "VMs")), func(vm string) bool {
		return t.str("VM", vm, "power_state") == work.state
	})
	order := func(vm string) int64 { return t.num("VM", vm, "order") }
	slices.SortStableFunc(vms, func(a, b string) int {
		if work.backward {
			a, b = b, a
		}
		return cmp.Compare(order(a), order(b))
	})
	for i, vm := range vms {
		if i == 0 || order(vm) != order(vms[i-1]) {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], vm)
	}
	return groups
}

// onEach makes an asynchronous call for each VM and waits until all have ended.
func (c *call) onEach(vms []string, work applianceWork) error {
	ended := make(chan struct{}, len(vms))
	for _, vm := range vms {
		inner, err := c.callBeside("Async."+work.method, append([]any{vm}, work.params...))
		if err != nil {
			return err
		}
		c.pool.work.Go(func() {
			inner.endTask(c.pool.behaviourOf(inner.message)(inner))
			ended <- struct{}{}
		})
	}
	for range vms {
		select {
		case <-ended:
		case <-c.life.done():
			return errLifeEnded
		}
	}
	return nil
}

// callBeside is an asynchronous call that this one makes with its own session, and whose task is there.
func (c *call) callBeside(name string, params []any) (*call, error) {
	method := name[len("Async."):]
	inner := &call{
		pool: c.pool, life: c.life, member: c.member, message: c.pool.schema.calls[method], method: method, name: name,
		params: params, session: c.session, instant: c.instant,
	}
	return inner, inner.beginTask()
}

// vmSetAppliance is VM.set_appliance. xapi: what the appliances allow follows.
func vmSetAppliance(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		vm, appliance := c.str(0), c.str(1)
		if err := t.must("VM", vm); err != nil {
			return err
		}
		if appliance != nullRef {
			if err := t.must("VM_appliance", appliance); err != nil {
				return err
			}
		}
		if t.flag("VM", vm, "is_control_domain") || t.flag("VM", vm, "is_a_template") || t.flag("VM", vm, "is_a_snapshot") {
			return fail("OPERATION_NOT_ALLOWED", "Control domains, templates and snapshots cannot be assigned to appliances.")
		}
		old := t.str("VM", vm, "appliance")
		t.set("VM", vm, "appliance", appliance)
		t.refreshAppliance(old)
		t.refreshAppliance(appliance)
		t.refreshVM(vm)
		return nil
	})
}

// applianceSRs is VM_appliance.get_SRs_required_for_recovery: those of its VMs' disks that the other pool lacks. The
// session is one of this pool, which has them all.
func applianceSRs(c *call) (any, error) { return Set{}, c.mustBeThere("VM_appliance") }
