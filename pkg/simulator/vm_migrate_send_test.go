package simulator

import "testing"

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
	local, shared := "", ""
	p.view(func(x *tx) {
		local, shared = x.find("SR", "name_label", "Local storage")[0], x.str("VDI", disk, "SR")
	})
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
		{"web1", dest, mapOf(disk, local), Map{}, "SR_DOES_NOT_SUPPORT_MIGRATION | " + shared},
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
