package simulator

import "strings"

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
		if h.Ref != host && h.Enabled && h.Live {
			targets = append(targets, h)
		}
	}
	var leaving []bootFacts
	refused := map[string]*Failure{}
	for _, vm := range t.strs("host", host, "resident_VMs") {
		if t.flag("VM", vm, "is_control_domain") {
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
	for vm, err := range refused {
		problems[vm] = err
	}
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
		return c.moveAll(moves, batch, options)
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
			there := ""
			for _, pif := range t.strs("network", network, "PIFs") {
				if t.str("PIF", pif, "host") == moves[vm] {
					there = pif
				}
			}
			switch {
			case there == "":
				return fail("HOST_CANNOT_ATTACH_NETWORK", moves[vm], network)
			case t.str("PIF", there, "IP") == "":
				return fail("INTERFACE_HAS_NO_IP", there)
			}
		}
		return nil
	})
}

// moveAll migrates VMs, so many at a time, each in a task of its own. xapi: a VM that stopped meanwhile is no failure; any
// other failure ends the evacuation, while migrations that have begun go on.
func (c *call) moveAll(moves map[string]string, batch int, options Map) error {
	vms, done := sortedKeys(moves), 0
	for start := 0; start < len(vms); start += batch {
		chunk := vms[start:min(start+batch, len(vms))]
		results := make(chan error, len(chunk))
		for _, vm := range chunk {
			if err := c.interrupted(); err != nil {
				return err
			}
			c.pool.work.Go(func() { results <- c.subCall("VM.pool_migrate", vm, moves[vm], options) })
		}
		var failures []error
		for range chunk {
			err := <-results
			if err != nil && !isCode(err, "VM_BAD_POWER_STATE") {
				failures = append(failures, err)
			}
			done++
			c.progress(float64(done) / float64(len(vms)))
		}
		if len(failures) > 0 {
			return failures[0]
		}
	}
	return nil
}

// subCall carries out an asynchronous call of this call's session and waits for its end.
func (c *call) subCall(method string, params ...any) error {
	sub := &call{
		pool: c.pool, life: c.life, member: c.member, message: c.pool.schema.calls[method], method: method,
		name: "Async." + method, session: c.session, params: params, instant: c.instant,
	}
	if err := sub.beginTask(); err != nil {
		return err
	}
	_ = c.update(func(t *tx) error { t.set("task", sub.task, "subtask_of", c.task); return nil }) // shown only
	result, err := c.pool.behaviours[method](sub)
	sub.endTask(result, err)
	_ = c.update(func(t *tx) error { t.destroy("task", sub.task); return nil }) // a life that ended has no tasks
	return err
}
