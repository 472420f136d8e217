package simulator

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestHandle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 4, Users: people})
		w := login1(t, p)
		vm := string(p.VMRef("app-1"))
		restore, err := p.Handle("VM.start", func(i Invocation) (any, error) {
			if err := i.Sleep(time.Minute); err != nil {
				return nil, err
			}
			if i.Params[1].(bool) {
				return nil, i.Fail("BOOTLOADER_FAILED", i.Params[0].(string), "no")
			}
			return i.Proceed()
		})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if got := w.refused("VM.start", vm, true, false); got != "BOOTLOADER_FAILED | "+vm+" | no" {
			t.Error(got)
		}
		task := w.must("Async.VM.start", vm, false, false)
		time.Sleep(2 * time.Minute)
		if got := w.must("task.get_status", task); got != "success" || p.PowerState("app-1") != "Running" {
			t.Errorf("the task is %v, the VM %s", got, p.PowerState("app-1"))
		}
		if took := time.Since(began); took < 3*time.Minute {
			t.Errorf("it took %s", took)
		}
		if got := loginAs(t, p, "bob", "b").refused("VM.start", vm, true, false); !strings.HasPrefix(got, "RBAC_PERMISSION_DENIED") {
			t.Errorf("a handler comes before the roles: %s", got)
		}
		restore()
		if got := w.refused("VM.start", vm, true, false); !strings.HasPrefix(got, "VM_BAD_POWER_STATE") {
			t.Errorf("the handler is still there: %s", got)
		}
	})
}

func TestHandlerResults(t *testing.T) {
	p := Start(t, Model{VMs: 2})
	w := login1(t, p)
	host := w.must("host.get_all").(Set)[0]
	for message, c := range map[string]struct {
		give any
		want string
	}{
		"host.get_name_label": {"x", ""},
		"host.get_tags":       {[]string{"a", "b"}, ""},
		"host.get_logging":    {map[string]string{"a": "b"}, ""},
		"host.get_enabled":    {struct{}{}, "the handler of host.get_enabled returned a struct {}, where it returns bool"},
		"host.enable":         {"x", "the handler of host.enable returned a string, where it returns void"},
	} {
		if _, err := p.Handle(message, func(Invocation) (any, error) { return c.give, nil }); err != nil {
			t.Fatal(err)
		}
		if c.want == "" {
			w.must(message, host)
		} else if got := w.refused(message, host); got != "INTERNAL_ERROR | "+c.want {
			t.Errorf("%s: %s", message, got)
		}
	}
	if _, err := p.Handle("host.get_all", func(Invocation) (any, error) { return nil, errors.New("oh") }); err != nil {
		t.Fatal(err)
	}
	if got := w.refused("host.get_all"); got != "INTERNAL_ERROR | oh" {
		t.Error(got)
	}
	if _, err := p.Handle("Async.VM.start", nil); err == nil || !strings.Contains(err.Error(), "VM.start") {
		t.Errorf("an unknown message: %v", err)
	}
}

func TestTaskFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 4})
		w := login1(t, p)
		vm := string(p.VMRef("app-1"))
		short := TaskFails("HOST_NOT_ENOUGH_FREE_MEMORY", "9", "1")
		p.Inject(AllOf(On("Async.VM.start", short), On("VM.start", short)))
		task := w.must("Async.VM.start", vm, false, false)
		synctest.Wait()
		if got := wordsOf(w.must("task.get_error_info", task).(Set)); strings.Join(got, " ") != "HOST_NOT_ENOUGH_FREE_MEMORY 9 1" {
			t.Errorf("the task's error is %q", got)
		}
		if got := w.refused("VM.start", vm, false, false); got != "HOST_NOT_ENOUGH_FREE_MEMORY | 9 | 1" {
			t.Error(got)
		}
		p.Inject(On("VM.copy", DiskFull()))
		if got := w.refused("VM.copy", vm, "x", nullRef); !strings.HasPrefix(got, "SR_BACKEND_FAILURE_44") {
			t.Error(got)
		}
	})
}

// A call that hangs is not carried out, and ends with its client.
func TestHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 4})
		w := login1(t, p)
		remove := p.Inject(On("VM.start", Hang))
		vm := string(p.VMRef("app-1"))
		answered := make(chan error, 1)
		other := w.again(p)
		go func() { _, err := other.call("VM.start", vm, false, false); answered <- err }()
		time.Sleep(24 * time.Hour)
		select {
		case err := <-answered:
			t.Errorf("an answer: %v", err)
		default:
		}
		if got := p.PowerState("app-1"); got != "Halted" {
			t.Errorf("the VM is %s", got)
		}
		_ = other.conn.Close()
		<-answered //nolint:errcheck // its end is what matters
		remove()
		login1(t, p).must("VM.start", vm, false, false)
	})
}

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: -1})
		w := login1(t, p)
		p.Inject(Throttle(2, On("VM.get_all", Reset))) // Reset only chooses
		began := time.Now()
		for range 5 {
			w.must("VM.get_all")
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("5 calls at 2 a second took %s, want 2s", took)
		}
		w.must("host.get_all")
	})
}

func TestFaultsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 4})
		w := login1(t, p)
		p.Inject(On("VM.start", AllOf(Delay(time.Minute), LoseReply)))
		began := time.Now()
		if _, err := w.call("VM.start", string(p.VMRef("app-1")), false, false); err == nil {
			t.Error("there was a reply")
		}
		if took := time.Since(began); took != time.Minute || p.PowerState("app-1") != "Running" {
			t.Errorf("after %s the VM is %s", took, p.PowerState("app-1"))
		}
		p.Inject(On("VM.get_all", Nth(2, Do(func(p *Pool) { _ = p.HaltVM("app-1") }))))
		w = login1(t, p)
		w.must("VM.get_all")
		if got := p.PowerState("app-1"); got != "Running" {
			t.Errorf("the first call did it: %s", got)
		}
		w.must("VM.get_all")
		if got := p.PowerState("app-1"); got != "Halted" {
			t.Errorf("the second call did not: %s", got)
		}
	})
}

// Machines die in the middle of somebody's work.
func TestHostsDie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{Hosts: 3, VMs: 4})
		w := login1(t, p)
		p.Inject(On("VM.get_all", Nth(1, HostDies("xen-3"))))
		w.must("VM.get_all")
		if got := p.State().Hosts[2].Answers; got != "silent" {
			t.Errorf("xen-3 is %s", got)
		}
		p.Inject(On("host.get_all", MasterDies()))
		if _, err := w.call("host.get_all"); err == nil {
			t.Error("a dead master answers")
		}
	})
}
