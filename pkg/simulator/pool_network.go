package simulator

import "slices"

// poolNetworks are the calls of class pool that work on the networks of every host.
func poolNetworks() map[string]behaviour {
	return map[string]behaviour{
		"pool.create_VLAN":            poolCreateVLAN,
		"pool.create_VLAN_from_PIF":   poolCreateVLANFromPIF,
		"pool.set_vswitch_controller": poolSetController,
		"SDN_controller.introduce":    controllerIntroduce,
		"SDN_controller.forget":       controllerForget,
	}
}

// poolCreateVLAN is pool.create_VLAN(device, network, VLAN): the same VLAN on every host that is enabled.
func poolCreateVLAN(c *call) (any, error) {
	var made []string
	err := c.update(func(t *tx) error {
		var pifs []string
		for _, host := range t.all("host") {
			if !t.flag("host", host, "enabled") {
				continue
			}
			i := slices.IndexFunc(t.strs("host", host, "PIFs"), func(pif string) bool {
				return t.str("PIF", pif, "device") == c.str(0) && t.num("PIF", pif, "VLAN") == -1
			})
			if i < 0 {
				return fail("INVALID_VALUE", "device", c.str(0))
			}
			pifs = append(pifs, t.strs("host", host, "PIFs")[i])
		}
		var err error
		made, err = t.makeVLANs(pifs, c.num(2), c.str(1))
		return err
	})
	return setOf(made...), err
}

// poolCreateVLANFromPIF is pool.create_VLAN_from_PIF(pif, network, VLAN): on every interface of the network that one is on.
func poolCreateVLANFromPIF(c *call) (any, error) {
	var made []string
	err := c.update(func(t *tx) error {
		if err := t.must("PIF", c.str(0)); err != nil {
			return err
		}
		var pifs []string
		for _, pif := range t.strs("network", t.str("PIF", c.str(0), "network"), "PIFs") {
			if t.hostLive(t.str("PIF", pif, "host")) {
				pifs = append(pifs, pif)
			}
		}
		var err error
		made, err = t.makeVLANs(pifs, c.num(2), c.str(1))
		return err
	})
	return setOf(made...), err
}

// makeVLANs makes a VLAN on each interface and brings it up, or, where one cannot be, none.
func (t *tx) makeVLANs(pifs []string, tag int64, network string) ([]string, error) {
	var vlans, made []string
	for _, pif := range pifs {
		vlan, err := t.makeVLAN(pif, tag, network)
		if err != nil {
			for _, v := range vlans {
				_ = t.dropVLAN(v) // it is new: nothing holds it
			}
			return nil, err
		}
		vlans, made = append(vlans, vlan), append(made, t.str("VLAN", vlan, "untagged_PIF"))
	}
	for _, pif := range made {
		t.linkUp(pif)
	}
	return made, nil
}

// controllerIntroduce is SDN_controller.introduce(protocol, address, port). xapi: there can be one, and one that connects by
// itself has no address.
func controllerIntroduce(c *call) (any, error) {
	protocol, address, port, made := c.str(0), c.str(1), c.num(2), nullRef
	err := c.update(func(t *tx) error {
		if len(t.all("SDN_controller")) > 0 {
			return fail("OPERATION_NOT_ALLOWED", "SDN controller has been configured. Please forget it first.")
		}
		switch {
		case protocol == "pssl" && address != "":
			return fail("INVALID_VALUE", "address", address)
		case protocol == "pssl" && port != 0:
			return fail("VALUE_NOT_SUPPORTED", "port", databaseText(port), "must be 0 when using pssl")
		case protocol == "ssl":
			if err := addressFits("", "address", address); err != nil {
				return err
			}
			if port == 0 {
				port = 6632
			}
			if port < 1 || port > 65535 {
				return fail("VALUE_NOT_SUPPORTED", "port", databaseText(port), "Port out of range")
			}
		}
		made = t.create("SDN_controller", values{"protocol": protocol, "address": address, "port": port})
		return nil
	})
	return made, err
}

// controllerForget is SDN_controller.forget.
func controllerForget(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("SDN_controller", c.str(0)); err != nil {
			return err
		}
		t.destroy("SDN_controller", c.str(0))
		return nil
	})
}

// poolSetController is pool.set_vswitch_controller, which came before SDN_controller: "" is none.
func poolSetController(c *call) (any, error) {
	address := c.str(0)
	return nil, c.update(func(t *tx) error {
		if address != "" {
			if err := addressFits("IPv4", "address", address); err != nil {
				return err
			}
		}
		for _, old := range t.all("SDN_controller") {
			t.destroy("SDN_controller", old)
		}
		if address != "" {
			t.create("SDN_controller", values{"protocol": "ssl", "address": address, "port": int64(6632)})
		}
		t.set("pool", t.the("pool"), "vswitch_controller", address)
		return nil
	})
}
