package simulator

import (
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// deviceTimelines are the recorded calls on disks and devices, and on VMs for the sake of their disks.
var deviceTimelines = map[string]bool{
	"vdi-create": true, "vdi-destroy": true, "vbd-create": true, "vbd-destroy": true, "clone-template": true,
	"snapshot-running": true, "checkpoint": true, "revert": true,
}

// prepareDevices makes the objects that such a call needs beside the VM "web".
func prepareDevices(t *testing.T, p *Pool, name string) {
	t.Helper()
	if !deviceTimelines[name] {
		return
	}
	p.view(func(x *tx) {
		sr := x.the("pool")
		sr = x.str("pool", sr, "default_SR")
		disk := x.introduceDisk(values{
			"name_label": "timeline disk", "SR": sr, "virtual_size": gib, "type": "user", "managed": true, "location": "timeline",
		})
		if name == "vbd-destroy" {
			x.refreshVBD(x.makeVBD(x.find("VM", "name_label", "web")[0], disk, "1", false))
		}
	})
	switch name {
	case "vbd-create", "vbd-destroy":
		if err := p.HaltVM("web"); err != nil {
			t.Fatal(err)
		}
	case "checkpoint":
		snapshot(t, p, "first")
	case "revert":
		snapshot(t, p, "first")
		snapshot(t, p, "second")
		if err := p.HaltVM("web"); err != nil {
			t.Fatal(err)
		}
	case "clone-template":
		if err := p.AddVM(VMSpec{Name: "template", Template: true, PowerState: xen.Halted}); err != nil {
			t.Fatal(err)
		}
	}
}

// deviceArgument reads the arguments of such calls: new:disk and new:vbd are records, disk:NAME and vbd:NAME objects.
func deviceArgument(p *Pool, word string) (v any, ok bool) {
	kind, name, ok := strings.Cut(word, ":")
	if !ok {
		return nil, false
	}
	p.view(func(x *tx) {
		disk := x.find("VDI", "name_label", "timeline disk")[0]
		vm := ""
		if found := x.find("VM", "name_label", name); len(found) > 0 {
			vm = found[0]
		}
		switch kind {
		case "new-disk":
			v = newDisk(x.str("VDI", disk, "SR"), gib)
			v = append(Map{}, v.(Map)...)
			for i, e := range v.(Map) {
				if e.Key == "other_config" {
					v.(Map)[i].Value = Map{}
				}
			}
		case "new-vbd":
			v = newVBD(vm, disk, "1", "RW", "Disk", false)
		case "disk":
			v = disk
		case "vbd":
			v = x.strs("VDI", disk, "VBDs")[0]
		}
	})
	return v, true
}

// snapshot makes a snapshot of the VM "web".
func snapshot(t *testing.T, p *Pool, name string) {
	t.Helper()
	if _, err := p.perform("VM.snapshot", string(p.VMRef("web")), name, Set{}); err != nil {
		t.Fatal(err)
	}
}
