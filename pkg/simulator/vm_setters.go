package simulator

import "strconv"

// memorySizes are the four figures that bound a VM's memory, in bytes.
type memorySizes struct{ staticMin, dynamicMin, dynamicMax, staticMax int64 }

// ordered reports whether each is at most the next.
func (m memorySizes) ordered() bool {
	return m.staticMin <= m.dynamicMin && m.dynamicMin <= m.dynamicMax && m.dynamicMax <= m.staticMax
}

func (t *tx) memorySizes(vm string) memorySizes {
	return memorySizes{
		t.num("VM", vm, "memory_static_min"), t.num("VM", vm, "memory_dynamic_min"),
		t.num("VM", vm, "memory_dynamic_max"), t.num("VM", vm, "memory_static_max"),
	}
}

// vmSetters are the setters of memory, CPUs and the like, which check what they are given.
func vmSetters() map[string]behaviour {
	table := map[string]behaviour{
		"VM.set_VCPUs_max":         setVCPUsMax,
		"VM.set_VCPUs_at_startup":  setVCPUsAtStartup,
		"VM.set_VCPUs_number_live": setVCPUsNumberLive,
	}
	table["VM.set_is_default_template"] = setIsDefaultTemplate
	for name, change := range map[string]func(*call, *memorySizes){
		"limits": func(c *call, m *memorySizes) { // xapi: static_min, static_max, dynamic_min, dynamic_max
			m.staticMin, m.staticMax, m.dynamicMin, m.dynamicMax = c.num(1), c.num(2), c.num(3), c.num(4)
		},
		"static_range": func(c *call, m *memorySizes) { m.staticMin, m.staticMax = c.num(1), c.num(2) },
		"static_min":   func(c *call, m *memorySizes) { m.staticMin = c.num(1) },
		"static_max":   func(c *call, m *memorySizes) { m.staticMax = c.num(1) },
	} {
		table["VM.set_memory_"+name] = setMemory(staticOperation(name), change)
	}
	for name, change := range map[string]func(*call, *memorySizes){
		"dynamic_range": func(c *call, m *memorySizes) { m.dynamicMin, m.dynamicMax = c.num(1), c.num(2) },
		"dynamic_min":   func(c *call, m *memorySizes) { m.dynamicMin = c.num(1) },
		"dynamic_max":   func(c *call, m *memorySizes) { m.dynamicMax = c.num(1) },
	} {
		table["VM.set_memory_"+name] = setMemory("changing_dynamic_range", change)
	}
	table["VM.set_memory"] = setMemory("changing_memory_limits", func(c *call, m *memorySizes) {
		m.dynamicMin, m.dynamicMax, m.staticMax = c.num(1), c.num(1), c.num(1)
	})
	for _, verb := range []string{"set_blocked_operations", "add_to_blocked_operations", "remove_from_blocked_operations"} {
		table["VM."+verb] = setBlocked(verb)
	}
	return table
}

func staticOperation(name string) string {
	if name == "limits" {
		return "changing_memory_limits"
	}
	return "changing_static_range"
}

// setMemory is a setter of some of a VM's memory sizes: an operation, checked and marked like any other.
func setMemory(operation string, change func(*call, *memorySizes)) behaviour {
	return func(c *call) (any, error) {
		vm := c.str(0)
		return nil, c.operateVM(vm, operation, func(o *vmOperationCall) error {
			return o.update(func(t *tx) error {
				o.commit(t, 1)
				m := t.memorySizes(vm)
				change(c, &m)
				if err := t.checkMemory(vm, m); err != nil {
					return err
				}
				if operation == "changing_dynamic_range" {
					return t.writeDynamicRange(vm, m)
				}
				t.writeMemory(vm, m)
				return nil
			})
		}, nil)
	}
}

// checkMemory refuses sizes that are out of order, or that move where there is no balloon.
func (t *tx) checkMemory(vm string, m memorySizes) error {
	pinned := m.dynamicMin == m.dynamicMax && m.dynamicMax == m.staticMax
	switch {
	case !m.ordered():
		return fail("MEMORY_CONSTRAINT_VIOLATION_ORDER")
	case pinned:
		return nil
	case t.flag("VM", vm, "is_control_domain"):
		return fail("MEMORY_CONSTRAINT_VIOLATION_MAXPIN", "control domain")
	case t.vmFacts(vm).NestedVirt:
		return fail("MEMORY_CONSTRAINT_VIOLATION_MAXPIN", "nested virt")
	}
	return nil
}

// writeMemory writes the sizes in xapi's order, then what follows from them.
func (t *tx) writeMemory(vm string, m memorySizes) {
	t.set("VM", vm, "memory_static_min", m.staticMin)
	t.set("VM", vm, "memory_dynamic_min", m.dynamicMin)
	t.set("VM", vm, "memory_target", m.dynamicMin)
	t.set("VM", vm, "memory_dynamic_max", m.dynamicMax)
	t.set("VM", vm, "memory_static_max", m.staticMax)
	t.set("VM", vm, "memory_overhead", t.overhead(vm))
}

// writeDynamicRange writes how far a balloon may move, of a running VM too. xapi: a host without the room for that says so
// in KiB.
func (t *tx) writeDynamicRange(vm string, m memorySizes) error {
	host := t.str("VM", vm, "resident_on")
	more, free := m.dynamicMin-t.num("VM", vm, "memory_dynamic_min"), t.hostMemory(host).free(countDynamicMin)
	if t.exists("host", host) && more > free {
		return fail("HOST_NOT_ENOUGH_FREE_MEMORY", strconv.FormatInt(more/1024, 10), strconv.FormatInt(free/1024, 10))
	}
	t.set("VM", vm, "memory_target", m.dynamicMin)
	t.set("VM", vm, "memory_dynamic_min", m.dynamicMin)
	t.set("VM", vm, "memory_dynamic_max", m.dynamicMax)
	return nil
}

// wrongVCPUs is the refusal of a number of CPUs.
func wrongVCPUs(words string, n int64) error {
	return fail("INVALID_VALUE", "VCPU values must satisfy: 0 < "+words+" ≤ VCPUs_max", strconv.FormatInt(n, 10))
}

// setVCPUsMax is VM.set_VCPUs_max.
func setVCPUsMax(c *call) (any, error) {
	vm, n := c.str(0), c.num(1)
	return nil, c.operateVM(vm, "changing_VCPUs", func(o *vmOperationCall) error {
		return o.update(func(t *tx) error {
			if n < 1 || n < t.num("VM", vm, "VCPUs_at_startup") {
				return wrongVCPUs("VCPUs_at_startup", n)
			}
			t.set("VM", vm, "VCPUs_max", n)
			t.set("VM", vm, "memory_overhead", t.overhead(vm))
			return nil
		})
	}, nil)
}

// setVCPUsAtStartup is VM.set_VCPUs_at_startup. xapi: allowed in every power state, and no operation.
func setVCPUsAtStartup(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		vm, n := c.str(0), c.num(1)
		if err := t.must("VM", vm); err != nil {
			return err
		}
		if n < 1 || n > t.num("VM", vm, "VCPUs_max") {
			return wrongVCPUs("VCPUs_at_startup", n)
		}
		t.set("VM", vm, "VCPUs_at_startup", n)
		return nil
	})
}

// setVCPUsNumberLive is VM.set_VCPUs_number_live. xapi: a refusal names the most that there may be.
func setVCPUsNumberLive(c *call) (any, error) {
	vm, n := c.str(0), c.num(1)
	return nil, c.operateVM(vm, "changing_VCPUs_live", func(o *vmOperationCall) error {
		return o.update(func(t *tx) error {
			if most := t.num("VM", vm, "VCPUs_max"); n < 1 || n > most {
				return wrongVCPUs("VCPUs", most)
			}
			t.set("VM", vm, "VCPUs_at_startup", n)
			t.set("VM_metrics", t.str("VM", vm, "metrics"), "VCPUs_number", n)
			return nil
		})
	}, nil)
}

// setBlocked is a setter of blocked_operations. xapi since 24.30 recomputes allowed_operations with it.
func setBlocked(verb string) behaviour {
	write := plainSetters()["VM."+verb]
	return func(c *call) (any, error) {
		if _, err := write(c); err != nil {
			return nil, err
		}
		if !c.pool.model.since(24, 30) {
			return nil, nil
		}
		return nil, c.update(func(t *tx) error { t.refreshVM(c.str(0)); return nil })
	}
}
