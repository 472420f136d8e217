package simulator

import (
	"maps"
	"strconv"
	"strings"
)

// hostPreventsEvacuation is host.get_vms_which_prevent_evacuation.
func hostPreventsEvacuation(c *call) (any, error) {
	blocking := Map{}
	err := c.view(func(t *tx) error {
		if err := t.must("host", c.str(0)); err != nil {
			return err
		}
		_, problems := t.evacuationPlan(c.str(0))
		for _, vm := range sortedKeys(problems) {
			blocking = append(blocking, Entry{Key: vm, Value: setOf(problems[vm].description()...)})
		}
		return nil
	})
	return blocking, err
}

// hostAssertCanEvacuate is host.assert_can_evacuate.
func hostAssertCanEvacuate(c *call) (any, error) {
	return nil, c.view(func(t *tx) error {
		if err := t.must("host", c.str(0)); err != nil {
			return err
		}
		_, problems := t.evacuationPlan(c.str(0))
		if len(problems) == 0 {
			return nil
		}
		var texts []string
		for _, vm := range sortedKeys(problems) {
			texts = append(texts, strings.Join(problems[vm].description(), ","))
		}
		return fail("CANNOT_EVACUATE_HOST", strings.Join(texts, "|"))
	})
}

// evacuationPlan plans where the VMs of a host go. xapi: all but control domains; any that may not migrate is a problem.
func (t *tx) evacuationPlan(host string) (map[string]string, map[string]*Failure) {
	var targets []hostBootFacts
	for _, h := range t.allHostBootFacts() {
		if h.Ref != host && h.Enabled { // xapi: a dead one among them stands in the way
			targets = append(targets, h)
		}
	}
	var leaving []bootFacts
	refused := map[string]*Failure{}
	for _, vm := range t.strs("host", host, "resident_VMs") {
		if t.flag("VM", vm, "is_control_domain") {
			continue
		}
		if t.flag("pool", t.the("pool"), "ha_enabled") && (!t.protected(vm) || !t.flag("VM", vm, "ha_always_run")) {
			refused[vm] = fail("HOST_EVACUATE_VM_NOT_HA_PROTECTED", vm)
			continue
		}
		facts := t.vmFacts(vm)
		facts.Current = nil // xapi: what runs now may have ended by the time of its turn
		if err := checkVMOperation(facts, "pool_migrate", true); err != nil {
			refused[vm] = err
			continue
		}
		leaving = append(leaving, t.bootFacts(vm))
	}
	moves, problems := evacuationPlan(leaving, targets)
	maps.Copy(problems, refused)
	return moves, problems
}

// evacuatedAtOnce is how many VMs host.evacuate moves at a time unless told otherwise.
const evacuatedAtOnce = 10

// hostEvacuate is host.evacuate. xapi: with any problem in the plan nothing is moved; the host is not disabled by it.
func hostEvacuate(c *call) (any, error) {
	host := c.str(0)
	if err := c.view(func(t *tx) error { return t.must("host", host) }); err != nil {
		return nil, err
	}
	return nil, c.operateHost(host, "evacuate", func() error {
		var moves map[string]string
		err := c.update(func(t *tx) error {
			var problems map[string]*Failure
			if moves, problems = t.evacuationPlan(host); len(problems) > 0 {
				return problems[sortedKeys(problems)[0]]
			}
			return nil
		})
		if err != nil {
			return err
		}
		options, err := c.evacuationOptions(c.str(1), moves)
		if err != nil {
			return err
		}
		batch := int(c.num(2))
		if batch < 1 {
			batch = evacuatedAtOnce
		}
		if err := c.moveAll(moves, batch, options); err != nil {
			return err
		}
		return c.view(func(t *tx) error {
			if left := len(t.guestsOn(host)); left > 0 {
				return internalError("evacuate: " + strconv.Itoa(left) + " VMs are still resident on " + host)
			}
			return nil
		})
	})
}

// evacuationOptions is what each migration is given: the network that the memory travels on, where one is wanted. Every
// destination must have an address there.
func (c *call) evacuationOptions(network string, moves map[string]string) (Map, error) {
	options := mapOf("live", "true")
	if network == nullRef {
		return options, nil
	}
	return withKey(options, "network", network), c.view(func(t *tx) error {
		if err := t.must("network", network); err != nil {
			return err
		}
		for _, vm := range sortedKeys(moves) {
			if err := t.checkMemoryNetwork(moves[vm], network); err != nil {
				return err
			}
		}
		return nil
	})
}

// moveAll migrates VMs, so many at a time, the next as one ends, each in a task of its own. xapi: a VM that stopped
// meanwhile is no failure; any other failure ends the evacuation, while migrations that have begun go on.
func (c *call) moveAll(moves map[string]string, batch int, options Map) error {
	vms, begun, done, gone := sortedKeys(moves), 0, 0, 0
	moved := func(t *tx) { gone++; t.set("task", c.task, "progress", float64(gone)/float64(len(vms))) }
	results := make(chan error, len(vms))
	for done < len(vms) {
		for ; begun < len(vms) && begun-done < batch; begun++ {
			if err := c.interrupted(); err != nil {
				return err
			}
			vm := vms[begun]
			c.pool.work.Go(func() { results <- c.subCall("VM.pool_migrate", moved, vm, moves[vm], options) })
		}
		if err := <-results; err != nil && !isCode(err, "VM_BAD_POWER_STATE") {
			return err
		}
		done++
	}
	return nil
}

// subCall carries out an asynchronous call of this call's session and waits for its end. done follows it, unless it failed
// for good, while its task is still there.
func (c *call) subCall(method string, done func(*tx), params ...any) error {
	sub := &call{
		pool: c.pool, life: c.life, member: c.member, message: c.pool.schema.calls[method], method: method,
		name: "Async." + method, session: c.session, params: params, instant: c.instant,
		tasks: taskHeaders{parent: c.task},
	}
	if err := sub.beginTask(); err != nil {
		return err
	}
	result, err := c.pool.behaviours[method](sub)
	sub.endTask(result, err)
	_ = c.update(func(t *tx) error { // a life that ended has no tasks
		if err == nil || isCode(err, "VM_BAD_POWER_STATE") {
			done(t)
		}
		t.destroy("task", sub.task)
		return nil
	})
	return err
}
