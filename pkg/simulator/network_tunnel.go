package simulator

import "fmt"

// tunnelBehaviours are the calls of class tunnel that do more than read and write a field.
func tunnelBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"tunnel.create":  tunnelCreate,
		"tunnel.destroy": tunnelDestroy,
	}
}

// tunnelCreate is tunnel.create(transport_PIF, network, protocol): a network of its own over an interface.
func tunnelCreate(c *call) (any, error) {
	transport, network, made := c.str(0), c.str(1), nullRef
	return c.refOnPIF(&made, func(t *tx, _ string) error {
		if err := t.must("network", network); err != nil {
			return err
		}
		if err := t.canTunnel(transport, network); err != nil {
			return err
		}
		made = t.makeTunnel(transport, network, c.str(2))
		return nil
	})
}

// refOnPIF is onPIF for a call that makes an object.
func (c *call) refOnPIF(made *string, f func(t *tx, pif string) error) (any, error) {
	err := c.onPIF(f)
	return *made, err
}

// canTunnel is what xapi checks of a tunnel, in its order.
func (t *tx) canTunnel(transport, network string) error {
	switch {
	case !t.flag("PIF", transport, "managed"):
		return fail("PIF_UNMANAGED", transport)
	case t.bonded(transport):
		return fail("CANNOT_ADD_TUNNEL_TO_BOND_SLAVE", transport)
	case len(t.members("PIF", transport, "tunnel_access_PIF_of")) > 0:
		return fail("IS_TUNNEL_ACCESS_PIF", transport)
	case len(t.members("PIF", transport, "sriov_logical_PIF_of")) > 0:
		return fail("CANNOT_ADD_TUNNEL_TO_SRIOV_LOGICAL", transport)
	case !t.flag("network", network, "managed"):
		return fail("NETWORK_UNMANAGED", network)
	}
	return t.networkIsFree(t.str("PIF", transport, "host"), network)
}

// makeTunnel makes a tunnel with its interface, which comes up if the other one is up and has an address.
func (t *tx) makeTunnel(transport, network, protocol string) string {
	host := t.str("PIF", transport, "host")
	access := t.create("PIF", values{
		"device": t.freeDevice(host, "tunnel"), "network": network, "host": host, "MAC": t.localMAC(), "MTU": t.num("PIF", transport, "MTU"),
		"VLAN": int64(-1), "managed": true, "currently_attached": false, "ip_configuration_mode": "None", "ipv6_configuration_mode": "None",
		"primary_address_type": "IPv4", "metrics": t.create("PIF_metrics", values{}),
	})
	tunnel := t.create("tunnel", values{"access_PIF": access, "transport_PIF": transport, "status": mapOf("active", "false"), "protocol": protocol})
	if t.flag("PIF", transport, "currently_attached") && t.str("PIF", transport, "ip_configuration_mode") != "None" {
		t.linkUp(access)
	}
	return tunnel
}

// localMAC is a new address that nobody has assigned.
func (t *tx) localMAC() string {
	n := t.life.pool.rng.Uint64()
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", byte(n)&0xfe|2, byte(n>>8), byte(n>>16), byte(n>>24), byte(n>>32), byte(n>>40))
}

// tunnelDestroy is tunnel.destroy: the interface goes with the tunnel.
func tunnelDestroy(c *call) (any, error) {
	tunnel, access := c.str(0), nullRef
	err := c.view(func(t *tx) error { access = t.str("tunnel", tunnel, "access_PIF"); return t.must("tunnel", tunnel) })
	if err != nil {
		return nil, err
	}
	c.params = []any{access}
	return nil, c.onPIF(func(t *tx, pif string) error {
		if err := t.unplugPIF(pif); err != nil {
			return err
		}
		t.destroy("PIF_metrics", t.str("PIF", pif, "metrics"))
		t.destroy("PIF", pif)
		t.destroy("tunnel", tunnel)
		return nil
	})
}
