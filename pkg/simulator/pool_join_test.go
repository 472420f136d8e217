package simulator

import (
	"testing"
	"testing/synctest"
	"time"
)

// leaver ejects xen-3 and logs in at the pool of one that it becomes.
func leaver(t *testing.T, p *Pool) *wire {
	t.Helper()
	w := login1(t, p)
	host := hostRefOf(p, "xen-3")
	w.must("host.disable", host)
	w.must("host.evacuate", host)
	w.must("pool.eject", host)
	time.Sleep(fuseTime + time.Minute)
	alone := dial(t, p, "10.0.0.3")
	alone.login()
	return alone
}

// What a host has of its own comes along when it joins: under new references, with the old uuids.
func TestJoinBringsStorageAndGuests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 5})
		alone := leaver(t, p)
		sr := alone.must("SR.get_by_name_label", "Local storage").(Set)[0]
		template := alone.must("VM.get_by_name_label", "Other install media").(Set)[0]
		vm := alone.must("VM.clone", template, "guest")
		alone.must("VM.provision", vm)
		vdi := alone.must("VDI.create", newDisk(sr.(string), gib))
		alone.must("VBD.create", Map{
			{Key: "VM", Value: vm},
			{Key: "VDI", Value: vdi},
			{Key: "userdevice", Value: "0"},
			{Key: "bootable", Value: true},
			{Key: "mode", Value: "RW"},
			{Key: "type", Value: "Disk"},
			{Key: "unpluggable", Value: true},
			{Key: "empty", Value: false},
			{Key: "other_config", Value: Map{}},
			{Key: "qos_algorithm_type", Value: ""},
			{Key: "qos_algorithm_params", Value: Map{}},
		})
		uuids := map[string]any{"VM": alone.must("VM.get_uuid", vm), "VDI": alone.must("VDI.get_uuid", vdi), "SR": alone.must("SR.get_uuid", sr)}
		alone.must("pool.join", "10.0.0.1", "root", "xenroot")
		time.Sleep(time.Minute)

		w := login1(t, p)
		there := map[string]any{}
		for class, uuid := range uuids {
			there[class] = w.must(class+".get_by_uuid", uuid)
		}
		if there["VM"] == vm || there["VDI"] == vdi || there["SR"] == sr {
			t.Errorf("references are as before: %v", there)
		}
		vbd := w.must("VM.get_VBDs", there["VM"]).(Set)
		if len(vbd) != 1 || w.must("VBD.get_VDI", vbd[0]) != there["VDI"] || w.must("VDI.get_SR", there["VDI"]) != there["SR"] {
			t.Errorf("the guest's disks are %v", vbd)
		}
		host := w.must("host.get_by_uuid", p.member("xen-3").hostUUID)
		pbd := w.must("SR.get_PBDs", there["SR"]).(Set)
		if len(pbd) != 1 || w.must("PBD.get_host", pbd[0]) != host || w.must("PBD.get_currently_attached", pbd[0]) != true {
			t.Errorf("the storage is plugged by %v", pbd)
		}
		w.must("VM.start_on", there["VM"], host, false, false)
		checkInvariants(t, p)
	})
}

// A host is refused with xapi's own words, and all is as before.
func TestJoinChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 5})
		if got := login1(t, p).refused("pool.join", "10.0.0.1", "root", "xenroot"); got != "OPERATION_NOT_ALLOWED | Host is already part of a pool" {
			t.Error(got)
		}
		alone := leaver(t, p)
		host := hostRefOf(p, "xen-3")
		own := func(class, ref, field string, v any) (undo func()) {
			p.mu.Lock()
			defer p.mu.Unlock()
			x := &tx{life: p.member("xen-3").life}
			was := x.get(class, ref, field)
			x.set(class, ref, field, v)
			return func() { p.mu.Lock(); defer p.mu.Unlock(); x.set(class, ref, field, was) }
		}
		template := alone.must("VM.get_by_name_label", "Other install media").(Set)[0]
		guest := alone.must("VM.clone", template, "guest").(string)
		sr := alone.must("SR.get_by_name_label", "Local storage").(Set)[0].(string)
		for _, c := range []struct {
			method, class, ref, field string
			value                     any
			want                      string
		}{
			{"pool.join", "VM", guest, "power_state", running, "JOINING_HOST_CANNOT_HAVE_RUNNING_VMS"},
			{"pool.join", "VM", guest, "current_operations", mapOf("x", "start"), "JOINING_HOST_CANNOT_HAVE_VMS_WITH_CURRENT_OPERATIONS"},
			{"pool.join_force", "host", host, "software_version", mapOf("platform_version", "1"), "POOL_HOSTS_NOT_COMPATIBLE"},
			{"pool.join", "host", host, "cpu_info", mapOf("vendor", "AuthenticAMD"), "POOL_HOSTS_NOT_HOMOGENEOUS | CPUs differ"},
			{"pool.join_force", "SR", sr, "shared", true, "JOINING_HOST_CANNOT_CONTAIN_SHARED_SRS"},
			{"pool.join", "host", host, "external_auth_type", "AD", "POOL_JOINING_EXTERNAL_AUTH_MISMATCH"},
			{"pool.join", "host", host, "API_version_minor", int64(20), "POOL_JOINING_HOST_MUST_HAVE_SAME_API_VERSION | 2.20 | 2.21"},
			{"pool.join", "pool", alone.must("pool.get_all").(Set)[0].(string), "ha_enabled", true, "HA_IS_ENABLED"},
		} {
			undo := own(c.class, c.ref, c.field, c.value)
			if got := alone.refused(c.method, "10.0.0.1", "root", "xenroot"); got != c.want {
				t.Errorf("%s with another %s is refused with %s, want %s", c.method, c.field, got, c.want)
			}
			undo()
		}
		if got := alone.refused("pool.join", "10.0.0.3", "root", "xenroot"); got != "OPERATION_NOT_ALLOWED | Host cannot become slave of itself" {
			t.Error(got)
		}
		if got := alone.refused("pool.join", "10.9.9.9", "root", "xenroot"); got != "JOINING_HOST_CONNECTION_FAILED" {
			t.Error(got)
		}
		undo := own("host", host, "cpu_info", mapOf("vendor", "AuthenticAMD"))
		alone.must("pool.join_force", "10.0.0.1", "root", "xenroot")
		undo()
	})
}
