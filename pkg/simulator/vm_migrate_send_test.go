package simulator

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestMigrateSend: within the pool a VM moves with VM.migrate_send, its disks stay; what cannot be is refused.
func TestMigrateSend(t *testing.T) {
	p, w := recordedPool(t, Model{})
	ref, names := namesOf(p)
	management, front := "", ""
	p.view(func(x *tx) {
		management, front = x.find("network", "bridge", "xenbr0")[0], x.find("network", "name_label", "front")[0]
	})
	dest := w.must("host.migrate_receive", ref("xen-3"), management, Map{}).(Map)
	if got := w.refused("host.migrate_receive", ref("xen-3"), front, Map{}); got[:20] != "INTERFACE_HAS_NO_IP " {
		t.Errorf("a network without an address answers %q", got)
	}
	disk, _, vif := devicesOf(p, "web1")
	halfDisk, _, _ := devicesOf(p, "web5")
	local, shared, plain := "", "", ""
	p.view(func(x *tx) {
		shared = x.str("VDI", disk, "SR")
		x.create("SM", values{"type": "plain", "capabilities": setOf("VDI_CREATE", "VDI_SNAPSHOT")})
		plain = x.create("SR", values{"type": "plain"})
	})
	local = localSR(p, "xen-1")
	stays := mapOf(disk, shared)
	for _, c := range []struct {
		vm          string
		dest        Map
		disks, vifs Map
		want        string
	}{
		{"notools", dest, Map{}, Map{}, "VM_LACKS_FEATURE | notools"},
		{"web1", dest, Map{}, Map{}, "VDI_NOT_IN_MAP | " + disk},
		{"web1", dest, mapOf(disk, "OpaqueRef:gone"), Map{}, "HANDLE_INVALID | SR | OpaqueRef:gone"},
		{"web1", dest, mapOf(disk, plain), Map{}, "SR_DOES_NOT_SUPPORT_MIGRATION | " + plain},
		{"web1", dest, mapOf(disk, local), Map{}, "VM_REQUIRES_SR | web1 | " + local},
		{"web1", dest, stays, mapOf(vif, front), "OPERATION_NOT_ALLOWED | VIF mapping is not allowed for intra-pool migration"},
		{"web1", mapOf("host", "OpaqueRef:x", "master", "http://10.9.9.9/"), Map{}, Map{}, "CANNOT_CONTACT_HOST | http://10.9.9.9/"},
	} {
		if got := names.Replace(w.refused("VM.assert_can_migrate", ref(c.vm), c.dest, true, c.disks, c.vifs, Map{})); got != c.want {
			t.Errorf("VM.assert_can_migrate answers %q, want %q", got, c.want)
		}
	}
	if got := w.refused("VM.migrate_send", ref("web1"), dest, true, stays, Map{}, mapOf("copy", "true")); got[:21] != "OPERATION_NOT_ALLOWED" {
		t.Errorf("a copy answers %q", got)
	}
	w.must("VM.assert_can_migrate", ref("web1"), dest, true, stays, Map{}, Map{})
	if got := w.must("VM.migrate_send", ref("web1"), dest, true, stays, Map{}, Map{}); got != ref("web1") || p.HostOf("web1") != "xen-3" {
		t.Errorf("web1 is %v on %s", got, p.HostOf("web1"))
	}
	w.must("VM.migrate_send", ref("web5"), dest, true, mapOf(halfDisk, shared), Map{}, Map{})
}

// localSR is the storage that only one host has.
func localSR(p *Pool, host string) (sr string) {
	p.view(func(x *tx) {
		for _, pbd := range x.strs("host", hostByName(x, host), "PBDs") {
			if s := x.str("PBD", pbd, "SR"); x.str("SR", s, "name_label") == "Local storage" {
				sr = s
			}
		}
	})
	return sr
}

// TestDisksMove: with VM.migrate_send and VDI.pool_migrate a disk goes to another SR under a new reference, with the disks
// of its snapshots; the VM and its devices keep theirs (lifecycle §4.2).
func TestDisksMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{Timing: Timing{MemoryRate: 100 * mib}})
		vm := vmNamed(p, "web1")
		snapshot := w.must("VM.snapshot", vm, "before", Set{}).(string)
		disk, device, _ := devicesOf(p, "web1")
		local, shared := localSR(p, "xen-3"), w.must("VDI.get_SR", disk).(string)
		management := ""
		p.view(func(x *tx) { management = x.find("network", "bridge", "xenbr0")[0] })
		dest := w.must("host.migrate_receive", hostRefOf(p, "xen-3"), management, Map{}).(Map)
		used := func(sr string) string { return w.must("SR.get_virtual_allocation", sr).(string) }
		before := used(shared)
		w.must("VM.migrate_send", vm, dest, true, mapOf(disk, local), Map{}, Map{})
		moved := w.must("VBD.get_VDI", device).(string)
		if moved == disk || w.must("VDI.get_SR", moved) != local || p.HostOf("web1") != "xen-3" {
			t.Errorf("the disk is %s on %s, the VM on %s", moved, w.must("VDI.get_SR", moved), p.HostOf("web1"))
		}
		if got := w.refused("VDI.get_uuid", disk); got != "HANDLE_INVALID | VDI | "+disk {
			t.Errorf("the old disk answers %q", got)
		}
		kept := w.must("VBD.get_VDI", w.must("VM.get_VBDs", snapshot).(Set)[0])
		if w.must("VDI.get_snapshot_of", kept) != moved || w.must("VDI.get_SR", kept) != local {
			t.Errorf("the snapshot's disk is of %s on %s", w.must("VDI.get_snapshot_of", kept), w.must("VDI.get_SR", kept))
		}
		if got := w.refused("VM.start_on", vmNamed(p, "web1"), hostRefOf(p, "xen-1"), false, false); got[:18] != "VM_BAD_POWER_STATE" {
			t.Errorf("a start answers %q", got)
		}
		back := w.must("VDI.pool_migrate", moved, shared, Map{}).(string)
		if got := w.must("VBD.get_VDI", device); got != back || w.must("VDI.get_SR", back) != shared || p.HostOf("web1") != "xen-3" {
			t.Errorf("after VDI.pool_migrate the device has %s, on %s", got, p.HostOf("web1"))
		}
		if got := used(shared); got != before || used(local) != "0" {
			t.Errorf("the SRs hold %s and %s, want %s and 0", got, used(local), before)
		}
		halted, _, _ := devicesOf(p, "web5")
		if got := w.refused("VDI.pool_migrate", halted, shared, Map{}); got != "VDI_NEEDS_VM_FOR_MIGRATE | "+halted {
			t.Errorf("a disk of a Halted VM answers %q", got)
		}
		checkInvariants(t, p)
	})
}

// TestDisksStay: a migration that is cancelled while its disks travel leaves nothing behind, nor does one without room.
func TestDisksStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{Timing: Timing{MemoryRate: mib}})
		vm, disk := vmNamed(p, "web1"), ""
		disk, _, _ = devicesOf(p, "web1")
		local := localSR(p, "xen-2")
		task := w.must("Async.VDI.pool_migrate", disk, local, Map{}).(string)
		time.Sleep(10 * time.Second)
		if got := w.must("VDI.get_current_operations", disk).(Map); len(got) != 1 || got[0].Value != "mirror" {
			t.Errorf("the disk is marked with %v", got)
		}
		if got := w.must("VM.get_current_operations", vm).(Map); len(got) != 1 || got[0].Value != "migrate_send" {
			t.Errorf("the VM is marked with %v", got)
		}
		w.must("task.cancel", task)
		synctest.Wait()
		time.Sleep(time.Hour)
		if got := w.must("task.get_status", task); got != "cancelled" {
			t.Errorf("the task is %v", got)
		}
		p.view(func(x *tx) {
			x.set("SR", local, "physical_utilisation", x.num("SR", local, "physical_size"))
		})
		if got := w.refused("VDI.pool_migrate", disk, local, Map{}); got != "SR_BACKEND_FAILURE_44 |  | There is insufficient space | " {
			t.Errorf("a full SR answers %q", got)
		}
		if disks := w.must("SR.get_VDIs", local).(Set); len(disks) != 0 || w.must("VDI.get_uuid", disk) == "" {
			t.Errorf("the SR has %v", disks)
		}
		checkInvariants(t, p)
	})
}
