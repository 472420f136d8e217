package simulator

import (
	"cmp"
	"slices"
	"strings"
)

// pifInventory are the calls by which the database learns of interfaces and forgets them.
func pifInventory() map[string]behaviour {
	return map[string]behaviour{
		"PIF.introduce":    pifIntroduce,
		"PIF.forget":       pifForget,
		"PIF.scan":         pifScan,
		"PIF.db_introduce": pifDBIntroduce,
		"PIF.db_forget":    destruct,
	}
}

// card is a network card of a host: it stays when the database forgets its interface.
type card struct{ device, mac, network string }

// cardsOf lists the cards of a host that the database has forgotten, by device.
func (t *tx) cardsOf(host string) []card {
	return slices.SortedFunc(slices.Values(t.life.pool.cards[host]), func(a, b card) int { return cmp.Compare(a.device, b.device) })
}

// pifForget is PIF.forget. xapi: not while anything stands on the interface.
func pifForget(c *call) (any, error) {
	return nil, c.onPIF(func(t *tx, pif string) error {
		host := t.str("PIF", pif, "host")
		if err := t.standsAlone(pif); err != nil {
			return err
		}
		if t.flag("PIF", pif, "management") && t.flag("PIF", pif, "currently_attached") && host != t.masterHost() {
			return fail("PIF_IS_MANAGEMENT_INTERFACE", pif)
		}
		if err := t.unprotected(pif); err != nil {
			return err
		}
		t.linkDown(pif)
		if t.flag("PIF", pif, "physical") {
			t.life.pool.cards[host] = append(t.life.pool.cards[host],
				card{t.str("PIF", pif, "device"), t.str("PIF", pif, "MAC"), t.str("PIF", pif, "network")})
		}
		t.destroy("PIF_metrics", t.str("PIF", pif, "metrics"))
		t.destroy("PIF", pif)
		return nil
	})
}

// standsAlone refuses an interface that is part of a bond, a VLAN, a tunnel or shared by SR-IOV.
func (t *tx) standsAlone(pif string) error {
	some := func(field string) bool { return len(t.members("PIF", pif, field)) > 0 }
	switch {
	case t.bonded(pif), some("bond_master_of"):
		return fail("PIF_ALREADY_BONDED", pif)
	case some("VLAN_slave_of"), t.num("PIF", pif, "VLAN") >= 0:
		return fail("PIF_VLAN_STILL_EXISTS", pif)
	case some("tunnel_transport_PIF_of"), some("tunnel_access_PIF_of"):
		return fail("PIF_TUNNEL_STILL_EXISTS", pif)
	case some("sriov_physical_PIF_of"):
		return fail("PIF_SRIOV_STILL_EXISTS", pif)
	case some("sriov_logical_PIF_of"):
		return fail("CANNOT_FORGET_SRIOV_LOGICAL", pif)
	}
	return nil
}

// pifIntroduce is PIF.introduce(host, MAC, device, managed). xapi: an address that is left out is the card's.
func pifIntroduce(c *call) (any, error) {
	host, mac, device, made := c.str(0), strings.ToLower(c.str(1)), c.str(2), nullRef
	if err := c.atHost(host); err != nil {
		return nil, err
	}
	err := c.update(func(t *tx) error {
		known := t.devicesOf(host)
		cards := t.cardsOf(host)
		i := slices.IndexFunc(cards, func(x card) bool { return x.device == device })
		if mac == "" && i >= 0 {
			mac = cards[i].mac
		}
		if mac == "" && known[device] != "" {
			mac = t.str("PIF", known[device], "MAC")
		}
		switch {
		case !macForm.MatchString(mac):
			return fail("MAC_INVALID", mac)
		case known[device] != "":
			return fail("DUPLICATE_PIF_DEVICE_NAME", device)
		case i < 0 || cards[i].mac != mac:
			return fail("COULD_NOT_FIND_NETWORK_INTERFACE_WITH_SPECIFIED_DEVICE_NAME_AND_MAC_ADDRESS", device, mac)
		}
		made = t.findCard(host, cards[i], c.flag(3))
		return nil
	})
	return made, err
}

// devicesOf names the physical interfaces of a host that the database knows.
func (t *tx) devicesOf(host string) map[string]string {
	known := map[string]string{}
	for _, pif := range t.strs("host", host, "PIFs") {
		if t.flag("PIF", pif, "physical") {
			known[t.str("PIF", pif, "device")] = pif
		}
	}
	return known
}

// findCard makes the interface of a card that the database had forgotten, on the network that it was on.
func (t *tx) findCard(host string, found card, managed bool) string {
	t.life.pool.cards[host] = slices.DeleteFunc(t.life.pool.cards[host], func(x card) bool { return x == found })
	network := found.network
	if !t.exists("network", network) {
		network = t.create("network", values{
			"bridge": "xenbr" + strings.TrimPrefix(found.device, "eth"), "MTU": int64(1500), "managed": true,
			"name_label": "Pool-wide network associated with " + found.device,
		})
	}
	metrics := t.create("PIF_metrics", values{"carrier": true})
	return t.create("PIF", values{
		"device": found.device, "network": network, "host": host, "MAC": found.mac, "MTU": int64(1500), "VLAN": int64(-1),
		"metrics": metrics, "physical": true, "managed": managed, "currently_attached": false, "ip_configuration_mode": "None", "ipv6_configuration_mode": "None",
		"primary_address_type": "IPv4", "properties": mapOf("gro", "on"),
	})
}

// pifScan is PIF.scan: every card of the host has an interface afterwards.
func pifScan(c *call) (any, error) {
	if err := c.atHost(c.str(0)); err != nil {
		return nil, err
	}
	return nil, c.update(func(t *tx) error {
		for _, found := range t.cardsOf(c.str(0)) {
			t.findCard(c.str(0), found, true)
		}
		return nil
	})
}

// atHost sends a call to a host, which has to be there.
func (c *call) atHost(host string) error {
	if err := c.view(func(t *tx) error { return t.must("host", host) }); err != nil {
		return err
	}
	if err := c.contact(host); err != nil {
		return err
	}
	c.forwardTo(host)
	return nil
}

// pifDBIntroduce is PIF.db_introduce: the row of an interface as the caller has it, which need not exist.
func pifDBIntroduce(c *call) (any, error) {
	made := nullRef
	err := c.update(func(t *tx) error {
		v := values{"bond_slave_of": nullRef, "currently_attached": false, "metrics": t.create("PIF_metrics", values{})}
		for i, p := range c.message.Params[1:] {
			if p.Name != "bond_slave_of" {
				v[p.Name] = c.params[i]
			}
		}
		made = t.create("PIF", v)
		return nil
	})
	return made, err
}
