package simulator

import (
	"net/netip"
	"strconv"
	"strings"
)

// pifAddresses are the calls that configure interfaces.
func pifAddresses() map[string]behaviour {
	return map[string]behaviour{
		"PIF.reconfigure_ip":           pifReconfigureIP,
		"PIF.reconfigure_ipv6":         pifReconfigureIPv6,
		"PIF.set_primary_address_type": pifSetPrimaryAddressType,
		"PIF.set_property":             pifSetProperty,
	}
}

// addressFits refuses a text that is no IP address of a family: IPv4 or IPv6; "": any.
func addressFits(family, parameter, text string) error {
	address, err := netip.ParseAddr(text)
	if err != nil || family == "IPv4" && !address.Is4() || family == "IPv6" && !address.Is6() {
		return fail("INVALID_IP_ADDRESS_SPECIFIED", parameter)
	}
	return nil
}

// ipv4Request is what PIF.reconfigure_ip is asked for.
type ipv4Request struct{ mode, address, netmask, gateway, dns string }

// check is xapi's: a static address needs all of itself, and whatever is given must be an address.
func (r ipv4Request) check() error {
	for _, p := range []struct {
		name, value string
		needed      bool
	}{
		{"IP", r.address, r.mode == "Static"},
		{"netmask", r.netmask, r.mode == "Static"},
		{"gateway", r.gateway, false},
	} {
		if p.value == "" && !p.needed {
			continue
		}
		if err := addressFits("IPv4", p.name, p.value); err != nil {
			return err
		}
	}
	return dnsFits(r.dns)
}

// dnsFits refuses a list of name servers, parted by commas, that holds anything but addresses.
func dnsFits(list string) error {
	if list == "" {
		return nil
	}
	for server := range strings.SplitSeq(list, ",") {
		if err := addressFits("", "DNS", server); err != nil {
			return err
		}
	}
	return nil
}

// pifReconfigureIP is PIF.reconfigure_ip(self, mode, IP, netmask, gateway, DNS). An interface that is up goes down and comes
// up again. A server for DHCP gives the management interface the address that it has, and others none.
func pifReconfigureIP(c *call) (any, error) {
	r := ipv4Request{c.str(1), c.str(2), c.str(3), c.str(4), c.str(5)}
	return nil, c.onPIF(func(t *tx, pif string) error {
		if err := t.unprotected(pif); err != nil {
			return err
		}
		if err := r.check(); err != nil {
			return err
		}
		management := t.flag("PIF", pif, "management")
		if management && r.mode == "None" && t.str("PIF", pif, "primary_address_type") == "IPv4" {
			return fail("PIF_IS_MANAGEMENT_INTERFACE", pif)
		}
		leased, mask := t.str("PIF", pif, "IP"), t.str("PIF", pif, "netmask")
		t.set("PIF", pif, "ip_configuration_mode", r.mode)
		t.set("PIF", pif, "IP", r.address)
		t.set("PIF", pif, "netmask", r.netmask)
		t.set("PIF", pif, "gateway", r.gateway)
		if r.dns != "" {
			t.set("PIF", pif, "DNS", r.dns)
		}
		if t.flag("PIF", pif, "currently_attached") {
			t.set("PIF", pif, "currently_attached", false)
			t.linkUp(pif)
			if management && r.mode == "DHCP" {
				t.set("PIF", pif, "IP", leased)
				t.set("PIF", pif, "netmask", mask)
			}
		}
		return nil
	})
}

// pifReconfigureIPv6 is PIF.reconfigure_ipv6(self, mode, IPv6, gateway, DNS).
func pifReconfigureIPv6(c *call) (any, error) {
	mode, address, gateway, dns := c.str(1), c.str(2), c.str(3), c.str(4)
	return nil, c.onPIF(func(t *tx, pif string) error {
		if err := t.unprotected(pif); err != nil {
			return err
		}
		if gateway != "" {
			if err := addressFits("IPv6", "gateway", gateway); err != nil {
				return err
			}
		}
		if err := prefixFits(address); err != nil {
			return err
		}
		if err := dnsFits(dns); err != nil {
			return err
		}
		if t.flag("PIF", pif, "management") && mode == "None" && t.str("PIF", pif, "primary_address_type") == "IPv6" {
			return fail("PIF_IS_MANAGEMENT_INTERFACE", pif)
		}
		t.set("PIF", pif, "ipv6_configuration_mode", mode)
		t.set("PIF", pif, "ipv6_gateway", gateway)
		t.set("PIF", pif, "IPv6", setOf(address))
		if dns != "" {
			t.set("PIF", pif, "DNS", dns)
		}
		if t.flag("PIF", pif, "currently_attached") {
			t.set("PIF", pif, "currently_attached", false)
			t.linkUp(pif)
		}
		return nil
	})
}

// prefixFits refuses an IPv6 address that lacks the length of its prefix, and one that is none. xapi: the parameter of the
// error says what is missing.
func prefixFits(text string) error {
	if text == "" {
		return nil
	}
	address, length, ok := strings.Cut(text, "/")
	if !ok {
		return fail("INVALID_IP_ADDRESS_SPECIFIED", "Prefix length must be specified (format: <ipv6>/<prefix>")
	}
	if err := addressFits("IPv6", "IPv6", address); err != nil {
		return err
	}
	switch n, err := strconv.Atoi(length); {
	case err != nil:
		return fail("INVALID_IP_ADDRESS_SPECIFIED", "Cannot parse prefix length '"+length+"'")
	case n < 0 || n > 128:
		return fail("INVALID_IP_ADDRESS_SPECIFIED", "Prefix length must be between 0 and 128")
	}
	return nil
}

// pifSetPrimaryAddressType is PIF.set_primary_address_type. xapi: not of the management interface.
func pifSetPrimaryAddressType(c *call) (any, error) {
	return nil, c.onPIF(func(t *tx, pif string) error {
		if err := t.unprotected(pif); err != nil {
			return err
		}
		if t.flag("PIF", pif, "management") {
			return fail("PIF_IS_MANAGEMENT_INTERFACE", pif)
		}
		t.set("PIF", pif, "primary_address_type", c.str(1))
		return nil
	})
}

// pifSetProperty is PIF.set_property. xapi: there is one property, gro, of interfaces that are no VLAN and no tunnel; those
// that stand on this one have it too.
func pifSetProperty(c *call) (any, error) {
	name, value := c.str(1), c.str(2)
	return nil, c.onPIF(func(t *tx, pif string) error {
		if name != "gro" || value != "on" && value != "off" {
			return fail("INVALID_VALUE", "properties", name+" = "+value)
		}
		if t.num("PIF", pif, "VLAN") >= 0 || len(t.members("PIF", pif, "tunnel_access_PIF_of")) > 0 {
			return fail("CANNOT_CHANGE_PIF_PROPERTIES", pif)
		}
		above := append([]string{pif}, t.bondMembers(pif)...)
		for _, vlan := range t.strs("PIF", pif, "VLAN_slave_of") {
			above = append(above, t.str("VLAN", vlan, "untagged_PIF"))
		}
		for _, tunnel := range t.strs("PIF", pif, "tunnel_transport_PIF_of") {
			above = append(above, t.str("tunnel", tunnel, "access_PIF"))
		}
		for _, p := range above {
			t.set("PIF", p, "properties", withKey(t.dict("PIF", p, "properties"), name, value))
		}
		return nil
	})
}
