package simulator

import (
	"strings"
	"testing"
)

// bondable is a pool and a network that nobody is on.
func bondable(t *testing.T) (p *Pool, w *wire, network string, cards Set) {
	t.Helper()
	p = Start(t, Model{Hosts: 2, VMs: 2})
	w = login1(t, p)
	network = newNetwork(w, "bond")
	return p, w, network, Set{cardOf(p, "xen-1", "eth0"), cardOf(p, "xen-1", "eth1")}
}

// TestBond: the address, the management and the VMs of a host move up to its bond, and down again.
func TestBond(t *testing.T) {
	p, w, network, cards := bondable(t)
	first, second := cards[0].(string), cards[1].(string)
	below := w.must("PIF.get_network", second).(string)
	tag := newNetwork(w, "vlan")
	vlan := w.must("VLAN.create", second, 9, tag).(string)
	bond := w.must("Bond.create", network, cards, "", "lacp", Map{}).(string)
	r := w.must("Bond.get_record", bond)
	master := field(r, "master").(string)
	if field(r, "primary_slave") != first || field(r, "links_up") != "2" || text(field(r, "properties").(Map), "lacp-time") != "slow" {
		t.Errorf("the bond is %v", r)
	}
	up := w.must("PIF.get_record", master)
	if field(up, "IP") != "10.0.0.1" || field(up, "management") != true || field(up, "currently_attached") != true || field(up, "device") != "bond0" {
		t.Errorf("its interface is %v", up)
	}
	if down := w.must("PIF.get_record", first); field(down, "IP") != "" || field(down, "management") != false || field(down, "bond_slave_of") != bond {
		t.Errorf("its member is %v", down)
	}
	if got := w.refused("VLAN.get_record", vlan); !strings.HasPrefix(got, "HANDLE_INVALID") {
		t.Errorf("the VLAN of a member: %q", got)
	}
	if moved := w.must("PIF.get_VLAN_slave_of", master).(Set); len(moved) != 1 {
		t.Errorf("the bond has the VLANs %v", moved)
	}
	on := func(network string) (n int) {
		p.view(func(x *tx) {
			for _, vif := range x.strs("network", network, "VIFs") {
				if x.str("VM", x.str("VIF", vif, "VM"), "resident_on") == p.member("xen-1").host {
					n++
				}
			}
		})
		return n
	}
	guests := on(network)
	if guests == 0 || on(below) != 0 {
		t.Errorf("of the guests of xen-1 %d are on the bond and %d below", guests, on(below))
	}
	for _, c := range []struct{ got, want string }{
		{w.refused("PIF.plug", second), "CANNOT_PLUG_BOND_SLAVE | " + second},
		{w.refused("PIF.forget", second), "PIF_ALREADY_BONDED | " + second},
		{w.refused("VLAN.create", second, 10, tag), "CANNOT_ADD_VLAN_TO_BOND_SLAVE | " + second},
		{w.refused("Bond.set_property", bond, "lacp-time", "now"), "INVALID_VALUE | properties | lacp-time = now"},
	} {
		if c.got != c.want {
			t.Errorf("answers %q, want %q", c.got, c.want)
		}
	}
	w.must("Bond.set_property", bond, "lacp-time", "fast")
	w.must("Bond.set_mode", bond, "active-backup")
	if got := w.must("Bond.get_properties", bond).(Map); len(got) != 0 {
		t.Errorf("a bond of another mode has %v", got)
	}
	w.must("Bond.destroy", bond)
	if back := w.must("PIF.get_record", first); field(back, "IP") != "10.0.0.1" || field(back, "management") != true || field(back, "bond_slave_of") != nullRef {
		t.Errorf("the member has become %v", back)
	}
	if got := w.must("network.get_PIFs", network).(Set); len(got) != 0 {
		t.Errorf("the bond has left %v", got)
	}
}

// TestBondRefused: xapi's checks, in its order.
func TestBondRefused(t *testing.T) {
	p, w, network, cards := bondable(t)
	other := cardOf(p, "xen-2", "eth1")
	onto := w.must("PIF.get_network", cards[0]).(string)
	for _, c := range []struct{ name, got, want string }{
		{"no member", w.refused("Bond.create", network, Set{}, "", "lacp", Map{}), "PIF_BOND_NEEDS_MORE_MEMBERS"},
		{"network taken", w.refused("Bond.create", onto, cards, "x", "lacp", Map{}), "NETWORK_ALREADY_CONNECTED"},
		{"MAC", w.refused("Bond.create", network, cards, "x", "lacp", mapOf("a", "b")), "MAC_INVALID | x"},
		{"property", w.refused("Bond.create", network, cards, "", "balance-slb", mapOf("lacp-time", "slow")), "INVALID_VALUE | properties | lacp-time = slow"},
		{"two hosts", w.refused("Bond.create", network, Set{cards[0], other}, "", "lacp", Map{}), "PIF_CANNOT_BOND_CROSS_HOST"},
		{"nobody", w.refused("Bond.create", network, Set{cards[0], "OpaqueRef:x"}, "", "lacp", Map{}), "HANDLE_INVALID | PIF | OpaqueRef:x"},
	} {
		if !strings.HasPrefix(c.got, c.want) {
			t.Errorf("%s answers %q, want %q", c.name, c.got, c.want)
		}
	}
	w.must("PIF.reconfigure_ip", cards[1], "Static", "10.1.0.1", "255.255.255.0", "", "")
	if got := w.refused("Bond.create", network, cards, "", "lacp", Map{}); got != "PIF_BOND_MORE_THAN_ONE_IP" {
		t.Errorf("two addresses: %q", got)
	}
}

// TestTunnel: its interface is up while the one below is and has an address.
func TestTunnel(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: -1})
	w := login1(t, p)
	network := newNetwork(w, "private")
	below := cardOf(p, "xen-1", "eth1")
	tunnel := w.must("tunnel.create", below, network, "vxlan").(string)
	access := w.must("tunnel.get_access_PIF", tunnel).(string)
	if got := w.refused("PIF.plug", access); got != "TRANSPORT_PIF_NOT_CONFIGURED | "+below {
		t.Errorf("without an address below: %q", got)
	}
	w.must("PIF.reconfigure_ip", below, "Static", "10.1.0.1", "255.255.255.0", "", "")
	w.must("PIF.plug", access)
	if got := text(w.must("tunnel.get_status", tunnel).(Map), "active"); got != "true" {
		t.Errorf("a plugged tunnel is active: %s", got)
	}
	if got := w.refused("tunnel.create", access, network, "gre"); got != "IS_TUNNEL_ACCESS_PIF | "+access {
		t.Errorf("a tunnel over a tunnel: %q", got)
	}
	w.must("PIF.unplug", below)
	if w.must("PIF.get_currently_attached", access) != false || text(w.must("tunnel.get_status", tunnel).(Map), "active") != "false" {
		t.Error("the tunnel is up over an interface that is down")
	}
	w.must("tunnel.destroy", tunnel)
	w.must("network.destroy", network)
}
