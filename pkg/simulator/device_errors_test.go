package simulator

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// newVBD is a record for VBD.create.
func newVBD(vm, vdi, device, mode, kind string, empty bool) Map {
	return Map{
		{Key: "VM", Value: vm},
		{Key: "VDI", Value: vdi},
		{Key: "userdevice", Value: device},
		{Key: "bootable", Value: false},
		{Key: "mode", Value: mode},
		{Key: "type", Value: kind},
		{Key: "unpluggable", Value: true},
		{Key: "empty", Value: empty},
		{Key: "other_config", Value: Map{}},
		{Key: "qos_algorithm_type", Value: ""},
		{Key: "qos_algorithm_params", Value: Map{}},
	}
}

// newVIF is a record for VIF.create.
func newVIF(vm, network, device, mac string) Map {
	return Map{
		{Key: "VM", Value: vm},
		{Key: "network", Value: network},
		{Key: "device", Value: device},
		{Key: "MAC", Value: mac},
		{Key: "MTU", Value: "1500"},
		{Key: "other_config", Value: Map{}},
		{Key: "qos_algorithm_type", Value: ""},
		{Key: "qos_algorithm_params", Value: Map{}},
	}
}

// devicesOf are the first disk, VBD and VIF of a VM.
func devicesOf(p *Pool, name string) (vdi, vbd, vif string) {
	vm := string(p.VMRef(name))
	p.view(func(x *tx) {
		vbd, vif = x.strs("VM", vm, "VBDs")[0], x.strs("VM", vm, "VIFs")[0]
		vdi = x.str("VBD", vbd, "VDI")
	})
	return vdi, vbd, vif
}

// TestDeviceRefusals makes the recorded calls of the case device-errors, in their order, and compares what they answer.
func TestDeviceRefusals(t *testing.T) {
	p, w := recordedPool(t, Model{})
	recordedStorage(p)
	ref, names := namesOf(p)
	disk, vbd, vif := devicesOf(p, "web1")
	web5, front, sr, pbd, uuids := ref("web5"), "", "", "", []string{}
	p.view(func(x *tx) {
		front, sr = x.find("network", "name_label", "front")[0], x.find("SR", "name_label", "nfs-prod")[0]
		uuids = []string{x.str("VBD", vbd, "uuid"), x.str("VM", ref("web1"), "uuid")}
		for _, b := range x.strs("SR", sr, "PBDs") {
			if x.str("PBD", b, "host") == ref("xen-3") {
				pbd = b
			}
		}
		x.set("VM", web5, "other_config", mapOf("mac_seed", "5bdb487c-dfc8-556c-1b84-b9f6fa5a896e"))
	})
	web3disk, _, _ := devicesOf(p, "web3")
	words := strings.NewReplacer(disk, "DISK", sr, "SR", web3disk, "DISK3", uuids[0], "VBD", uuids[1], "VM")
	drive := ""
	for _, c := range []struct {
		name, method string
		params       []any
		want         string
	}{
		{"01-vbd-destroy-attached", "VBD.destroy", []any{vbd}, "OPERATION_NOT_ALLOWED | VBD 'VBD' still attached to 'VM'"},
		{"02-vdi-destroy-attached", "VDI.destroy", []any{disk}, "VDI_IN_USE | DISK | destroy"},
		{"03-vbd-create-device-in-use", "VBD.create", []any{newVBD(web5, disk, "0", "RW", "Disk", false)}, "DEVICE_ALREADY_EXISTS | 0"},
		{"04-vbd-create-same-vdi-on-other-vm", "VBD.create", []any{newVBD(web5, disk, "autodetect", "RW", "Disk", false)}, ""},
		{"05-start-with-disk-in-use", "VM.start", []any{web5, false, false}, "VDI_IN_USE | DISK"},
		{"06-vbd-create-bad-device", "VBD.create", []any{newVBD(web5, disk, "zz", "RW", "Disk", false)}, "INVALID_DEVICE | zz"},
		{"07-vbd-create-bad-vdi", "VBD.create", []any{newVBD(web5, nullRef, "1", "RW", "Disk", false)}, "HANDLE_INVALID | VDI | null"},
		{"08-vbd-create-empty-disk", "VBD.create", []any{newVBD(web5, nullRef, "1", "RW", "Disk", true)}, "VBD_NOT_REMOVABLE_MEDIA | in constructor"},
		{"09-vbd-create-empty-cd", "VBD.create", []any{newVBD(web5, nullRef, "3", "RO", "CD", true)}, ""},
		{"10-vbd-eject-empty", "VBD.eject", []any{&drive}, "VBD_IS_EMPTY | DRIVE"},
		{"12-vif-create-device-in-use", "VIF.create", []any{newVIF(web5, front, "0", "")}, "DEVICE_ALREADY_EXISTS | 0"},
		{"13-vif-create-device-99", "VIF.create", []any{newVIF(web5, front, "99", "")}, ""},
		{"14-vif-create-bad-mac", "VIF.create", []any{newVIF(web5, front, "1", "zz:zz")}, "MAC_INVALID | zz:zz"},
		{"15-vif-create-empty-mac", "VIF.create", []any{newVIF(web5, front, "1", "")}, ""},
		{"18-vif-create-bad-network", "VIF.create", []any{newVIF(web5, nullRef, "1", "")}, "HANDLE_INVALID | network | null"},
		{"19-vif-destroy-attached", "VIF.destroy", []any{vif}, "OPERATION_NOT_ALLOWED | VIF currently attached to a running VM"},
		{"20-vdi-create-too-small", "VDI.create", []any{newDisk(sr, -1)}, `SR_BACKEND_FAILURE_1200 |  | ['INTERNAL_ERROR', 'Failure("Int64.of_string")'] | `},
		{"21-vdi-create-null-sr", "VDI.create", []any{newDisk(nullRef, gib)}, "HANDLE_INVALID | SR | null"},
		{"22-sr-destroy-in-use", "SR.destroy", []any{sr}, "SR_HAS_PBD | SR"},
		{"23-sr-forget-in-use", "SR.forget", []any{sr}, "SR_HAS_PBD | SR"},
		{"24-pbd-unplug-in-use", "PBD.unplug", []any{pbd}, "VDI_IN_USE | DISK3"},
		{"26-sr-create-unknown-type", "SR.create", []any{ref("xen-1"), Map{}, 0, "x", "", "nosuchtype", "user", true, Map{}}, "SR_UNKNOWN_DRIVER | nosuchtype"},
		{"17-vif-create-empty-mac-without-mac-seed", "VIF.create", []any{newVIF(ref("huge"), front, "1", "")}, "MAC_INVALID | "},
	} {
		if strings.HasPrefix(c.name, "17") {
			w.must("VM.set_other_config", ref("huge"), Map{})
		}
		params := c.params
		if params[0] == any(&drive) {
			params = []any{drive}
		}
		got := ""
		made, err := w.call(c.method, params...)
		switch {
		case err == nil && strings.HasPrefix(c.name, "09"):
			drive = made.(string)
		case err == nil && strings.HasPrefix(c.name, "15"):
			if mac := w.must("VIF.get_MAC", made); mac != "86:b2:27:2d:cc:f9" {
				t.Errorf("the MAC is %v, not the recorded one", mac)
			}
		case err != nil:
			f, ok := errors.AsType[*Failure](err)
			if !ok {
				t.Fatalf("%s: %v", c.name, err)
			}
			got = strings.ReplaceAll(words.Replace(names.Replace(strings.Join(f.description(), " | "))), "|||", "")
			if drive != "" {
				got = strings.ReplaceAll(got, drive, "DRIVE")
			}
		}
		if got != c.want {
			t.Errorf("%s: %s answers\n     %q\nwant %q", c.name, c.method, got, c.want)
		}
	}
	if got := w.must("VBD.get_allowed_operations", drive).(Set); strings.Join(wordsOf(got), " ") != "attach insert" {
		t.Errorf("an empty drive allows %v", got)
	}
}

// TestPlugAndUnplug: a running guest gets a disk and an interface and gives them back; without drivers it does not.
func TestPlugAndUnplug(t *testing.T) {
	p, w := recordedPool(t, Model{})
	ref, names := namesOf(p)
	sr, front := "", ""
	p.view(func(x *tx) {
		sr, front = x.find("SR", "name_label", "nfs-prod")[0], x.find("network", "name_label", "front")[0]
	})
	disk := w.must("VDI.create", newDisk(sr, gib)).(string)
	vbd := w.must("VBD.create", newVBD(ref("web1"), disk, "autodetect", "RW", "Disk", false)).(string)
	vif := w.must("VIF.create", newVIF(ref("web1"), front, "2", "")).(string)
	for class, dev := range map[string]string{"VBD": vbd, "VIF": vif} {
		if got := w.refused(class+".unplug", dev); got != "DEVICE_ALREADY_DETACHED | "+dev {
			t.Errorf("%s.unplug answers %q", class, got)
		}
		w.must(class+".plug", dev)
		if w.must(class+".get_currently_attached", dev) != true {
			t.Errorf("the %s is not attached", class)
		}
		if got := w.refused(class+".plug", dev); got != "DEVICE_ALREADY_ATTACHED | "+dev {
			t.Errorf("%s.plug twice answers %q", class, got)
		}
	}
	if device := w.must("VBD.get_device", vbd); device != "xvdb" {
		t.Errorf("the guest has the disk as %v", device)
	}
	other := w.must("VBD.create", newVBD(ref("web2"), disk, "1", "RO", "Disk", false)).(string)
	if got := w.refused("VBD.plug", other); got != "VDI_IN_USE | "+disk {
		t.Errorf("plugging a disk that another VM writes answers %q", got)
	}
	w.must("VDI.set_sharable", disk, true)
	w.must("VBD.plug", other)
	for class, dev := range map[string]string{"VBD": vbd, "VIF": vif} {
		w.must(class+".unplug", dev)
		w.must(class+".destroy", dev)
	}
	halted := w.must("VBD.create", newVBD(ref("web5"), disk, "1", "RO", "Disk", false)).(string)
	if got := names.Replace(w.refused("VBD.plug", halted)); got != "VM_BAD_POWER_STATE | web5 | running | halted" {
		t.Errorf("VBD.plug of a Halted VM answers %q", got)
	}
	toolless := w.must("VBD.create", newVBD(ref("notools"), disk, "1", "RO", "Disk", false)).(string)
	if got := names.Replace(w.refused("VBD.plug", toolless)); got != "VM_MISSING_PV_DRIVERS | notools" {
		t.Errorf("VBD.plug without drivers answers %q", got)
	}
}

// TestDrive: a disc goes into a drive and out again.
func TestDrive(t *testing.T) {
	p, w := recordedPool(t, Model{})
	ref, _ := namesOf(p)
	iso := w.must("SR.create", ref("xen-1"), Map{}, gib, "isos", "", ownDriver, "iso", true, Map{}).(string)
	disc := w.must("VDI.create", newDisk(iso, 10*mib)).(string)
	disk, _, _ := devicesOf(p, "web5")
	drive := w.must("VBD.create", newVBD(ref("web1"), nullRef, "3", "RO", "CD", true)).(string)
	if got := w.refused("VBD.insert", drive, disk); got != "VDI_IN_USE | "+disk && got != "VDI_IS_NOT_ISO | "+disk+" | user" {
		t.Errorf("inserting a hard disk answers %q", got)
	}
	w.must("VBD.insert", drive, disc)
	if got := w.refused("VBD.insert", drive, disc); got != "VBD_NOT_EMPTY | "+drive {
		t.Errorf("inserting a second disc answers %q", got)
	}
	if got := w.must("VBD.get_allowed_operations", drive).(Set); strings.Join(wordsOf(got), " ") != "attach unpause pause eject" {
		t.Errorf("a full drive allows %v", got)
	}
	w.must("VBD.eject", drive)
	if w.must("VBD.get_VDI", drive) != nullRef || w.must("VBD.get_empty", drive) != true {
		t.Error("the disc is still in the drive")
	}
	if got := w.refused("VBD.insert", func() string { _, vbd, _ := devicesOf(p, "web2"); return vbd }(), disc); !strings.HasPrefix(got, "VBD_NOT_REMOVABLE_MEDIA") && !strings.HasPrefix(got, "VBD_NOT_EMPTY") {
		t.Errorf("inserting into a hard disk answers %q", got)
	}
}

// TestDanglingDevices: what is left of a disk or a VM that is gone goes within half a minute.
func TestDanglingDevices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: -1})
		w := login1(t, p)
		if err := p.AddVM(VMSpec{Name: "web", PowerState: xen.Halted}); err != nil {
			t.Fatal(err)
		}
		disk, vbd, _ := devicesOf(p, "web")
		w.must("VDI.forget", disk)
		time.Sleep(31 * time.Second)
		if got := w.refused("VBD.get_record", vbd); !strings.HasPrefix(got, "HANDLE_INVALID") {
			t.Errorf("the VBD answers %q", got)
		}
	})
}
