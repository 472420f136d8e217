package simulator

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestManagement: a host is managed by an interface that has an address, and the master's moves last.
func TestManagement(t *testing.T) {
	p := Start(t, Model{Hosts: 2, VMs: -1})
	w := login1(t, p)
	one, two := cardOf(p, "xen-1", "eth1"), cardOf(p, "xen-2", "eth1")
	network := w.must("PIF.get_network", one).(string)
	if got := w.refused("host.management_reconfigure", two); got != "PIF_HAS_NO_NETWORK_CONFIGURATION | "+two {
		t.Errorf("an interface without an address: %q", got)
	}
	if got := w.refused("pool.management_reconfigure", network); !strings.HasPrefix(got, "PIF_HAS_NO_NETWORK_CONFIGURATION") {
		t.Errorf("a network without addresses: %q", got)
	}
	empty := newNetwork(w, "empty")
	if got := w.refused("pool.management_reconfigure", empty); !strings.HasPrefix(got, "PIF_NOT_PRESENT") {
		t.Errorf("a network that nobody is on: %q", got)
	}
	w.must("PIF.reconfigure_ip", one, "Static", "10.1.0.1", "255.255.255.0", "", "")
	w.must("PIF.reconfigure_ip", two, "Static", "10.1.0.2", "255.255.255.0", "", "")
	w.must("event.register", Set{"pif"})
	w.must("pool.management_reconfigure", network)
	var last string
	for _, e := range w.must("event.next").(Set) {
		last = field(field(e, "snapshot"), "host").(string)
	}
	if last != p.member("xen-1").host {
		t.Error("the master has not moved last")
	}
	if got := w.must("host.get_management_interface", p.member("xen-2").host); got != two {
		t.Errorf("xen-2 is managed by %v", got)
	}
	w.must("host.management_disable")
	if got := w.refused("host.get_management_interface", p.member("xen-1").host); got != "INTERNAL_ERROR | Not_found" {
		t.Errorf("a host that nobody manages: %q", got)
	}
	if got := w.refused("host.local_management_reconfigure", "xenbr1"); got != "POOL_NOT_IN_EMERGENCY_MODE" {
		t.Errorf("outside emergency mode: %q", got)
	}
}

// TestHostname: what is a name of a host, and who else bears it.
func TestHostname(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: -1})
	w, host := login1(t, p), p.member("xen-1").host
	for name, want := range map[string]string{
		"": "hostname empty", strings.Repeat("x", 256): "hostname is too long", "-x": "hostname contains invalid characters",
		"a_b": "hostname contains invalid characters",
	} {
		if got := w.refused("host.set_hostname_live", host, name); got != "HOST_NAME_INVALID | "+want {
			t.Errorf("%q: %q", name, got)
		}
	}
	w.must("host.set_hostname_live", host, "node-1.example")
	domain := w.must("host.get_control_domain", host)
	if got := w.must("VM.get_name_label", domain); got != "Control domain on host: node-1.example" {
		t.Errorf("its control domain is %v", got)
	}
}

// TestShellCloses: a shell that was opened for a time closes by itself, and one that was opened again later.
func TestShellCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{Hosts: 1, VMs: -1, Version: "26"})
		w, host := login1(t, p), p.member("xen-1").host
		open := func() any { return w.must("host.get_ssh_enabled", host) }
		if got := w.refused("host.set_ssh_enabled_timeout", host, shellLongest+1); !strings.HasPrefix(got, "VALUE_NOT_SUPPORTED | ssh_enabled_timeout | 172801") {
			t.Errorf("too long: %q", got)
		}
		w.must("host.set_ssh_enabled_timeout", host, 600)
		w.must("host.enable_ssh", host)
		time.Sleep(5 * time.Minute)
		w.must("host.enable_ssh", host)
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		if open() != true {
			t.Error("the first time closes a shell that was opened again")
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if open() != false {
			t.Error("the shell stays open")
		}
		w.must("pool.enable_ssh", w.must("pool.get_all").(Set)[0])
		w.must("pool.disable_ssh", w.must("pool.get_all").(Set)[0])
		if open() != false {
			t.Error("the pool's shells stay open")
		}
	})
}

// TestClockBySomebody: a host's clock is set only where no server sets it, and servers of one's own have to be there.
func TestClockBySomebody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{Hosts: 1, VMs: -1, Version: "26"})
		w, host := login1(t, p), p.member("xen-1").host
		noon := time.Now().UTC().Add(time.Hour).Truncate(time.Second)
		if got := w.refused("host.set_servertime", host, noon); got != "NOT_ALLOWED_WHEN_NTP_IS_ENABLED | "+host {
			t.Errorf("under NTP: %q", got)
		}
		if got := w.refused("host.set_ntp_mode", host, "Custom"); !strings.HasPrefix(got, "INVALID_NTP_CONFIG") {
			t.Errorf("without servers: %q", got)
		}
		w.must("host.set_ntp_custom_servers", host, Set{"10.0.0.9"})
		w.must("host.set_ntp_mode", host, "Custom")
		if got := text(w.must("host.get_ntp_servers_status", host).(Map), "10.0.0.9"); got != "synced" {
			t.Errorf("the server is %s", got)
		}
		w.must("host.set_ntp_mode", host, "Disabled")
		w.must("host.set_servertime", host, noon)
		if got := w.must("host.get_servertime", host); got != noon.Format("20060102T15:04:05Z") {
			t.Errorf("the clock shows %v", got)
		}
		if got := w.refused("host.set_timezone", host, "Mars/Base"); got != "INVALID_VALUE | timezone | Mars/Base" {
			t.Errorf("no zone: %q", got)
		}
	})
}

// TestLocalCache: only a host out of use, with an SR of its own whose driver can.
func TestLocalCache(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: -1})
	w, host := login1(t, p), p.member("xen-1").host
	var local string
	p.view(func(x *tx) { local = x.find("SR", "type", "ext")[0] })
	if got := w.refused("host.enable_local_storage_caching", host, local); got != "HOST_NOT_DISABLED" {
		t.Errorf("an enabled host: %q", got)
	}
	w.must("host.disable", host)
	if got := w.refused("host.enable_local_storage_caching", host, local); got != "SR_OPERATION_NOT_SUPPORTED | "+local {
		t.Errorf("a driver that cannot: %q", got)
	}
	p.view(func(x *tx) {
		x.set("SM", x.find("SM", "type", "ext")[0], "capabilities", setOf("SR_SUPPORTS_LOCAL_CACHING"))
	})
	w.must("pool.enable_local_storage_caching", w.must("pool.get_all").(Set)[0])
	if w.must("host.get_local_cache_sr", host) != local || w.must("SR.get_local_cache_enabled", local) != true {
		t.Error("the host has no cache")
	}
	w.must("host.disable_local_storage_caching", host)
	if w.must("SR.get_local_cache_enabled", local) != false {
		t.Error("the cache stays")
	}
	for _, c := range [][2]string{{"host.disable_display", "disable_on_reboot"}, {"host.disable_display", "disable_on_reboot"}, {"host.enable_display", "enabled"}} {
		if got := w.must(c[0], host); got != c[1] {
			t.Errorf("%s answers %v, want %s", c[0], got, c[1])
		}
	}
}

// TestEditions: a host is of one edition, which is applied again without harm.
func TestEditions(t *testing.T) {
	p := Start(t, Model{Hosts: 2, VMs: -1})
	w, host := login1(t, p), p.member("xen-2").host
	pool := w.must("pool.get_all").(Set)[0]
	if got := w.refused("host.apply_edition", host, "premium", false); got != "INVALID_EDITION | premium" {
		t.Errorf("another edition: %q", got)
	}
	w.must("host.apply_edition", host, "xcp-ng", false)
	if got := w.must("pool.get_license_state", pool).(Map); text(got, "edition") != "xcp-ng" || text(got, "expiry") != "never" {
		t.Errorf("the pool's licence: %v", got)
	}
	if got := w.refused("host.license_add", host, "!"); got != "LICENSE_PROCESSING_ERROR" {
		t.Errorf("what is no licence: %q", got)
	}
}
