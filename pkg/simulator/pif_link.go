package simulator

import "slices"

// pifLinks are the calls that bring interfaces up and down.
func pifLinks() map[string]behaviour {
	return map[string]behaviour{
		"PIF.plug":                pifPlug,
		"PIF.unplug":              pifUnplug,
		"PIF.set_disallow_unplug": pifSetDisallowUnplug,
	}
}

// onPIF runs f on the interface that a call is about, which the host that it belongs to has to be there for.
func (c *call) onPIF(f func(t *tx, pif string) error) error {
	pif, host := c.str(0), nullRef
	err := c.view(func(t *tx) error { host = t.str("PIF", pif, "host"); return t.must("PIF", pif) })
	if err == nil {
		err = c.contact(host)
	}
	if err != nil {
		return err
	}
	c.forwardTo(host)
	return c.update(func(t *tx) error {
		if err := t.must("PIF", pif); err != nil {
			return err
		}
		return f(t, pif)
	})
}

// pifPlug is PIF.plug.
func pifPlug(c *call) (any, error) { return nil, c.onPIF((*tx).plugPIF) }

// plugPIF brings up an interface that may be: of a tunnel only over an interface with an address, which comes up first.
func (t *tx) plugPIF(pif string) error {
	if !t.flag("PIF", pif, "managed") {
		return fail("PIF_UNMANAGED", pif)
	}
	for _, tunnel := range t.strs("PIF", pif, "tunnel_access_PIF_of") {
		transport := t.str("tunnel", tunnel, "transport_PIF")
		if t.str("PIF", transport, "ip_configuration_mode") == "None" {
			return fail("TRANSPORT_PIF_NOT_CONFIGURED", transport)
		}
		if err := t.plugPIF(transport); err != nil {
			return err
		}
	}
	if t.bonded(pif) {
		return fail("CANNOT_PLUG_BOND_SLAVE", pif)
	}
	t.linkUp(pif)
	return nil
}

// linkUp brings up an interface and what it needs: the members of a bond, the interface that carries a VLAN.
func (t *tx) linkUp(pif string) {
	if t.flag("PIF", pif, "currently_attached") {
		return
	}
	if vlan := t.str("PIF", pif, "VLAN_master_of"); t.exists("VLAN", vlan) {
		t.linkUp(t.str("VLAN", vlan, "tagged_PIF"))
	}
	for _, member := range t.bondMembers(pif) {
		t.set("PIF", member, "currently_attached", true)
	}
	t.setTunnels(pif, "true")
	t.set("PIF", pif, "currently_attached", true)
}

// linkDown takes an interface down, and with a bond its members.
func (t *tx) linkDown(pif string) {
	t.setTunnels(pif, "false")
	for _, member := range t.bondMembers(pif) {
		t.set("PIF", member, "currently_attached", false)
	}
	t.set("PIF", pif, "currently_attached", false)
}

// setTunnels writes whether the tunnels are active that end in an interface.
func (t *tx) setTunnels(pif, active string) {
	for _, tunnel := range t.strs("PIF", pif, "tunnel_access_PIF_of") {
		t.set("tunnel", tunnel, "status", mapOf("active", active))
	}
}

// bondMembers are the interfaces under that of a bond; none for any other.
func (t *tx) bondMembers(pif string) []string {
	var members []string
	for _, bond := range t.strs("PIF", pif, "bond_master_of") {
		members = append(members, t.strs("Bond", bond, "slaves")...)
	}
	return members
}

// bonded says whether an interface is a member of a bond.
func (t *tx) bonded(pif string) bool { return t.exists("Bond", t.str("PIF", pif, "bond_slave_of")) }

// pifUnplug is PIF.unplug. xapi: not the management interface, nor one that guests use, nor one that must stay.
func pifUnplug(c *call) (any, error) { return nil, c.onPIF((*tx).unplugPIF) }

func (t *tx) unplugPIF(pif string) error {
	if err := t.unprotected(pif); err != nil {
		return err
	}
	if t.flag("PIF", pif, "management") && t.flag("PIF", pif, "currently_attached") {
		return fail("PIF_IS_MANAGEMENT_INTERFACE", pif)
	}
	host, network := t.str("PIF", pif, "host"), t.str("PIF", pif, "network")
	for _, vif := range t.strs("network", network, "VIFs") {
		vm := t.str("VIF", vif, "VM")
		if t.flag("VIF", vif, "currently_attached") && t.str("VM", vm, "resident_on") == host {
			return fail("VIF_IN_USE", network, vif)
		}
	}
	if t.flag("PIF", pif, "disallow_unplug") {
		return fail("PIF_DOES_NOT_ALLOW_UNPLUG", pif)
	}
	for _, tunnel := range slices.Clone(t.strs("PIF", pif, "tunnel_transport_PIF_of")) {
		if err := t.unplugPIF(t.str("tunnel", tunnel, "access_PIF")); err != nil {
			return err
		}
	}
	t.linkDown(pif)
	return nil
}

// unprotected refuses to touch an interface that nobody manages, and one in use while the pool guards itself.
func (t *tx) unprotected(pif string) error {
	pool := t.the("pool")
	switch {
	case !t.flag("PIF", pif, "managed"):
		return fail("PIF_UNMANAGED", pif)
	case !t.flag("PIF", pif, "currently_attached"):
		return nil
	case t.flag("pool", pool, "ha_enabled"):
		return fail("HA_IS_ENABLED")
	case t.flag("pool", pool, "redo_log_enabled"):
		return fail("REDO_LOG_IS_ENABLED")
	}
	return nil
}

// pifSetDisallowUnplug is PIF.set_disallow_unplug. xapi: what carries a cluster has to stay.
func pifSetDisallowUnplug(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		pif := c.str(0)
		if err := t.must("PIF", pif); err != nil {
			return err
		}
		for _, node := range t.find("Cluster_host", "PIF", pif) {
			if !c.flag(1) && t.flag("Cluster_host", node, "enabled") {
				return fail("CLUSTERING_ENABLED", node)
			}
		}
		t.set("PIF", pif, "disallow_unplug", c.flag(1))
		return nil
	})
}
