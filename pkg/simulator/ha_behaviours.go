package simulator

import (
	"slices"
	"time"
)

// haDrivers are the kinds of storage that can hold HA's state file.
var haDrivers = []string{"nfs", "lvmoiscsi", "lvmohba", "lvmofcoe", "gfs2", ownDriver}

// haBehaviours are the calls of high availability.
func haBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"pool.enable_ha":               enableHA,
		"pool.disable_ha":              disableHA,
		"pool.ha_prevent_restarts_for": preventRestarts,
		"pool.ha_failover_plan_exists": func(c *call) (any, error) {
			var exists bool
			err := c.view(func(t *tx) error {
				exists = int(c.num(0)) <= haMaxFailures(t.haHosts(t.protected, nullRef))
				return nil
			})
			return exists, err
		},
		"pool.ha_compute_max_host_failures_to_tolerate": func(c *call) (any, error) {
			return c.maxFailures(func(t *tx) func(string) bool { return t.protected })
		},
		"pool.ha_compute_hypothetical_max_host_failures_to_tolerate": func(c *call) (any, error) {
			return c.maxFailures(func(*tx) func(string) bool {
				return func(vm string) bool { return text(c.dict(0), vm) == "restart" }
			})
		},
		"pool.ha_compute_vm_failover_plan":      failoverPlan,
		"pool.set_ha_host_failures_to_tolerate": setFailures,
		"VM.set_ha_restart_priority":            setRestartPriority,
		"VM.set_ha_always_run":                  setAlwaysRun,
	}
}

func (c *call) maxFailures(protects func(*tx) func(vm string) bool) (any, error) {
	var n int64
	err := c.view(func(t *tx) error { n = int64(haMaxFailures(t.haHosts(protects(t), nullRef))); return nil })
	return n, err
}

// enableHA is pool.enable_ha: the state file and the log of writes go to the given storage, or to any that can hold them.
func enableHA(c *call) (any, error) {
	return c.onPool("ha_enable", func(t *tx) error {
		if t.life.redoLog() {
			return fail("HA_IS_ENABLED")
		}
		srs := wordsOf(c.members(0))
		if len(srs) == 0 {
			srs = t.haStorage()
		}
		for _, sr := range srs {
			if err := t.must("SR", sr); err != nil {
				return err
			}
		}
		if len(srs) == 0 || !slices.ContainsFunc(srs, func(sr string) bool { return slices.Contains(t.haStorage(), sr) }) {
			return fail("CANNOT_CREATE_STATE_FILE")
		}
		for _, host := range t.all("host") {
			if !t.hostLive(host) {
				return fail("HOST_OFFLINE", host)
			}
			if m := t.memberOf(host); m != t.life.master && (m == nil || !t.life.follower(m)) {
				return fail("CANNOT_CONTACT_HOST", host)
			}
		}
		t.armHA(srs[0], c.dict(1))
		return nil
	})
}

// haStorage lists the storage that every host has and that can hold a state file.
func (t *tx) haStorage() []string {
	return slices.DeleteFunc(slices.Clone(t.all("SR")), func(sr string) bool {
		attached := 0
		for _, pbd := range t.strs("SR", sr, "PBDs") {
			if t.flag("PBD", pbd, "currently_attached") {
				attached++
			}
		}
		return !t.flag("SR", sr, "shared") || !slices.Contains(haDrivers, t.str("SR", sr, "type")) || attached < len(t.all("host"))
	})
}

func (t *tx) armHA(sr string, configuration Map) {
	pool := t.the("pool")
	statefile := t.haDisk(sr, "Statefile for HA", "ha_statefile")
	t.haDisk(sr, "Metadata for HA", "redo_log")
	t.set("pool", pool, "ha_configuration", configuration)
	t.set("pool", pool, "ha_statefiles", setOf(statefile))
	var peers []string
	for _, host := range t.all("host") {
		peers = append(peers, t.str("host", host, "uuid"))
	}
	for _, host := range t.all("host") {
		t.set("host", host, "ha_statefiles", setOf(statefile))
		t.set("host", host, "ha_network_peers", setOf(peers...))
	}
	t.set("pool", pool, "ha_enabled", true)
	t.armMembers(true)
	for _, vm := range t.all("VM") {
		if t.protected(vm) && t.str("VM", vm, "power_state") == running {
			t.set("VM", vm, "ha_always_run", true)
		}
	}
	t.replan()
}

// haDisk makes a disk of HA itself.
func (t *tx) haDisk(sr, name, kind string) string {
	uuid := t.life.pool.newUUID()
	return t.create("VDI", values{
		"uuid": uuid, "location": uuid, "name_label": name, "name_description": "Used for storage heartbeating", "SR": sr,
		"virtual_size": 256 * mib, "physical_utilisation": 256 * mib, "type": kind, "managed": true, "on_boot": "persist",
	})
}

// disableHA is pool.disable_ha.
func disableHA(c *call) (any, error) {
	return c.onPool("ha_disable", func(t *tx) error {
		pool := t.the("pool")
		if !t.life.redoLog() {
			return fail("HA_NOT_ENABLED")
		}
		t.set("pool", pool, "ha_enabled", false)
		t.armMembers(false)
		for _, kind := range []string{"ha_statefile", "redo_log"} {
			for _, vdi := range t.find("VDI", "type", kind) {
				t.destroy("VDI", vdi)
			}
		}
		for _, host := range t.all("host") {
			t.set("host", host, "ha_statefiles", Set{})
			t.set("host", host, "ha_network_peers", Set{})
		}
		t.set("pool", pool, "ha_statefiles", Set{})
		t.set("pool", pool, "ha_configuration", Map{})
		t.set("pool", pool, "ha_plan_exists_for", int64(0))
		t.set("pool", pool, "ha_overcommitted", false)
		return nil
	})
}

// preventRestarts is pool.ha_prevent_restarts_for: the monitor starts nothing for so many seconds.
func preventRestarts(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		t.life.noRestarts = time.Now().Add(time.Duration(c.num(0)) * time.Second)
		return nil
	})
}

// failoverPlan is pool.ha_compute_vm_failover_plan: where these VMs would go if these hosts died.
func failoverPlan(c *call) (any, error) {
	plan := Map{}
	err := c.view(func(t *tx) error {
		var dead, alive []haHost
		failed := wordsOf(c.members(0))
		for _, h := range t.haHosts(func(string) bool { return false }, nullRef) {
			if !slices.Contains(failed, h.Ref) {
				alive = append(alive, h)
			}
		}
		for _, vm := range wordsOf(c.members(1)) {
			if err := t.must("VM", vm); err != nil {
				return err
			}
			dead = append(dead, haHost{VMs: []haVM{{vm, t.vmMemory(vm).need(countDynamicMin)}}})
		}
		places := haPlace(dead, alive)
		for _, vm := range wordsOf(c.members(1)) {
			where := mapOf("error_code", "NO_HOSTS_AVAILABLE")
			if places[vm] != "" {
				where = mapOf("host", places[vm])
			}
			plan = append(plan, Entry{Key: vm, Value: where})
		}
		return nil
	})
	return plan, err
}

// setFailures is pool.set_ha_host_failures_to_tolerate. xapi: with HA on, a number without a plan is refused.
func setFailures(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("pool", c.str(0)); err != nil {
			return err
		}
		n := c.num(1)
		if n < 0 {
			return fail("INVALID_VALUE", "ha_host_failures_to_tolerate", decimal(n))
		}
		if t.life.redoLog() && n > int64(haMaxFailures(t.haHosts(t.protected, nullRef))) {
			return fail("HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN")
		}
		t.set("pool", c.str(0), "ha_host_failures_to_tolerate", n)
		t.replan()
		return nil
	})
}

// setRestartPriority is VM.set_ha_restart_priority: a running VM that becomes protected must fit into the plan and be
// able to run everywhere.
func setRestartPriority(c *call) (any, error) {
	vm, priority := c.str(0), c.str(1)
	return nil, c.update(func(t *tx) error {
		if err := t.must("VM", vm); err != nil {
			return err
		}
		if !slices.Contains([]string{"", "best-effort", "restart"}, priority) {
			return fail("INVALID_VALUE", "ha_restart_priority", priority)
		}
		runs := t.str("VM", vm, "power_state") == running
		if priority == "restart" && !t.protected(vm) && t.life.redoLog() && runs {
			if err := t.agile(vm); err != nil {
				return err
			}
			host := t.str("VM", vm, "resident_on")
			err := t.breaksPlan(func(hosts []haHost) []haHost {
				hosts = slices.Clone(hosts)
				for i, h := range hosts {
					if h.Ref == host {
						hosts[i].VMs = append(slices.Clone(h.VMs), haVM{vm, t.vmMemory(vm).need(countDynamicMin)})
					}
				}
				return hosts
			})
			if err != nil {
				return err
			}
		}
		t.set("VM", vm, "ha_restart_priority", priority)
		if t.life.redoLog() {
			t.set("VM", vm, "ha_always_run", priority == "restart" && runs)
		}
		t.refreshVM(vm)
		t.replan()
		return nil
	})
}

// agile says why a VM cannot run on every host. xapi: a network without interfaces of hosts is on one host only.
func (t *tx) agile(vm string) error {
	facts, hosts := t.bootFacts(vm), len(t.all("host"))
	for _, sr := range facts.SRs {
		if !t.flag("SR", sr, "shared") || t.srFacts(sr).Plugged < hosts {
			return fail("HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", sr)
		}
	}
	for _, network := range facts.Networks {
		on := map[string]bool{}
		for _, pif := range t.strs("network", network, "PIFs") {
			on[t.str("PIF", pif, "host")] = true
		}
		if len(on) < hosts {
			return fail("HA_CONSTRAINT_VIOLATION_NETWORK_NOT_SHARED", network)
		}
	}
	switch {
	case len(t.members("VM", vm, "VGPUs")) > 0:
		return fail("VM_HAS_VGPU", vm)
	case len(t.members("VM", vm, "VUSBs")) > 0:
		return fail("VM_HAS_VUSBS", vm)
	}
	return nil
}

func setAlwaysRun(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("VM", c.str(0)); err != nil {
			return err
		}
		t.set("VM", c.str(0), "ha_always_run", c.flag(1))
		t.refreshVM(c.str(0))
		return nil
	})
}
