package simulator

import (
	"slices"
	"strconv"
)

// moveAddress gives one interface the address of another, which has none afterwards.
func (t *tx) moveAddress(from, to string) {
	none := values{
		"ip_configuration_mode": "None", "ipv6_configuration_mode": "None", "IP": "", "netmask": "", "gateway": "", "DNS": "",
		"IPv6": setOf(""), "ipv6_gateway": "", "primary_address_type": "IPv4",
	}
	fields := []string{"ip_configuration_mode", "IP", "netmask", "gateway", "DNS", "ipv6_configuration_mode", "IPv6", "ipv6_gateway", "primary_address_type"}
	for _, field := range fields {
		t.set("PIF", to, field, t.get("PIF", from, field))
	}
	for _, field := range fields {
		t.set("PIF", from, field, none[field])
	}
}

// moveVLANs makes the VLANs of one interface anew on another, on the same networks. What was up comes up again.
func (t *tx) moveVLANs(from, to string) {
	for _, old := range slices.Clone(t.strs("PIF", from, "VLAN_slave_of")) {
		before := t.str("VLAN", old, "untagged_PIF")
		up, management := t.flag("PIF", before, "currently_attached"), t.flag("PIF", before, "management")
		if up {
			t.linkDown(before)
		}
		vlan := t.layVLAN(to, t.num("VLAN", old, "tag"), t.str("PIF", before, "network"))
		after := t.str("VLAN", vlan, "untagged_PIF")
		t.moveAddress(before, after)
		t.set("PIF", after, "disallow_unplug", t.get("PIF", before, "disallow_unplug"))
		t.destroy("VLAN", old)
		t.destroy("PIF", before)
		if up {
			t.linkUp(after)
		}
		t.set("PIF", after, "management", management)
	}
}

// moveTunnels makes the tunnels of one interface anew on another, on the same networks.
func (t *tx) moveTunnels(from, to string) {
	for _, old := range slices.Clone(t.strs("PIF", from, "tunnel_transport_PIF_of")) {
		before := t.str("tunnel", old, "access_PIF")
		network, protocol := t.str("PIF", before, "network"), t.str("tunnel", old, "protocol")
		t.destroy("tunnel", old)
		t.destroy("PIF", before)
		t.makeTunnel(to, network, protocol)
	}
}

// moveGuests puts the interfaces of the VMs that are on a host, or can only be there, from one network on another.
func (t *tx) moveGuests(host, from, to string) {
	for _, vif := range slices.Clone(t.strs("network", from, "VIFs")) {
		if vm := t.str("VIF", vif, "VM"); t.str("VM", vm, "resident_on") == host {
			t.set("VIF", vif, "network", to)
		}
	}
}

// bondDestroy is Bond.destroy: everything moves to the primary member, and all come up that were.
func bondDestroy(c *call) (any, error) {
	return nil, c.onBond(func(t *tx, bond, master string) error {
		if t.flag("PIF", master, "management") && t.flag("pool", t.the("pool"), "ha_enabled") {
			return fail("HA_CANNOT_CHANGE_BOND_STATUS_OF_MGMT_IFACE")
		}
		t.dissolve(bond, master, t.str("PIF", master, "host"))
		return nil
	})
}

// dissolve takes a bond apart.
func (t *tx) dissolve(bond, master, host string) {
	primary, members := t.str("Bond", bond, "primary_slave"), slices.Clone(t.strs("Bond", bond, "slaves"))
	plugged := t.flag("PIF", master, "currently_attached")
	t.moveAddress(master, primary)
	if t.flag("PIF", master, "management") {
		t.replug(primary)
		t.set("PIF", primary, "management", true)
		t.set("PIF", master, "management", false)
	}
	if plugged {
		for _, member := range members {
			t.linkUp(member)
		}
	}
	t.moveVLANs(master, primary)
	t.moveGuests(host, t.str("PIF", master, "network"), t.str("PIF", primary, "network"))
	t.moveTunnels(master, primary)
	if t.flag("PIF", master, "disallow_unplug") {
		t.set("PIF", primary, "disallow_unplug", true)
	}
	t.destroy("Bond", bond)
	t.destroy("PIF_metrics", t.str("PIF", master, "metrics"))
	t.destroy("PIF", master)
	for _, member := range members {
		t.set("PIF", member, "bond_slave_of", nullRef)
	}
}

// bondSetMode is Bond.set_mode: properties that the new mode has not go, and those that it lacks come.
func bondSetMode(c *call) (any, error) {
	return nil, c.onBond(func(t *tx, bond, master string) error {
		mode, kept := c.str(1), Map{}
		t.set("Bond", bond, "mode", mode)
		for _, e := range t.dict("Bond", bond, "properties") {
			if checkBondProperty(mode, e.Key, e.Value.(string)) == nil {
				kept = withKey(kept, e.Key, e.Value)
			}
		}
		t.set("Bond", bond, "properties", bondProperties(mode, kept))
		t.linkUp(master)
		return nil
	})
}

// bondSetProperty is Bond.set_property.
func bondSetProperty(c *call) (any, error) {
	return nil, c.onBond(func(t *tx, bond, master string) error {
		if err := checkBondProperty(t.str("Bond", bond, "mode"), c.str(1), c.str(2)); err != nil {
			return err
		}
		t.set("Bond", bond, "properties", withKey(t.dict("Bond", bond, "properties"), c.str(1), c.str(2)))
		t.linkUp(master)
		return nil
	})
}

// replug takes an interface down for a moment, so that it is configured anew.
func (t *tx) replug(pif string) {
	t.set("PIF", pif, "currently_attached", false)
	t.linkUp(pif)
}

// onBond runs f on the bond that a call is about, on its host.
func (c *call) onBond(f func(t *tx, bond, master string) error) error {
	bond, host := c.str(0), nullRef
	err := c.view(func(t *tx) error {
		host = t.str("PIF", t.str("Bond", bond, "master"), "host")
		return t.must("Bond", bond)
	})
	if err == nil {
		err = c.atHost(host)
	}
	if err != nil {
		return err
	}
	return c.update(func(t *tx) error {
		if err := t.must("Bond", bond); err != nil {
			return err
		}
		return f(t, bond, t.str("Bond", bond, "master"))
	})
}

// checkBondProperty refuses what a bond of this mode cannot have. xapi: only a bond of mode lacp has properties.
func checkBondProperty(mode, name, value string) error {
	fits := map[string]func() bool{
		"hashing_algorithm":    func() bool { return value == "src_mac" || value == "tcpudp_ports" },
		"lacp-time":            func() bool { return value == "fast" || value == "slow" },
		"lacp-fallback-ab":     func() bool { return value == "true" || value == "false" },
		"lacp-aggregation-key": func() bool { _, err := strconv.Atoi(value); return err == nil },
	}[name]
	if mode != "lacp" || fits == nil || !fits() {
		return fail("INVALID_VALUE", "properties", name+" = "+value)
	}
	return nil
}
