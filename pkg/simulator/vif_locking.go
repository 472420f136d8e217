package simulator

// vifLocking are the calls that say what an interface may send, and by what default.
func vifLocking() map[string]behaviour {
	table := map[string]behaviour{
		"VIF.set_locking_mode":             func(c *call) (any, error) { return nil, c.writeField("locking_mode") },
		"VIF.remove_ipv4_allowed":          func(c *call) (any, error) { return nil, c.removeField("ipv4_allowed") },
		"VIF.remove_ipv6_allowed":          func(c *call) (any, error) { return nil, c.removeField("ipv6_allowed") },
		"VIF.remove_trunks":                func(c *call) (any, error) { return nil, c.removeField("trunks") },
		"network.set_default_locking_mode": networkSetLocking,
		"network.remove_purpose":           func(c *call) (any, error) { return nil, c.removeField("purpose") },
		"pool.set_igmp_snooping_enabled":   poolSetSnooping,
	}
	table["VIF.set_trunks"] = vifTrunks(func(c *call) error { return c.writeField("trunks") })
	table["VIF.add_trunks"] = vifTrunks(func(c *call) error { return c.addField("trunks") })
	return table
}

// networkSetLocking is network.set_default_locking_mode. xapi: not under an interface that goes by it.
func networkSetLocking(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		network := c.str(0)
		if err := t.must("network", network); err != nil {
			return err
		}
		for _, vif := range t.strs("network", network, "VIFs") {
			if t.flag("VIF", vif, "currently_attached") && t.str("VIF", vif, "locking_mode") == "network_default" {
				return fail("VIF_IN_USE", network, vif)
			}
		}
		t.set("network", network, "default_locking_mode", c.str(1))
		return nil
	})
}

// vifTrunks is a call about the VLANs that an interface carries by their tags.
func vifTrunks(write func(*call) error) behaviour {
	return func(c *call) (any, error) {
		tags := Set{c.params[1]}
		if many, ok := c.params[1].(Set); ok {
			tags = many
		}
		for _, tag := range tags {
			if n, ok := tag.(int64); ok && (n < 0 || n > 4094) {
				return nil, fail("VLAN_TAG_INVALID", databaseText(n))
			}
		}
		return nil, write(c)
	}
}

// poolSetSnooping is pool.set_igmp_snooping_enabled: every interface shows it.
func poolSetSnooping(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("pool", c.str(0)); err != nil {
			return err
		}
		word := "disabled"
		if c.flag(1) {
			word = "enabled"
		}
		t.set("pool", c.str(0), "igmp_snooping_enabled", c.flag(1))
		for _, pif := range t.all("PIF") {
			if t.num("PIF", pif, "VLAN") < 0 && !t.bonded(pif) {
				t.set("PIF", pif, "igmp_snooping_status", word)
			}
		}
		return nil
	})
}
