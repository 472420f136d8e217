package simulator

import (
	"slices"
	"strconv"
)

// networkBehaviours are the calls of class network, and those of PIF and VLAN that need no hardware.
func networkBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"network.create":      networkCreate,
		"network.destroy":     networkDestroy,
		"network.add_purpose": networkAddPurpose,
		"PIF.create_VLAN":     pifCreateVLAN,
		"PIF.destroy":         pifDestroyVLAN,
		"VLAN.create":         vlanCreate,
		"VLAN.destroy":        vlanDestroy,
	}
}

// networkCreate is network.create. xapi: a bridge that is not named gets the first free name.
func networkCreate(c *call) (any, error) {
	r, made := givenRecord(c.dict(0)), nullRef
	err := c.update(func(t *tx) error {
		bridge := r.str("bridge")
		var taken []string
		for _, n := range t.all("network") {
			taken = append(taken, t.str("network", n, "bridge"))
		}
		switch {
		case bridge != "" && slices.Contains(taken, bridge):
			return fail("BRIDGE_NAME_EXISTS", bridge)
		case bridge == "":
			for i := 0; bridge == "" || slices.Contains(taken, bridge); i++ {
				bridge = "xapi" + strconv.Itoa(i)
			}
		}
		v := r.values("name_label", "name_description", "MTU", "other_config", "tags", "managed")
		v["bridge"] = bridge
		made = t.create("network", v)
		return nil
	})
	return made, err
}

// networkDestroy is network.destroy. xapi: refused with the interfaces of running VMs that are on it; those of others go
// with it.
func networkDestroy(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		network := c.str(0)
		if err := t.must("network", network); err != nil {
			return err
		}
		if text(t.dict("network", network, "other_config"), "is_host_internal_management_network") == "true" {
			return fail("OPERATION_NOT_ALLOWED", "Cannot remove the host internal management network")
		}
		vifs := slices.Clone(t.strs("network", network, "VIFs"))
		attached := slices.DeleteFunc(slices.Clone(vifs), func(vif string) bool {
			return !t.flag("VIF", vif, "currently_attached") && !t.flag("VIF", vif, "reserved")
		})
		if len(attached) > 0 {
			return fail("NETWORK_CONTAINS_VIF", attached...)
		}
		if pifs := t.strs("network", network, "PIFs"); len(pifs) > 0 {
			return fail("NETWORK_CONTAINS_PIF", pifs...)
		}
		for _, vif := range vifs {
			t.destroy("VIF_metrics", t.str("VIF", vif, "metrics"))
			t.destroy("VIF", vif)
		}
		t.destroy("network", network)
		return nil
	})
}

// networkAddPurpose is network.add_purpose. xapi: a network is for NBD with encryption or without, not both.
func networkAddPurpose(c *call) (any, error) {
	conflicts := map[string]string{"nbd": "insecure_nbd", "insecure_nbd": "nbd"}
	err := c.view(func(t *tx) error {
		if other := conflicts[c.str(1)]; hasMember(t.members("network", c.str(0), "purpose"), other) {
			return fail("NETWORK_INCOMPATIBLE_PURPOSES", c.str(1), other)
		}
		return t.must("network", c.str(0))
	})
	if err != nil {
		return nil, err
	}
	return nil, c.addField("purpose")
}

// pifCreateVLAN is PIF.create_VLAN(device, network, host, tag): VLAN.create by the name of a device.
func pifCreateVLAN(c *call) (any, error) {
	made := nullRef
	err := c.update(func(t *tx) error {
		for _, pif := range t.strs("host", c.str(2), "PIFs") {
			if t.str("PIF", pif, "device") == c.str(0) && t.flag("PIF", pif, "physical") {
				vlan, err := t.makeVLAN(pif, c.num(3), c.str(1))
				made = t.str("VLAN", vlan, "untagged_PIF")
				return err
			}
		}
		return fail("INVALID_DEVICE", c.str(0))
	})
	return made, err
}

// vlanCreate is VLAN.create.
func vlanCreate(c *call) (any, error) {
	vlan := nullRef
	err := c.update(func(t *tx) (err error) { vlan, err = t.makeVLAN(c.str(0), c.num(1), c.str(2)); return err })
	return vlan, err
}

// makeVLAN makes a VLAN on an interface, with an interface of its own on a network.
func (t *tx) makeVLAN(tagged string, tag int64, network string) (string, error) {
	if err := t.must("PIF", tagged); err != nil {
		return nullRef, err
	}
	if err := t.must("network", network); err != nil {
		return nullRef, err
	}
	host, device := t.str("PIF", tagged, "host"), t.str("PIF", tagged, "device")
	switch {
	case t.bonded(tagged):
		return nullRef, fail("CANNOT_ADD_VLAN_TO_BOND_SLAVE", tagged)
	case len(t.members("PIF", tagged, "tunnel_access_PIF_of")) > 0:
		return nullRef, fail("IS_TUNNEL_ACCESS_PIF", tagged)
	case t.num("PIF", tagged, "VLAN") >= 0:
		return nullRef, fail("PIF_IS_VLAN", tagged)
	case tag < 0 || tag > 4094:
		return nullRef, fail("VLAN_TAG_INVALID", strconv.FormatInt(tag, 10))
	}
	for _, pif := range t.strs("host", host, "PIFs") {
		switch {
		case t.str("PIF", pif, "device") == device && t.num("PIF", pif, "VLAN") == tag:
			return nullRef, fail("PIF_VLAN_EXISTS", tagged)
		case t.str("PIF", pif, "network") == network:
			return nullRef, fail("NETWORK_ALREADY_CONNECTED", host, pif)
		}
	}
	return t.layVLAN(tagged, tag, network), nil
}

// vlanMAC is the address of every VLAN's interface.
const vlanMAC = "fe:ff:ff:ff:ff:ff"

// layVLAN makes a VLAN that may be. xapi: its interface is down until somebody plugs it.
func (t *tx) layVLAN(tagged string, tag int64, network string) string {
	device := t.str("PIF", tagged, "device")
	untagged := t.create("PIF", values{
		"device": device, "device_name": device, "network": network, "host": t.str("PIF", tagged, "host"), "MAC": vlanMAC,
		"MTU": t.num("PIF", tagged, "MTU"), "VLAN": tag, "physical": false, "metrics": t.str("PIF", tagged, "metrics"), "managed": true,
		"ip_configuration_mode": "None", "ipv6_configuration_mode": "None", "primary_address_type": "IPv4", "currently_attached": false,
	})
	vlan := t.create("VLAN", values{"tagged_PIF": tagged, "untagged_PIF": untagged, "tag": tag})
	t.set("PIF", untagged, "VLAN_master_of", vlan)
	return vlan
}

// pifDestroyVLAN is PIF.destroy, of the interface of a VLAN.
func pifDestroyVLAN(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("PIF", c.str(0)); err != nil {
			return err
		}
		if t.num("PIF", c.str(0), "VLAN") < 0 {
			return fail("PIF_IS_PHYSICAL", c.str(0))
		}
		return t.dropVLAN(t.str("PIF", c.str(0), "VLAN_master_of"))
	})
}

// vlanDestroy is VLAN.destroy.
func vlanDestroy(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("VLAN", c.str(0)); err != nil {
			return err
		}
		return t.dropVLAN(c.str(0))
	})
}

func (t *tx) dropVLAN(vlan string) error {
	pif := t.str("VLAN", vlan, "untagged_PIF")
	if t.flag("PIF", pif, "management") {
		return fail("PIF_IS_MANAGEMENT_INTERFACE", pif)
	}
	t.destroy("VLAN", vlan)
	t.destroy("PIF", pif)
	return nil
}
