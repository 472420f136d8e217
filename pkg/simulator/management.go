package simulator

import "slices"

// managementBehaviours are the calls that say which interface a host is managed by. The simulator answers where it did
// before, as if the networks were one.
func managementBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"host.management_reconfigure":       hostManagementReconfigure,
		"host.local_management_reconfigure": hostLocalManagement,
		"host.management_disable":           hostManagementDisable,
		"host.get_management_interface":     hostManagementInterface,
		"pool.management_reconfigure":       poolManagementReconfigure,
	}
}

// refuseUnderHA is what xapi answers to calls that would disturb HA.
func (t *tx) refuseUnderHA() error {
	if t.flag("pool", t.the("pool"), "ha_enabled") {
		return fail("HA_IS_ENABLED")
	}
	return nil
}

// managementOf is the interface that a host is managed by; "" without one.
func (t *tx) managementOf(host string) string {
	for _, pif := range t.strs("host", host, "PIFs") {
		if t.flag("PIF", pif, "management") {
			return pif
		}
	}
	return ""
}

// usableForManagement refuses an interface that a host cannot be managed by.
func (t *tx) usableForManagement(pif string) error {
	switch family := t.str("PIF", pif, "primary_address_type"); {
	case t.bonded(pif):
		return fail("CANNOT_PLUG_BOND_SLAVE", pif)
	case family == "IPv4" && t.str("PIF", pif, "ip_configuration_mode") == "None":
		return fail("PIF_HAS_NO_NETWORK_CONFIGURATION", pif)
	case family == "IPv6" && t.str("PIF", pif, "ipv6_configuration_mode") == "None":
		return fail("PIF_HAS_NO_V6_NETWORK_CONFIGURATION", pif)
	}
	return nil
}

// hostManagementReconfigure is host.management_reconfigure.
func hostManagementReconfigure(c *call) (any, error) {
	return nil, c.onPIF(func(t *tx, pif string) error {
		if err := t.refuseUnderHA(); err != nil {
			return err
		}
		if t.flag("PIF", pif, "managed") {
			if err := t.usableForManagement(pif); err != nil {
				return err
			}
		}
		t.manageBy(pif)
		return nil
	})
}

// manageBy makes an interface the one that its host is managed by. xapi: the new one is marked before the old one is not
// any more.
func (t *tx) manageBy(pif string) {
	if t.flag("PIF", pif, "management") {
		return
	}
	before := t.managementOf(t.str("PIF", pif, "host"))
	t.linkUp(pif)
	t.set("PIF", pif, "management", true)
	if before != "" {
		t.set("PIF", before, "management", false)
	}
}

// hostLocalManagement is host.local_management_reconfigure. xapi: only of a host that has lost its master.
func hostLocalManagement(c *call) (any, error) {
	c.pool.mu.Lock()
	lost := c.member.state == memberWaiting
	c.pool.mu.Unlock()
	if !lost {
		return nil, fail("POOL_NOT_IN_EMERGENCY_MODE")
	}
	return nil, nil
}

// hostManagementDisable is host.management_disable. xapi: only the master can be without.
func hostManagementDisable(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.refuseUnderHA(); err != nil {
			return err
		}
		if c.member.host != t.masterHost() {
			return fail("SLAVE_REQUIRES_MANAGEMENT_INTERFACE")
		}
		if pif := t.managementOf(c.member.host); pif != "" {
			t.set("PIF", pif, "management", false)
		}
		return nil
	})
}

// hostManagementInterface is host.get_management_interface. xapi: a host without one raises what it has no code for.
func hostManagementInterface(c *call) (any, error) {
	pif := nullRef
	err := c.view(func(t *tx) error {
		if err := t.must("host", c.str(0)); err != nil {
			return err
		}
		if pif = t.managementOf(c.str(0)); pif == "" {
			return internalError("Not_found")
		}
		return nil
	})
	return pif, err
}

// poolManagementReconfigure is pool.management_reconfigure: every host moves to its interface on a network, the master last.
func poolManagementReconfigure(c *call) (any, error) {
	network := c.str(0)
	return nil, c.update(func(t *tx) error {
		if err := t.must("network", network); err != nil {
			return err
		}
		if err := t.refuseUnderHA(); err != nil {
			return err
		}
		pifs, on := slices.Clone(t.strs("network", network, "PIFs")), map[string]bool{}
		for _, pif := range pifs {
			on[t.str("PIF", pif, "host")] = true
		}
		for _, host := range t.all("host") {
			if !on[host] {
				return fail("PIF_NOT_PRESENT", host, network)
			}
		}
		for _, pif := range pifs {
			if err := t.movesManagement(pif); err != nil {
				return err
			}
		}
		slices.SortStableFunc(pifs, func(a, b string) int { return t.masterLast(a) - t.masterLast(b) })
		for _, pif := range pifs {
			t.manageBy(pif)
		}
		return nil
	})
}

// movesManagement refuses an interface that cannot take over from the one its host is managed by.
func (t *tx) movesManagement(pif string) error {
	if err := t.usableForManagement(pif); err != nil {
		return err
	}
	before := t.managementOf(t.str("PIF", pif, "host"))
	if before != "" && t.str("PIF", before, "primary_address_type") != t.str("PIF", pif, "primary_address_type") {
		return fail("PIF_INCOMPATIBLE_PRIMARY_ADDRESS_TYPE", pif)
	}
	return nil
}

func (t *tx) masterLast(pif string) int {
	if t.str("PIF", pif, "host") == t.masterHost() {
		return 1
	}
	return 0
}
