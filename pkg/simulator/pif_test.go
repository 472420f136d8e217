package simulator

import (
	"strings"
	"testing"
)

// cardOf is an interface of a host by device.
func cardOf(p *Pool, host, device string) (pif string) {
	p.view(func(x *tx) {
		for _, ref := range x.strs("host", p.member(host).host, "PIFs") {
			if x.str("PIF", ref, "device") == device {
				pif = ref
			}
		}
	})
	return pif
}

// newNetwork is a network that nobody is on.
func newNetwork(w *wire, name string) string {
	w.t.Helper()
	return w.must("network.create", Map{{Key: "name_label", Value: name}, {Key: "other_config", Value: Map{}}}).(string)
}

// TestAddresses: what is no address is refused, with the parameter that is wrong; what is one is written.
func TestAddresses(t *testing.T) {
	p := Start(t, Model{Hosts: 2, VMs: -1})
	w := login1(t, p)
	management, guests := cardOf(p, "xen-2", "eth0"), cardOf(p, "xen-2", "eth1")
	for _, c := range []struct{ name, got, want string }{
		{"no IP", w.refused("PIF.reconfigure_ip", guests, "Static", "", "255.255.255.0", "", ""), "INVALID_IP_ADDRESS_SPECIFIED | IP"},
		{"IPv6", w.refused("PIF.reconfigure_ip", guests, "Static", "::1", "255.255.255.0", "", ""), "INVALID_IP_ADDRESS_SPECIFIED | IP"},
		{"no netmask", w.refused("PIF.reconfigure_ip", guests, "Static", "10.1.0.2", "", "", ""), "INVALID_IP_ADDRESS_SPECIFIED | netmask"},
		{"gateway", w.refused("PIF.reconfigure_ip", guests, "DHCP", "", "", "x", ""), "INVALID_IP_ADDRESS_SPECIFIED | gateway"},
		{"DNS", w.refused("PIF.reconfigure_ip", guests, "DHCP", "", "", "", "10.0.0.1,x"), "INVALID_IP_ADDRESS_SPECIFIED | DNS"},
		{"none", w.refused("PIF.reconfigure_ip", management, "None", "", "", "", ""), "PIF_IS_MANAGEMENT_INTERFACE | " + management},
		{"prefix", w.refused("PIF.reconfigure_ipv6", guests, "Static", "fe80::1", "", ""), "INVALID_IP_ADDRESS_SPECIFIED | Prefix length must be specified (format: <ipv6>/<prefix>"},
		{"length", w.refused("PIF.reconfigure_ipv6", guests, "Static", "fe80::1/129", "", ""), "INVALID_IP_ADDRESS_SPECIFIED | Prefix length must be between 0 and 128"},
		{"type", w.refused("PIF.set_primary_address_type", management, "IPv6"), "PIF_IS_MANAGEMENT_INTERFACE | " + management},
		{"property", w.refused("PIF.set_property", guests, "gro", "maybe"), "INVALID_VALUE | properties | gro = maybe"},
	} {
		if c.got != c.want {
			t.Errorf("%s answers %q, want %q", c.name, c.got, c.want)
		}
	}
	w.must("PIF.reconfigure_ip", guests, "Static", "10.1.0.2", "255.255.255.0", "10.1.0.1", "10.1.0.1")
	if r := w.must("PIF.get_record", guests); field(r, "IP") != "10.1.0.2" || field(r, "DNS") != "10.1.0.1" || field(r, "currently_attached") != true {
		t.Errorf("the interface is %v", r)
	}
	w.must("PIF.reconfigure_ip", management, "DHCP", "", "", "", "")
	if got := w.must("PIF.get_IP", management); got != "10.0.0.2" {
		t.Errorf("a lease gives %v", got)
	}
}

// TestReconfigureInOrder: an interface that is up goes down and comes up, after everything else is written.
func TestReconfigureInOrder(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: -1})
	w, pif := login1(t, p), cardOf(p, "xen-1", "eth1")
	w.must("event.register", Set{"pif"})
	w.must("PIF.reconfigure_ip", pif, "Static", "10.1.0.2", "255.255.255.0", "", "")
	var order []string
	before := Map{}
	for _, e := range w.must("event.next").(Set) {
		snapshot := field(e, "snapshot").(Map)
		for _, name := range []string{"ip_configuration_mode", "IP", "netmask", "currently_attached"} {
			if old, _ := before.Get(name); len(before) > 0 && old != field(snapshot, name) {
				order = append(order, name)
			}
		}
		before = snapshot
	}
	if got := strings.Join(order, " "); got != "IP netmask currently_attached currently_attached" {
		t.Errorf("after the mode the writes are %s", got)
	}
}

// TestForgottenCard: a card that is forgotten is found again, by hand or by a scan.
func TestForgottenCard(t *testing.T) {
	p := Start(t, Model{Hosts: 2, VMs: -1})
	w, host := login1(t, p), p.member("xen-2").host
	pif := cardOf(p, "xen-2", "eth1")
	mac := w.must("PIF.get_MAC", pif).(string)
	if got := w.refused("PIF.introduce", host, mac, "eth1", true); got != "DUPLICATE_PIF_DEVICE_NAME | eth1" {
		t.Errorf("a card that is known: %q", got)
	}
	if got := w.refused("PIF.forget", cardOf(p, "xen-2", "eth0")); !strings.HasPrefix(got, "PIF_IS_MANAGEMENT_INTERFACE") {
		t.Errorf("the card that a member is managed by: %q", got)
	}
	w.must("PIF.forget", pif)
	for _, c := range []struct{ got, want string }{
		{w.refused("PIF.introduce", host, "x", "eth1", true), "MAC_INVALID | x"},
		{w.refused("PIF.introduce", host, "02:00:00:00:00:01", "eth1", true), "COULD_NOT_FIND_NETWORK_INTERFACE_WITH_SPECIFIED_DEVICE_NAME_AND_MAC_ADDRESS | eth1 | 02:00:00:00:00:01"},
	} {
		if c.got != c.want {
			t.Errorf("introducing answers %q, want %q", c.got, c.want)
		}
	}
	w.must("PIF.forget", w.must("PIF.introduce", host, strings.ToUpper(mac), "eth1", true))
	w.must("PIF.scan", host)
	again := cardOf(p, "xen-2", "eth1")
	if again == "" || w.must("PIF.get_MAC", again) != mac || w.must("PIF.get_currently_attached", again) != false {
		t.Errorf("a scan finds %v of %s", w.must("PIF.get_record", again), mac)
	}
	w.must("PIF.plug", again)
	w.must("PIF.scan", host)
	if got := len(w.must("host.get_PIFs", host).(Set)); got != 2 {
		t.Errorf("after another scan the host has %d cards", got)
	}
}

// TestPoolVLANs: a VLAN on every host or, where one host cannot, on none.
func TestPoolVLANs(t *testing.T) {
	p := Start(t, Model{Hosts: 3, VMs: -1})
	w := login1(t, p)
	network := newNetwork(w, "storage")
	made := w.must("pool.create_VLAN_from_PIF", cardOf(p, "xen-1", "eth1"), network, 12).(Set)
	if len(made) != 3 {
		t.Fatalf("made %v", made)
	}
	for _, pif := range wordsOf(made) {
		if r := w.must("PIF.get_record", pif); field(r, "VLAN") != "12" || field(r, "currently_attached") != true || field(r, "MAC") != vlanMAC {
			t.Errorf("an interface of it is %v", r)
		}
	}
	other := newNetwork(w, "backup")
	w.must("VLAN.create", cardOf(p, "xen-2", "eth1"), 13, other)
	if got := w.refused("pool.create_VLAN", "eth1", other, 14); !strings.HasPrefix(got, "NETWORK_ALREADY_CONNECTED") {
		t.Errorf("a VLAN that one host has: %q", got)
	}
	if got := len(w.must("VLAN.get_all").(Set)); got != 4 {
		t.Errorf("there are %d VLANs", got)
	}
	if got := w.refused("pool.create_VLAN", "eth7", other, 15); got != "INVALID_VALUE | device | eth7" {
		t.Errorf("a device that no host has: %q", got)
	}
}
