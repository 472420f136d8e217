package simulator

import (
	"slices"
	"time"
)

// hostBehaviours are the calls of class host that do more than read and write a field.
func hostBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"host.disable":                          hostDisable,
		"host.enable":                           hostEnable,
		"host.evacuate":                         hostEvacuate,
		"host.compute_free_memory":              hostFreeMemory,
		"host.compute_memory_overhead":          hostMemoryOverheadCall,
		"host.get_servertime":                   hostServerTime,
		"host.get_server_localtime":             hostLocalTime,
		"host.assert_can_evacuate":              hostAssertCanEvacuate,
		"host.get_vms_which_prevent_evacuation": hostPreventsEvacuation,
		"host.get_uncooperative_resident_VMs":   hostUncooperative,
		"host.declare_dead":                     hostDeclareDead,
	}
}

// hostDisable is host.disable: no new VMs; those there run on.
func hostDisable(c *call) (any, error) {
	host := c.str(0)
	c.forwardTo(host)
	if err := c.contact(host); err != nil {
		return nil, err
	}
	return nil, c.update(func(t *tx) error {
		if m := t.memberOf(host); m != nil {
			m.keptDisabled = len(c.params) > 1 && !c.flag(1)
		}
		err := t.breaksPlan(func([]haHost) []haHost {
			return t.haHosts(t.protected, host)
		})
		if err != nil {
			return err
		}
		t.set("host", host, "enabled", false)
		t.refreshHost(host)
		return nil
	})
}

// hostEnable is host.enable.
func hostEnable(c *call) (any, error) {
	host := c.str(0)
	if err := c.contact(host); err != nil {
		return nil, err
	}
	return nil, c.operateHost(host, "enable", func() error {
		c.forwardTo(host)
		return c.update(func(t *tx) error {
			if m := t.memberOf(host); m != nil {
				if m.stopping {
					return fail("HOST_DISABLED_UNTIL_REBOOT", host)
				}
				m.keptDisabled = false
			}
			if len(t.members("host", host, "pending_guidances")) > 0 {
				return fail("HOST_PENDING_MANDATORY_GUIDANCE_NOT_EMPTY", host)
			}
			t.set("host", host, "enabled", true)
			return nil
		})
	})
}

// operateHost runs body as an operation on a host: checked, waiting for its turn, and marked meanwhile.
func (c *call) operateHost(host, name string, body func() error) error {
	c.cancellable(true)
	err := c.whenAllowed(func(t *tx) error {
		if err := t.must("host", host); err != nil {
			return err
		}
		return t.markHost(host, c.task, name)
	})
	if err != nil {
		return err
	}
	err = body()
	ended := c.update(func(t *tx) error {
		t.unmark("host", host, c.task)
		t.refreshHost(host)
		return nil
	})
	if err != nil {
		return err
	}
	return ended
}

// hostFreeMemory is host.compute_free_memory.
func hostFreeMemory(c *call) (any, error) {
	var bytes int64
	err := c.view(func(t *tx) error {
		bytes = t.hostMemory(c.str(0)).free(countDynamicMin)
		return t.must("host", c.str(0))
	})
	return bytes, err
}

// hostMemoryOverheadCall is host.compute_memory_overhead.
func hostMemoryOverheadCall(c *call) (any, error) {
	var bytes int64
	err := c.view(func(t *tx) error {
		bytes = t.num("host", c.str(0), "memory_overhead")
		return t.must("host", c.str(0))
	})
	return bytes, err
}

// hostServerTime is host.get_servertime.
func hostServerTime(c *call) (any, error) {
	var now time.Time
	err := c.view(func(t *tx) error { now = t.hostTime(c.str(0)); return t.must("host", c.str(0)) })
	return wholeSecond(now), err
}

// hostUncooperative is host.get_uncooperative_resident_VMs. Every guest of the simulator goes along.
func hostUncooperative(c *call) (any, error) {
	return Set{}, c.view(func(t *tx) error { return t.must("host", c.str(0)) })
}

// hostDeclareDead is host.declare_dead: somebody knows that the host is gone for good. xapi: its VMs become Halted.
func hostDeclareDead(c *call) (any, error) {
	host := c.str(0)
	if err := c.mustBeDead(host); err != nil {
		return nil, err
	}
	return nil, c.update(func(t *tx) error {
		t.set("host", host, "enabled", false)
		for _, vm := range slices.Clone(t.strs("host", host, "resident_VMs")) {
			if !t.flag("VM", vm, "is_control_domain") {
				t.forgetDomain(vm)
			}
		}
		t.refreshHost(host)
		return nil
	})
}
