package simulator

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// recordedStorage gives the pool the storage of the recorded one: of a driver without data, which counts no space.
func recordedStorage(p *Pool) {
	p.view(func(x *tx) {
		sm, sr := x.find("SM", "type", "nfs")[0], x.find("SR", "name_label", "nfs-prod")[0]
		x.set("SM", sm, "type", "dummy")
		x.set("SM", sm, "capabilities", withoutMember(x.members("SM", sm, "capabilities"), "VDI_MIRROR"))
		x.set("SR", sr, "type", "dummy")
		x.refreshSR(sr)
	})
}

// newDisk is a record for VDI.create.
func newDisk(sr string, size int64) Map {
	return Map{
		{Key: "name_label", Value: "data"},
		{Key: "SR", Value: sr},
		{Key: "virtual_size", Value: strconv.FormatInt(size, 10)},
		{Key: "type", Value: "user"},
		{Key: "sharable", Value: false},
		{Key: "read_only", Value: false},
		{Key: "other_config", Value: mapOf("k", "v")},
		{Key: "name_description", Value: ""},
	}
}

// smallSR makes an SR of this many bytes on every host.
func smallSR(w *wire, host string, size int64) string {
	w.t.Helper()
	return w.must("SR.create", host, Map{}, size, "small", "", "nfs", "user", true, Map{}).(string)
}

// figure reads a number of an object.
func figure(w *wire, getter, ref string) int64 {
	w.t.Helper()
	n, err := strconv.ParseInt(w.must(getter, ref).(string), 10, 64)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// TestSpaceRunsOut: an SR holds what fits, says so, and what was destroyed makes room again.
func TestSpaceRunsOut(t *testing.T) {
	p := Start(t, Model{VMs: -1})
	w := login1(t, p)
	sr := smallSR(w, p.member("xen-1").host, 10*gib)
	if pbds := w.must("SR.get_PBDs", sr).(Set); len(pbds) != 3 {
		t.Errorf("a shared SR has connections %v, want one a host", pbds)
	}
	disk := w.must("VDI.create", newDisk(sr, 6*gib)).(string)
	for _, call := range [][]any{
		{"VDI.create", newDisk(sr, 6*gib)}, {"VDI.resize", disk, 11 * gib}, {"VDI.copy", disk, sr},
	} {
		if got := w.refused(call[0].(string), call[1:]...); got != "SR_BACKEND_FAILURE_44 |  | There is insufficient space | " {
			t.Errorf("%s on a full SR answers %q", call[0], got)
		}
	}
	w.must("VDI.resize", disk, 8*gib)
	clone := w.must("VDI.clone", disk).(string)
	if v, p := figure(w, "SR.get_virtual_allocation", sr), figure(w, "SR.get_physical_utilisation", sr); v != 16*gib || p != 8*gib+leafSize {
		t.Errorf("the SR has promised %d and holds %d", v, p)
	}
	w.must("VDI.destroy", clone)
	w.must("VDI.destroy", disk)
	if v, p := figure(w, "SR.get_virtual_allocation", sr), figure(w, "SR.get_physical_utilisation", sr); v != 0 || p != 0 {
		t.Errorf("an empty SR has promised %d and holds %d", v, p)
	}
	w.must("VDI.create", newDisk(sr, 10*gib))
}

// TestSuspendNeedsSpace: a VM whose image does not fit runs on.
func TestSuspendNeedsSpace(t *testing.T) {
	p, w := recordedPool(t, Model{})
	sr := smallSR(w, p.member("xen-1").host, gib)
	p.view(func(x *tx) { x.set("pool", x.the("pool"), "suspend_image_SR", sr) })
	if got := w.refused("VM.suspend", string(p.VMRef("web1"))); !strings.HasPrefix(got, "SR_BACKEND_FAILURE_44") {
		t.Errorf("VM.suspend answers %q", got)
	}
	if p.PowerState("web1") != xen.Running {
		t.Errorf("web1 is %s", p.PowerState("web1"))
	}
}

// TestForgottenDisk: what the database forgets the SR keeps, until it is introduced or the SR is scanned.
func TestForgottenDisk(t *testing.T) {
	p := Start(t, Model{VMs: -1})
	w := login1(t, p)
	sr := smallSR(w, p.member("xen-1").host, 10*gib)
	disk := w.must("VDI.create", newDisk(sr, gib)).(string)
	uuid := w.must("VDI.get_uuid", disk).(string)
	introduce := func() []any {
		return []any{uuid, "found", "", sr, "user", false, false, Map{}, uuid, Map{}, Map{}}
	}
	if got := w.refused("VDI.introduce", introduce()...); got != "LOCATION_NOT_UNIQUE | "+sr+" | "+uuid {
		t.Errorf("introducing a known disk answers %q", got)
	}
	w.must("VDI.forget", disk)
	again := w.must("VDI.introduce", introduce()...).(string)
	if again == disk || figure(w, "VDI.get_virtual_size", again) != gib || w.must("VDI.get_name_label", again) != "found" {
		t.Errorf("the disk came back as %s", again)
	}
	w.must("VDI.forget", again)
	if got := w.refused("VDI.get_by_uuid", uuid); !strings.HasPrefix(got, "UUID_INVALID") {
		t.Errorf("a forgotten disk answers %q", got)
	}
	w.must("SR.scan", sr)
	w.must("VDI.get_by_uuid", uuid)
	if got := w.refused("VDI.introduce", "x", "", "", sr, "user", false, false, Map{}, "y", Map{}, Map{}); got != "UUID_INVALID | VDI | x" {
		t.Errorf("a bad uuid answers %q", got)
	}
}

// TestSRLife: an SR is made, unplugged, forgotten, introduced with its disks, emptied and destroyed.
func TestSRLife(t *testing.T) {
	p := Start(t, Model{VMs: -1, Hosts: 1})
	w := login1(t, p)
	host := p.member("xen-1").host
	if got := w.refused("SR.create", host, Map{}, 0, "x", "", "nosuchtype", "user", true, Map{}); got != "SR_UNKNOWN_DRIVER | nosuchtype" {
		t.Errorf("SR.create of an unknown type answers %q", got)
	}
	sr := smallSR(w, host, 10*gib)
	uuid := w.must("SR.get_uuid", sr).(string)
	disk := w.must("VDI.create", newDisk(sr, gib)).(string)
	pbd := w.must("SR.get_PBDs", sr).(Set)[0].(string)
	if got := w.refused("SR.forget", sr); got != "SR_HAS_PBD | "+sr {
		t.Errorf("SR.forget of a plugged SR answers %q", got)
	}
	if got := w.refused("PBD.destroy", pbd); got != "OPERATION_NOT_ALLOWED | PBD is currently attached" {
		t.Errorf("PBD.destroy answers %q", got)
	}
	w.must("PBD.unplug", pbd)
	if got := w.refused("VDI.create", newDisk(sr, gib)); got != "SR_HAS_NO_PBDS | "+sr {
		t.Errorf("VDI.create on an unplugged SR answers %q", got)
	}
	if got := w.refused("SR.destroy", sr); got != "SR_NOT_EMPTY" {
		t.Errorf("SR.destroy of a full SR answers %q", got)
	}
	w.must("SR.forget", sr)
	if got := w.refused("VDI.get_record", disk); got != "HANDLE_INVALID | VDI | "+disk {
		t.Errorf("a disk of a forgotten SR answers %q", got)
	}
	sr = w.must("SR.introduce", uuid, "again", "", "nfs", "user", true, Map{}).(string)
	pbd = w.must("PBD.create", Map{{Key: "host", Value: host}, {Key: "SR", Value: sr}, {Key: "device_config", Value: Map{}}}).(string)
	if got := w.refused("PBD.create", Map{{Key: "host", Value: host}, {Key: "SR", Value: sr}, {Key: "device_config", Value: Map{}}}); got != "PBD_EXISTS | "+sr+" | "+host+" | "+pbd {
		t.Errorf("a second PBD answers %q", got)
	}
	w.must("PBD.plug", pbd)
	w.must("SR.scan", sr)
	if size, disks := figure(w, "SR.get_physical_size", sr), w.must("SR.get_VDIs", sr).(Set); size != 10*gib || len(disks) != 1 {
		t.Errorf("the SR came back with %d bytes and %v", size, disks)
	}
	w.must("VDI.destroy", w.must("SR.get_VDIs", sr).(Set)[0])
	w.must("PBD.unplug", pbd)
	w.must("SR.destroy", sr)
}

// TestStorageWaitsItsTurn: operations on one SR follow each other; those on two SRs do not wait.
func TestStorageWaitsItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: -1, Timing: Timing{Disk: Span{Min: 2 * time.Second}}})
		w := login1(t, p)
		host := p.member("xen-1").host
		one, two := smallSR(w, host, 10*gib), smallSR(w, host, 10*gib)
		began := time.Now()
		first := inBackground(t, p, w, "VDI.create", newDisk(one, gib))
		synctest.Wait()
		second, elsewhere := inBackground(t, p, w, "VDI.create", newDisk(one, gib)), inBackground(t, p, w, "VDI.create", newDisk(two, gib))
		if a, b := <-first, <-elsewhere; a != "" || b != "" || time.Since(began) != 2*time.Second {
			t.Errorf("the first two answer %q, %q after %s", a, b, time.Since(began))
		}
		if answer := <-second; answer != "" || time.Since(began) != 4*time.Second {
			t.Errorf("the second on the SR answers %q after %s", answer, time.Since(began))
		}
	})
}

// TestOwnDriver: the simulator's own type of storage grows a disk in use, and resets one at a start; others do not.
func TestOwnDriver(t *testing.T) {
	p, w := recordedPool(t, Model{})
	own := w.must("SR.create", p.member("xen-1").host, mapOf("size", "21474836480"), 0, "own", "", ownDriver, "user", true, Map{}).(string)
	disk := w.must("VDI.create", newDisk(own, gib)).(string)
	used, vm := "", string(p.VMRef("web1"))
	p.view(func(x *tx) {
		used = x.str("VBD", x.strs("VM", vm, "VBDs")[0], "VDI")
		x.set("VBD", x.makeVBD(vm, disk, "1", false), "currently_attached", true)
	})
	shared := w.must("VDI.get_SR", used).(string)
	if got := w.refused("VDI.resize", disk, 2*gib); got != "VDI_IN_USE | "+disk+" | resize" {
		t.Errorf("VDI.resize of a disk in use answers %q", got)
	}
	w.must("VDI.resize_online", disk, 2*gib)
	if size := figure(w, "VDI.get_virtual_size", disk); size != 2*gib {
		t.Errorf("the disk has %d bytes", size)
	}
	if got := w.refused("VDI.resize_online", disk, gib); !strings.HasPrefix(got, "SR_BACKEND_FAILURE_79") {
		t.Errorf("shrinking answers %q", got)
	}
	if got := w.refused("VDI.resize_online", used, 20*gib); got != "SR_OPERATION_NOT_SUPPORTED | "+shared {
		t.Errorf("VDI.resize_online on nfs answers %q", got)
	}
	if got := w.refused("VDI.set_on_boot", disk, "reset"); got != "VDI_IN_USE | "+disk+" | set_on_boot" {
		t.Errorf("VDI.set_on_boot of a disk in use answers %q", got)
	}
	for _, op := range []string{"VDI.enable_cbt", "VDI.disable_cbt"} {
		if got := w.refused(op, disk); got != "SR_OPERATION_NOT_SUPPORTED | "+own {
			t.Errorf("%s answers %q", op, got)
		}
	}
}
