package simulator

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// callWith makes a call with a header.
func (w *wire) callWith(header, method string, params ...any) any {
	w.t.Helper()
	body := callText(method, append([]any{w.session}, params...)...)
	go func() {
		_, _ = fmt.Fprintf(w.conn, "POST / HTTP/1.1\r\n%s\r\ncontent-length: %d\r\n\r\n%s", header, len(body), body)
	}()
	_, reply, err := readRaw(w.in)
	if err != nil {
		w.t.Fatal(err)
	}
	v, err := readReply(reply)
	if err != nil {
		return err.Error()
	}
	return v
}

// subtask-of makes the call's task a part of another; task-id makes the call part of it, which it then does not end.
func TestTaskHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{Hosts: 1, VMs: 4})
		w, vm := login1(t, p), vmNamed(p, "app-1")
		own := w.must("task.create", "mine", "")
		part := w.callWith("subtask-of: "+own.(string), "Async.VM.start", vm, false, false)
		time.Sleep(time.Minute)
		if got := w.must("task.get_subtask_of", part); got != own {
			t.Errorf("the call's task is a part of %s, want %s", got, own)
		}
		if got := w.must("task.get_subtasks", own).(Set); len(got) != 1 || got[0] != part {
			t.Errorf("the parts of the task are %v, want %v", got, part)
		}
		tasks := len(w.must("task.get_all").(Set))
		if got := w.callWith("task-id: "+own.(string), "Async.VM.hard_shutdown", vm); got != own {
			t.Errorf("the call's task is %s, want the given %s", got, own)
		}
		time.Sleep(time.Minute)
		if got := w.must("VM.get_power_state", vm); got != "Halted" {
			t.Errorf("the VM is %s", got)
		}
		if got := w.must("task.get_status", own); got != "pending" || len(w.must("task.get_all").(Set)) != tasks {
			t.Errorf("the given task is %s; %d tasks, want %d", got, len(w.must("task.get_all").(Set)), tasks)
		}
		if got := w.callWith("task-id: OpaqueRef:gone", "VM.get_all"); got != "HANDLE_INVALID[task, OpaqueRef:gone]" {
			t.Errorf("a task that is not there: %v", got)
		}
		w.callWith("task-id: DummyRef:|x|y", "VM.start", vm, false, false)
	})
}
