package simulator

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// taskPool is a pool whose VM.start takes a minute and heeds cancel in its second half.
func taskPool(t *testing.T, m Model) (*Pool, *wire) {
	p := Start(t, m)
	p.behaviours["VM.start"] = func(c *call) (any, error) {
		if err := c.view(func(t *tx) error { return t.must("VM", c.str(0)) }); err != nil {
			return nil, err
		}
		if err := c.sleep(30 * time.Second); err != nil {
			return nil, err
		}
		c.progress(0.5)
		c.cancellable(true)
		return nil, c.sleep(30 * time.Second)
	}
	return p, login1(t, p)
}

func TestTaskFieldsAreWrittenInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := taskPool(t, Model{VMs: 2})
		w.must("event.register", setOf("task"))
		task := w.must("Async.VM.start", vmNamed(p, "app-1"), false, false)
		time.Sleep(2 * time.Minute)
		var statuses, progress []any
		events := w.must("event.next").(Set)
		for _, e := range events {
			if field(e, "ref") != task {
				t.Fatalf("an event of %v, want only %v", field(e, "ref"), task)
			}
			statuses = append(statuses, field(field(e, "snapshot"), "status"))
			progress = append(progress, field(field(e, "snapshot"), "progress"))
		}
		// add, progress, allowed_operations twice, finished, progress, result, status
		if got, want := fmt.Sprint(statuses), "[pending pending pending pending pending pending pending success]"; got != want {
			t.Errorf("statuses %s, want %s", got, want)
		}
		if got, want := fmt.Sprint(progress), "[0 0.5 0.5 0.5 0.5 1 1 1]"; got != want {
			t.Errorf("progress %s, want %s", got, want)
		}
		if result := field(field(events[7], "snapshot"), "result"); result != "<value></value>" {
			t.Errorf("result %q, want an empty value", result)
		}
	})
}

func TestCancelIsAWish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := taskPool(t, Model{VMs: 2})
		vm := vmNamed(p, "app-1")
		early := w.must("Async.VM.start", vm, false, false)
		w.must("task.cancel", early)
		time.Sleep(20 * time.Second)
		if status := w.must("task.get_status", early); status != "pending" {
			t.Errorf("a task that cannot be cancelled is %s, want pending", status)
		}
		time.Sleep(20 * time.Second) // it has come to where it heeds the wish
		record := w.must("task.get_record", early)
		if field(record, "status") != "cancelled" || field(record, "progress") != "1" || len(field(record, "error_info").(Set)) != 0 {
			t.Errorf("cancelled task: %v", record)
		}
		w.must("task.cancel", early) // of a finished task: void
	})
}

func TestSyncCallHasATaskAndCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := taskPool(t, Model{VMs: 2})
		answer := make(chan string, 1)
		other := w.again(p)
		vm := vmNamed(p, "app-1")
		go func() { answer <- other.refused("VM.start", vm, false, false) }()
		time.Sleep(40 * time.Second)
		tasks := p.Tasks()
		if len(tasks) != 1 || tasks[0].Name != "VM.start" {
			t.Fatalf("tasks %v, want one VM.start", tasks)
		}
		w.must("task.cancel", tasks[0].Ref)
		if got, want := <-answer, "TASK_CANCELLED | "+tasks[0].Ref; got != want {
			t.Errorf("the call answers %s, want %s", got, want)
		}
		if left := p.Tasks(); len(left) != 0 {
			t.Errorf("tasks left: %v", left)
		}
	})
}

func TestDestroyOfAPendingTaskIsAMark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := taskPool(t, Model{VMs: 2})
		task := w.must("Async.VM.start", vmNamed(p, "app-1"), false, false).(string)
		w.must("task.destroy", task)
		if got, want := w.refused("task.destroy", task), "MAP_DUPLICATE_KEY | task | current_operations | "+task+" | task"; got != want {
			t.Errorf("a second destroy answers %s, want %s", got, want)
		}
		time.Sleep(59 * time.Second)
		if n := len(p.Tasks()); n != 1 {
			t.Errorf("%d tasks while it runs, want 1", n)
		}
		time.Sleep(32 * time.Second) // ended, and the collector has passed
		if left := p.Tasks(); len(left) != 0 {
			t.Errorf("tasks left: %v", left)
		}
	})
}

func TestCollector(t *testing.T) {
	for _, c := range []struct {
		version        string
		ended, pending int
		want           int
	}{
		{"24.19.2", 230, 0, 200},
		{"24.19.2", 150, 100, 200},
		{"25.37.0", 196, 5, 9},
		{"25.37.0", 250, 0, 0},
		{"25.37.0", 150, 10, 160},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := Start(t, Model{VMs: 2, Version: c.version})
			w := login1(t, p)
			write(p, func(t *tx) {
				for i := range c.ended + c.pending {
					status, at := "success", wholeSecond(time.Now())
					if i < c.pending {
						status = "pending"
					}
					t.create("task", values{"status": status, "created": at, "finished": at.Add(time.Duration(i) * time.Millisecond).Truncate(time.Second)})
				}
			})
			time.Sleep(31 * time.Second)
			if n := len(p.Tasks()); n != c.want {
				t.Errorf("%s: of %d ended and %d pending tasks %d are left, want %d", c.version, c.ended, c.pending, n, c.want)
			}
			time.Sleep(3900 * time.Second)
			if n := len(p.Tasks()); n != c.pending {
				t.Errorf("%s: after 65 minutes %d tasks, want the %d pending", c.version, n, c.pending)
			}
			_ = w
		})
	}
}

func TestHeadersMarkTheTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w := taskPool(t, Model{VMs: 2})
		body := callText("Async.VM.start", w.session, vmNamed(p, "app-1"), false, false)
		fmt.Fprintf(w.conn, "POST / HTTP/1.1\r\nX-Http-Other-Config-Owner: me\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		if _, _, err := readRaw(w.in); err != nil {
			t.Fatal(err)
		}
		if got := p.Tasks()[0].OtherConfig["http:owner"]; got != "me" {
			t.Errorf("other_config holds %q, want me", got)
		}
	})
}

func TestWrongReferencesFailTheTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, w := taskPool(t, Model{VMs: 2})
		task := w.must("Async.VM.start", "OpaqueRef:NULL", false, false)
		synctest.Wait()
		if got := fmt.Sprint(w.must("task.get_error_info", task)); got != "[HANDLE_INVALID VM OpaqueRef:NULL]" {
			t.Errorf("error_info %s", got)
		}
		if ref := w.must("Async.task.cancel", task).(string); ref[:9] != "DummyRef:" {
			t.Errorf("Async.task.cancel answers %s, want a DummyRef", ref)
		}
	})
}
