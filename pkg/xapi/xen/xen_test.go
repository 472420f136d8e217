package xen_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

func TestErrorsAreFoundByCode(t *testing.T) {
	err := fmt.Errorf("starting db-1: %w", &xen.Error{Code: xen.VMBadPowerState, Params: []string{"OpaqueRef:1", "halted", "running"}, Method: "VM.start"})
	if !errors.Is(err, xen.VMBadPowerState) || errors.Is(err, xen.HandleInvalid) {
		t.Errorf("errors.Is does not find the code in %v", err)
	}
	want := "starting db-1: VM.start: VM_BAD_POWER_STATE [OpaqueRef:1, halted, running]"
	if err.Error() != want {
		t.Errorf("got %q, want %q", err.Error(), want)
	}
	fault, ok := errors.AsType[*xen.Error](err)
	if !ok || fault.Param(2) != "running" || fault.Param(3) != "" {
		t.Errorf("parameters of %v", fault)
	}
}

func TestMapKeepsTheOrderOfTheWire(t *testing.T) {
	m := xen.StringMap("b", "1", "a", "2")
	if v, ok := m.Get("a"); !ok || v != "2" || m.Has("c") {
		t.Errorf("Get on %v", m)
	}
	text, err := json.Marshal(m)
	if err != nil || string(text) != `{"b":"1","a":"2"}` {
		t.Errorf("as JSON: %s, %v", text, err)
	}
	numbers := xen.Map[int64, float64]{}
	if _, err := numbers.AppendKey("x"); err == nil {
		t.Error("a word was taken for a number")
	}
	value, err := numbers.AppendKey("7")
	if err != nil {
		t.Fatal(err)
	}
	*value.(*float64) = 0.5
	if got, _ := numbers.Get(7); got != 0.5 {
		t.Errorf("got %v", numbers)
	}
}

func TestMessagesAreValues(t *testing.T) {
	vm := xen.VMRef("OpaqueRef:1")
	for _, tt := range []struct {
		got  xen.Request
		want string
	}{
		{vm.Start(true, false).Request, "{VM.start [OpaqueRef:1 true false] false}"},
		{vm.Snapshot("before").Request, "{VM.snapshot [OpaqueRef:1 before] false}"},
		{xen.SessionLoginWithPassword("root", "x", "1.1", "us").Request, "{session.login_with_password [root x 1.1 us] true}"},
		{xen.GetAllRecords(xen.ClassVMGuestMetrics).Request, "{VM_guest_metrics.get_all_records [] false}"},
		{xen.EventInject("VM", "OpaqueRef:1").Request, "{event.inject [VM OpaqueRef:1] false}"},
	} {
		if got := fmt.Sprint(tt.got); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
	if c := (xen.Request{Method: "Async.VM.start"}).Class(); c != xen.ClassVM {
		t.Errorf("class of Async.VM.start is %s", c)
	}
}

func TestEveryClassHasItsWordAndRecord(t *testing.T) {
	if n := len(xen.Classes()); n != 72 {
		t.Errorf("%d classes", n)
	}
	for _, c := range xen.Classes() {
		if got, ok := xen.ClassByEventWord(c.EventWord()); !ok || got != c {
			t.Errorf("%s is not found by its event word %q", c, c.EventWord())
		}
		r := xen.NewRecord(c)
		if c.HasGetAllRecords() && (r == nil || r.Class() != c) {
			t.Errorf("record of %s: %v", c, r)
		}
	}
	if !xen.ClassTask.HasEvents() || xen.ClassSession.HasEvents() || xen.Class("Unheard_of").Known() {
		t.Error("xapi: tasks have events, sessions have none")
	}
}
