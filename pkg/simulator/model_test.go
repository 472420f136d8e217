package simulator

import (
	"fmt"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// TestDefaultModel holds the zero model to its description.
func TestDefaultModel(t *testing.T) {
	p := Start(t, Model{})
	checkInvariants(t, p)
	states := map[string]xen.PowerState{"web-1": xen.Running, "app-1": xen.Halted, "db-1": xen.Running, "db-2": xen.Suspended, "app-3": xen.Paused, "batch-4": xen.Halted, "vendor-appliance": xen.Running}
	for name, want := range states {
		if got := p.PowerState(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	s := p.State()
	if len(s.VMs) != 21 || len(s.Hosts) != 3 || s.Pool.Name != "simulated" || s.Pool.Master != "xen-1" {
		t.Errorf("%d VMs, %d hosts, pool %+v", len(s.VMs), len(s.Hosts), s.Pool)
	}
	for _, h := range s.Hosts {
		if h.VMs == 0 || h.FreeBytes < 32*gib {
			t.Errorf("%s has %d VMs and %d GiB free: uneven, or too full", h.Name, h.VMs, h.FreeBytes/gib)
		}
	}
	p.view(func(x *tx) {
		for _, name := range []string{"Debian Bookworm 12", "Windows Server 2022 (64-bit)", "Other install media", "db-1 before upgrade", "Control domain on host: xen-1"} {
			if found := x.find("VM", "name_label", name); len(found) != 1 {
				t.Errorf("%d VMs are called %q", len(found), name)
			}
		}
		snapshot := x.find("VM", "name_label", "db-1 before upgrade")[0]
		if of := x.str("VM", x.str("VM", snapshot, "snapshot_of"), "name_label"); of != "db-1" || !x.flag("VM", snapshot, "is_a_snapshot") {
			t.Errorf("the snapshot is of %q", of)
		}
		if sr := x.find("SR", "name_label", "nfs-prod"); len(sr) != 1 || len(x.strs("SR", sr[0], "PBDs")) != 3 {
			t.Errorf("nfs-prod %v is not on every host", sr)
		}
	})
}

// TestLargeModel: large pools have room for their VMs.
func TestLargeModel(t *testing.T) {
	for _, m := range []Model{{Hosts: 1, VMs: 100}, {Hosts: 64, VMs: 500}} {
		t.Run(fmt.Sprintf("%d hosts", m.Hosts), func(t *testing.T) {
			p := Start(t, m)
			if err := p.StartVM("app-1"); err != nil {
				t.Error(err)
			}
			checkInvariants(t, p)
		})
	}
}

// BenchmarkNew is the making of a pool of 5,000 VMs on 64 hosts.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		p, err := New(Model{Hosts: 64, VMs: 5000})
		if err != nil {
			b.Fatal(err)
		}
		p.Close()
	}
}

// BenchmarkStart is one VM.start in a pool of 5,000 VMs on 64 hosts.
func BenchmarkStart(b *testing.B) {
	p, err := New(Model{Hosts: 64, VMs: 5000})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	for b.Loop() {
		if err := p.HaltVM("web-1"); err != nil {
			b.Fatal(err)
		}
		if err := p.StartVM("web-1"); err != nil {
			b.Fatal(err)
		}
	}
}
