package simulator

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// TestRevert: what was written, added and thrown away since a snapshot is undone; what a revert keeps is kept.
func TestRevert(t *testing.T) {
	p, w := recordedPool(t, Model{})
	vm := string(p.VMRef("web1"))
	w.must("VM.add_to_other_config", vm, "owner", "it's \\ mine")
	w.must("VM.set_blocked_operations", vm, mapOf("destroy", "keep"))
	disk, _, vif := devicesOf(p, "web1")
	mac := w.must("VIF.get_MAC", vif)
	snapshot := w.must("VM.snapshot", vm, "before").(string)
	later := w.must("VM.snapshot", vm, "later").(string)

	w.must("VM.remove_from_other_config", vm, "owner")
	w.must("VM.set_blocked_operations", vm, Map{})
	w.must("VM.set_name_label", vm, "renamed")
	w.must("VM.add_tags", vm, "new")
	w.must("VM.revert", snapshot)

	if got := text(w.must("VM.get_other_config", vm).(Map), "owner"); got != "it's \\ mine" {
		t.Errorf("other_config owner is %q", got)
	}
	if got := text(w.must("VM.get_blocked_operations", vm).(Map), "destroy"); got != "keep" {
		t.Errorf("blocked_operations destroy is %q", got)
	}
	if got := w.must("VM.get_name_label", vm); got != "web1" {
		t.Errorf("the name is %v", got)
	}
	if got := w.must("VM.get_tags", vm).(Set); len(got) != 1 || w.must("VM.get_parent", vm) != snapshot || w.must("VM.get_power_state", vm) != halted {
		t.Errorf("tags %v, parent %v, %v", got, w.must("VM.get_parent", vm), w.must("VM.get_power_state", vm))
	}
	newDisk, _, newVIF := devicesOf(p, "web1")
	if got := w.refused("VDI.get_record", disk); !strings.HasPrefix(got, "HANDLE_INVALID") || newVIF == vif || w.must("VIF.get_MAC", newVIF) != mac {
		t.Errorf("the old disk answers %q; the interface is %s", got, newVIF)
	}
	for _, s := range []string{snapshot, later} {
		vbd := w.must("VM.get_VBDs", s).(Set)[0]
		if of := w.must("VDI.get_snapshot_of", w.must("VBD.get_VDI", vbd)); of != newDisk {
			t.Errorf("a snapshot's disk is of %v, not of the new one", of)
		}
	}
	checkInvariants(t, p)
	w.must("VM.start", vm, false, false)
}

// TestRevertOfGoneVM: a VM that was destroyed comes back with its uuid.
func TestRevertOfGoneVM(t *testing.T) {
	p, w := recordedPool(t, Model{})
	vm := string(p.VMRef("web5"))
	uuid := w.must("VM.get_uuid", vm)
	snapshot := w.must("VM.snapshot", vm, "before").(string)
	w.must("VM.destroy", vm)
	w.must("VM.revert", snapshot)
	back := w.must("VM.get_by_uuid", uuid)
	if back == vm || w.must("VM.get_name_label", back) != "web5" || w.must("VM.get_snapshot_of", snapshot) != back || len(w.must("VM.get_VBDs", back).(Set)) != 1 {
		t.Errorf("the VM came back as %v, %v", back, w.must("VM.get_record", back))
	}
	w.must("VM.start", back, false, false)
	if got := w.refused("VM.revert", back); got != "REVERT_ONLY_ALLOWED_ON_SNAPSHOT" {
		t.Errorf("reverting to a VM answers %q", got)
	}
}

// TestRevertWithoutSpace: the VM stays Halted, and says why.
func TestRevertWithoutSpace(t *testing.T) {
	p, w := recordedPool(t, Model{})
	snapshot := w.must("VM.snapshot", string(p.VMRef("web5")), "before").(string)
	p.view(func(x *tx) {
		sr := x.find("SR", "name_label", "nfs-prod")[0]
		x.set("SR", sr, "physical_size", int64(1))
	})
	if got := w.refused("VM.revert", snapshot); !strings.HasPrefix(got, "SR_BACKEND_FAILURE_44") {
		t.Errorf("VM.revert answers %q", got)
	}
	if p.PowerState("web5") != xen.Halted {
		t.Errorf("web5 is %s", p.PowerState("web5"))
	}
}

// TestCheckpoint: a running VM runs on; its checkpoint is Suspended and reverts to that; a Halted VM has none.
func TestCheckpoint(t *testing.T) {
	p, w := recordedPool(t, Model{})
	vm := string(p.VMRef("web1"))
	if got := w.refused("VM.checkpoint", string(p.VMRef("web5")), "x"); !strings.HasPrefix(got, "VM_BAD_POWER_STATE") {
		t.Errorf("a checkpoint of a Halted VM answers %q", got)
	}
	saved := w.must("VM.checkpoint", vm, "saved").(string)
	if p.PowerState("web1") != xen.Running || w.must("VM.get_suspend_VDI", vm) != nullRef {
		t.Errorf("web1 is %s with image %v", p.PowerState("web1"), w.must("VM.get_suspend_VDI", vm))
	}
	image := w.must("VM.get_suspend_VDI", saved)
	if w.must("VM.get_power_state", saved) != suspended || w.must("VDI.get_type", image) != "suspend" {
		t.Errorf("the checkpoint is %v", w.must("VM.get_power_state", saved))
	}
	w.must("VM.revert", saved)
	if p.PowerState("web1") != xen.Suspended || w.must("VM.get_suspend_VDI", vm) == image {
		t.Errorf("after the revert web1 is %s", p.PowerState("web1"))
	}
	w.must("VM.resume", vm, false, false)
	w.must("VM.destroy", saved)
	checkInvariants(t, p)
}

// TestSnapshotLeavesOut: a disk that is to be ignored is not in the snapshot.
func TestSnapshotLeavesOut(t *testing.T) {
	p, w := recordedPool(t, Model{})
	disk, _, _ := devicesOf(p, "web1")
	snapshot := w.must("VM.snapshot", string(p.VMRef("web1")), "x", setOf(disk)).(string)
	if vbds := w.must("VM.get_VBDs", snapshot).(Set); len(vbds) != 0 {
		t.Errorf("the snapshot has %v", vbds)
	}
}

// TestCancelledClone: a clone that is cancelled between two disks leaves none.
func TestCancelledClone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := recordedPool(t, Model{Timing: Timing{Disk: Span{Min: time.Second}}})
		vm, sr := string(p.VMRef("web5")), ""
		p.view(func(x *tx) { sr = x.str("pool", x.the("pool"), "default_SR") })
		second := w.must("VDI.create", newDisk(sr, gib)).(string)
		w.must("VBD.create", newVBD(vm, second, "1", "RW", "Disk", false))
		before := len(w.must("SR.get_VDIs", sr).(Set))
		task := w.must("Async.VM.clone", vm, "copy")
		time.Sleep(1500 * time.Millisecond)
		w.must("task.cancel", task)
		time.Sleep(5 * time.Second)
		if status := w.must("task.get_status", task); status != "cancelled" {
			t.Errorf("the task is %v", status)
		}
		if after := len(w.must("SR.get_VDIs", sr).(Set)); after != before {
			t.Errorf("%d disks, %d before", after, before)
		}
		if len(w.must("VM.get_by_name_label", "copy").(Set)) != 0 {
			t.Error("there is half a VM")
		}
	})
}
