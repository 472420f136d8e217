package simulator

import (
	"slices"
	"strconv"
)

// bondBehaviours are the calls of class Bond that do more than read and write a field.
func bondBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"Bond.create":       bondCreate,
		"Bond.destroy":      bondDestroy,
		"Bond.set_mode":     bondSetMode,
		"Bond.set_property": bondSetProperty,
	}
}

// bondCreate is Bond.create(network, members, MAC, mode, properties): one interface over several of a host. The address of
// the first member that has one moves up, with the VLANs, the tunnels and the interfaces of VMs.
func bondCreate(c *call) (any, error) {
	network, members, mac, mode := c.str(0), uniqueWords(c.members(1)), c.str(2), c.str(3)
	bond := nullRef
	if len(members) == 0 {
		return nil, fail("PIF_BOND_NEEDS_MORE_MEMBERS")
	}
	var host string
	err := c.view(func(t *tx) error { host = t.str("PIF", members[0], "host"); return t.must("PIF", members[0]) })
	if err == nil {
		err = c.atHost(host)
	}
	if err != nil {
		return nil, err
	}
	err = c.update(func(t *tx) error {
		if err := t.canBond(host, network, members, mac, mode, c.dict(4)); err != nil {
			return err
		}
		bond = t.makeBond(host, network, members, mac, mode, bondProperties(mode, c.dict(4)))
		return nil
	})
	return bond, err
}

// bondProperties are those given, and the mode's own for the rest.
func bondProperties(mode string, given Map) Map {
	all := Map{}
	if mode == "lacp" {
		all = mapOf("hashing_algorithm", "tcpudp_ports", "lacp-time", "slow", "lacp-fallback-ab", "true")
	}
	for _, e := range given {
		all = withKey(all, e.Key, e.Value)
	}
	return all
}

func uniqueWords(s Set) []string {
	var unique []string
	for _, w := range wordsOf(s) {
		if !slices.Contains(unique, w) {
			unique = append(unique, w)
		}
	}
	return unique
}

// canBond is what xapi checks of a bond, in its order.
func (t *tx) canBond(host, network string, members []string, mac, mode string, properties Map) error {
	if err := t.must("network", network); err != nil {
		return err
	}
	if !t.flag("network", network, "managed") {
		return fail("NETWORK_UNMANAGED", network)
	}
	if err := t.networkIsFree(host, network); err != nil {
		return err
	}
	if mac != "" && !macForm.MatchString(mac) {
		return fail("MAC_INVALID", mac)
	}
	for _, e := range properties {
		if err := checkBondProperty(mode, e.Key, e.Value.(string)); err != nil {
			return err
		}
	}
	for _, member := range members {
		if err := t.canBeMember(member); err != nil {
			return err
		}
	}
	return t.fitTogether(host, members)
}

// canBeMember refuses an interface that cannot be a member of any bond.
func (t *tx) canBeMember(pif string) error {
	if err := t.must("PIF", pif); err != nil {
		return err
	}
	switch {
	case t.bonded(pif):
		return fail("PIF_ALREADY_BONDED", pif)
	case t.num("PIF", pif, "VLAN") != -1:
		return fail("PIF_VLAN_EXISTS", t.str("PIF", pif, "device_name"))
	case len(t.members("PIF", pif, "tunnel_access_PIF_of")) > 0:
		return fail("IS_TUNNEL_ACCESS_PIF", pif)
	case t.flag("pool", t.the("pool"), "ha_enabled") && t.flag("PIF", pif, "management"):
		return fail("HA_CANNOT_CHANGE_BOND_STATUS_OF_MGMT_IFACE")
	case !t.flag("PIF", pif, "managed"):
		return fail("PIF_UNMANAGED", pif)
	}
	return nil
}

// fitTogether refuses members that cannot be in one bond.
func (t *tx) fitTogether(host string, members []string) error {
	addresses := 0
	for _, member := range members {
		if t.str("PIF", member, "host") != host {
			return fail("PIF_CANNOT_BOND_CROSS_HOST")
		}
	}
	for _, member := range members {
		if !equal(t.get("PIF", member, "properties"), t.get("PIF", members[0], "properties")) {
			return fail("INCOMPATIBLE_PIF_PROPERTIES")
		}
		if t.str("PIF", member, "ip_configuration_mode") != "None" {
			addresses++
		}
	}
	if addresses > 1 {
		return fail("PIF_BOND_MORE_THAN_ONE_IP")
	}
	return nil
}

// networkIsFree refuses a network that a host has an interface on.
func (t *tx) networkIsFree(host, network string) error {
	for _, pif := range t.strs("network", network, "PIFs") {
		if t.str("PIF", pif, "host") == host {
			return fail("NETWORK_ALREADY_CONNECTED", host, pif)
		}
	}
	return nil
}

// makeBond makes a bond that may be, with its interface, and moves up what its members carry.
func (t *tx) makeBond(host, network string, members []string, mac, mode string, properties Map) string {
	primary := t.primaryOf(members)
	if mac == "" {
		mac = t.str("PIF", primary, "MAC")
	}
	stays := slices.ContainsFunc(members, func(m string) bool { return t.flag("PIF", m, "disallow_unplug") })
	device := t.freeDevice(host, "bond")
	master := t.create("PIF", values{
		"device": device, "device_name": device, "network": network, "host": host, "MAC": mac, "MTU": int64(-1),
		"VLAN": int64(-1), "managed": true, "currently_attached": false, "ip_configuration_mode": "None", "ipv6_configuration_mode": "None", "IPv6": setOf(""),
		"primary_address_type": "IPv4", "igmp_snooping_status": "unknown", "metrics": t.create("PIF_metrics", values{}),
		"properties": t.dict("PIF", primary, "properties"),
	})
	bond := t.create("Bond", values{"master": master, "primary_slave": primary, "mode": mode, "properties": properties})
	for _, member := range members {
		t.set("PIF", member, "bond_slave_of", bond)
	}
	t.moveAddress(primary, master)
	t.linkUp(master)
	if t.flag("PIF", primary, "management") {
		t.set("PIF", master, "management", true)
		t.set("PIF", primary, "management", false)
	}
	for _, member := range members {
		t.moveVLANs(member, master)
	}
	for _, member := range members {
		t.moveTunnels(member, master)
	}
	for _, member := range members {
		t.moveGuests(host, t.str("PIF", member, "network"), network)
	}
	if stays {
		t.set("PIF", master, "disallow_unplug", true)
		for _, member := range members {
			t.set("PIF", member, "disallow_unplug", false)
		}
	}
	t.set("PIF", master, "MTU", int64(1500))
	t.set("Bond", bond, "links_up", int64(len(members)))
	return bond
}

// primaryOf is the member whose address and MAC a bond takes: the management interface, or the first with an address, or
// the first.
func (t *tx) primaryOf(members []string) string {
	for _, member := range members {
		if t.flag("PIF", member, "management") {
			return member
		}
	}
	for _, member := range members {
		if t.str("PIF", member, "ip_configuration_mode") != "None" {
			return member
		}
	}
	return members[0]
}

// freeDevice is the first name with a prefix that no interface of a host has.
func (t *tx) freeDevice(host, prefix string) string {
	taken := map[string]bool{}
	for _, pif := range t.strs("host", host, "PIFs") {
		taken[t.str("PIF", pif, "device")] = true
	}
	for n := 0; ; n++ {
		if name := prefix + strconv.Itoa(n); !taken[name] {
			return name
		}
	}
}
