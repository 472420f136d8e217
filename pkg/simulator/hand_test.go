package simulator

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// TestSomebodyElsesHand: each method does what it says at once, whatever the timing, and leaves no task and no session.
func TestSomebodyElsesHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{Timing: RealTiming()})
		began := time.Now()
		for _, c := range []struct {
			what  string
			do    func() error
			state xen.PowerState
			host  string // "": any, or none
		}{
			{"migrate", func() error { return p.MigrateVM("web-1", "xen-3") }, xen.Running, "xen-3"},
			{"pause", func() error { return p.PauseVM("web-1") }, xen.Paused, "xen-3"},
			{"unpause", func() error { return p.UnpauseVM("web-1") }, xen.Running, "xen-3"},
			{"suspend", func() error { return p.SuspendVM("web-1") }, xen.Suspended, ""},
			{"resume", func() error { return p.ResumeVM("web-1") }, xen.Running, ""},
			{"halt", func() error { return p.HaltVM("web-1") }, xen.Halted, ""},
			{"start", func() error { return p.StartVM("web-1") }, xen.Running, ""},
			{"power off", func() error { return p.PowerOffInGuest("web-1") }, xen.Halted, ""},
		} {
			if err := c.do(); err != nil {
				t.Fatalf("%s: %v", c.what, err)
			}
			if got := p.PowerState("web-1"); got != c.state {
				t.Errorf("after %s web-1 is %s, want %s", c.what, got, c.state)
			}
			if got := p.HostOf("web-1"); c.host != "" && got != c.host {
				t.Errorf("after %s web-1 is on %q, want %s", c.what, got, c.host)
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("all that took %v, want no time", took)
		}
		if tasks, sessions := p.Tasks(), p.SessionCount(); len(tasks) > 0 || sessions > 0 {
			t.Errorf("left: tasks %v, %d sessions", tasks, sessions)
		}
		checkInvariants(t, p)
	})
}

// TestHandRefusals: a hand that reaches for what is not there says so.
func TestHandRefusals(t *testing.T) {
	p := Start(t, Model{})
	for want, err := range map[string]error{
		`no VM "nope"`:                   p.HaltVM("nope"),
		`no VM "Debian Bookworm 12"`:     p.StartVM("Debian Bookworm 12"),
		`no host "nope"`:                 p.MigrateVM("web-1", "nope"),
		"VM_BAD_POWER_STATE":             p.StartVM("web-1"),
		"only a Running guest":           p.PowerOffInGuest("app-1"),
		"a VM needs a name":              p.AddVM(VMSpec{}),
		`no power state "Asleep"`:        p.AddVM(VMSpec{Name: "x", PowerState: "Asleep"}),
		`no host "xen-9"`:                p.AddVM(VMSpec{Name: "x", Host: "xen-9"}),
		"a template is Halted":           p.AddVM(VMSpec{Name: "x", Template: true, PowerState: xen.Running}),
		`no class "Tree"`:                p.SetField("Tree", "x", "y", 1),
		`class VM has no field "leaves"`: p.SetField(xen.ClassVM, string(p.VMRef("web-1")), "leaves", 1),
		"VM.order cannot be a string":    p.SetField(xen.ClassVM, string(p.VMRef("web-1")), "order", "first"),
		"HANDLE_INVALID":                 p.SetField(xen.ClassVM, "OpaqueRef:x", "order", 1),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	if err := p.AddVM(VMSpec{Name: "web-1"}); err != nil {
		t.Fatal(err)
	}
	if err := p.HaltVM("web-1"); err == nil || !strings.Contains(err.Error(), "more than one VM") {
		t.Errorf("with two VMs of the name: %v", err)
	}
}

// TestAddAndRemoveVM: a VM comes with all its parts and goes with them.
func TestAddAndRemoveVM(t *testing.T) {
	p := Start(t, Model{})
	count := func() map[string]int {
		n := map[string]int{}
		p.view(func(x *tx) {
			for _, class := range []string{"VM", "VBD", "VIF", "VDI", "VM_metrics", "VM_guest_metrics", "console"} {
				n[class] = len(x.all(class))
			}
		})
		return n
	}
	before := count()
	for _, state := range []xen.PowerState{xen.Halted, xen.Running, xen.Paused, xen.Suspended} {
		if err := p.AddVM(VMSpec{Name: "new", PowerState: state, Host: "xen-2"}); err != nil {
			t.Fatal(err)
		}
		if got := p.PowerState("new"); got != state {
			t.Errorf("a new VM is %s, want %s", got, state)
		}
		if live := state == xen.Running || state == xen.Paused; live != (p.HostOf("new") == "xen-2") {
			t.Errorf("a new %s VM is on %q", state, p.HostOf("new"))
		}
		checkInvariants(t, p)
		if err := p.RemoveVM("new"); err != nil {
			t.Fatal(err)
		}
		after := count()
		for class, n := range before {
			if after[class] != n {
				t.Errorf("after a %s VM came and went there are %d %s, were %d", state, after[class], class, n)
			}
		}
	}
}

// TestSetField: a field that somebody else writes is there, and what follows from it.
func TestSetField(t *testing.T) {
	p := Start(t, Model{})
	w := login1(t, p)
	vm := p.VMRef("app-1")
	for field, value := range map[string]any{
		"tags": []string{"a", "b"}, "blocked_operations": map[string]string{"start": "no"}, "order": 7, "name_description": "text",
	} {
		if err := p.SetField(xen.ClassVM, string(vm), field, value); err != nil {
			t.Errorf("%s: %v", field, err)
		}
	}
	if got := strings.Join(allowed(w, string(vm)), " "); strings.Contains(got, " start ") {
		t.Errorf("with start blocked app-1 allows %s", got)
	}
	if got := w.must("VM.get_tags", string(vm)).(Set); len(got) != 2 {
		t.Errorf("tags %v", got)
	}
}
