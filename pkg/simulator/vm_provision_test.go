package simulator

import (
	"strings"
	"testing"
)

// TestProvisionDisks: a template's disks are made for its VM; without an SR it is a VM without them.
func TestProvisionDisks(t *testing.T) {
	p := Start(t, Model{VMs: -1})
	w := login1(t, p)
	if err := p.AddVM(VMSpec{Name: "golden", Template: true, Diskless: true}); err != nil {
		t.Fatal(err)
	}
	template, sr := "", ""
	p.view(func(x *tx) {
		template = x.find("VM", "name_label", "golden")[0]
		sr = x.str("SR", x.find("SR", "name_label", "nfs-prod")[0], "uuid")
	})
	clone := func(document string) string {
		vm := w.must("VM.clone", template, "new").(string)
		w.must("VM.add_to_other_config", vm, "disks", document)
		return vm
	}
	vm := clone(`<provision><disk device="0" size="1073741824" sr="` + sr + `" bootable="true" type="system"/></provision>`)
	w.must("VM.provision", vm)
	vbds := w.must("VM.get_VBDs", vm).(Set)
	if len(vbds) != 1 || text(w.must("VM.get_other_config", vm).(Map), "disks") != "" {
		t.Fatalf("the VM has %v and %v", vbds, w.must("VM.get_other_config", vm))
	}
	disk := w.must("VDI.get_record", w.must("VBD.get_VDI", vbds[0]))
	if field(disk, "name_description") != "Created by template provisioner" || field(disk, "virtual_size") != "1073741824" || field(disk, "type") != "system" {
		t.Errorf("the disk is %v", disk)
	}
	bad := clone(`<provision><disk device="0" size="1" sr="" bootable="true" type="system"/></provision>`)
	if got := w.refused("VM.provision", bad); got != "UUID_INVALID | sr | " {
		t.Errorf("without an SR it answers %q", got)
	}
	if w.must("VM.get_is_a_template", bad) != false {
		t.Error("it is a template still")
	}
	if got := w.refused("VM.provision", clone("<provision")); !strings.HasPrefix(got, "INTERNAL_ERROR") {
		t.Errorf("a broken document answers %q", got)
	}
}

// TestDestroyMessages: many alerts go at once, by name or by filter; an alert is about something that exists.
func TestDestroyMessages(t *testing.T) {
	p, w := recordedPool(t, Model{Version: "26"})
	uuid := w.must("VM.get_uuid", string(p.VMRef("web1")))
	if got := w.refused("message.create", "ALERT", 3, "VM", "no-such-uuid", "x"); got != "UUID_INVALID | VM | no-such-uuid" {
		t.Errorf("an alert about nothing answers %q", got)
	}
	create := func(priority int) string {
		return w.must("message.create", "ALERT", priority, "VM", uuid, "x").(string)
	}
	one, two, three := create(1), create(3), create(3)
	w.must("message.destroy_many", setOf(one))
	if got := w.refused("message.get_record", one); !strings.HasPrefix(got, "HANDLE_INVALID") {
		t.Errorf("a destroyed alert answers %q", got)
	}
	if got := w.refused("message.destroy_many", setOf(two, one)); got != "HANDLE_INVALID | message | "+one {
		t.Errorf("destroying one that is gone answers %q", got)
	}
	w.must("message.destroy_all", mapOf("priority", "1", "after", "19700101T00:00:00Z"))
	w.must("message.get_record", three)
	w.must("message.destroy_all", mapOf("priority", "3"))
	if got := w.refused("message.get_record", three); !strings.HasPrefix(got, "HANDLE_INVALID") {
		t.Errorf("after the sweep it answers %q", got)
	}
}
