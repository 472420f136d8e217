package simulator

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// What is under way on a host that dies ends with an error, and the records say what the pool can know: a VM that ran
// there is Running there still (lifecycle §5.5), one that was on its way there is not (§2.1, §4.1).
func TestWorkDiesWithItsHost(t *testing.T) {
	timing := slow
	timing.Suspend, timing.Contact = Span{Min: 3 * time.Second}, Span{Min: 10 * time.Second}
	for _, c := range []struct {
		name, method string
		params       []any // after the VM; "xen-N" is a host
		dies         string
		vm           string
		want         string // of the task: code and parameters
		state        xen.PowerState
		on           string
	}{
		{"start", "VM.start_on", []any{"xen-3", false, false}, "xen-3", "web5", "CANNOT_CONTACT_HOST | xen-3", xen.Halted, ""},
		{"clean shutdown", "VM.clean_shutdown", nil, "xen-2", "web1", "CANNOT_CONTACT_HOST | xen-2", xen.Running, "xen-2"},
		{"hard shutdown", "VM.hard_shutdown", nil, "xen-2", "web1", "CANNOT_CONTACT_HOST | xen-2", xen.Running, "xen-2"},
		{"reboot", "VM.clean_reboot", nil, "xen-2", "web1", "CANNOT_CONTACT_HOST | xen-2", xen.Running, "xen-2"},
		{"suspend", "VM.suspend", nil, "xen-2", "web1", "CANNOT_CONTACT_HOST | xen-2", xen.Running, "xen-2"},
		{"migration, source", "VM.pool_migrate", []any{"xen-3", Map{}}, "xen-2", "web1", "CANNOT_CONTACT_HOST | xen-2", xen.Running, "xen-2"},
		{"migration, destination", "VM.pool_migrate", []any{"xen-3", Map{}}, "xen-3", "web1", "VM_MIGRATE_CONTACT_REMOTE_SERVICE_FAILED", xen.Running, "xen-2"},
		{"another host", "VM.clean_shutdown", nil, "xen-3", "web1", "", xen.Halted, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, w := recordedPool(t, Model{Timing: timing})
				ref, names := namesOf(p)
				params := []any{ref(c.vm)}
				for _, v := range c.params {
					if host, ok := v.(string); ok {
						v = ref(host)
					}
					params = append(params, v)
				}
				task := w.must("Async."+c.method, params...).(string)
				time.Sleep(500 * time.Millisecond)
				if err := p.HostDies(c.dies); err != nil {
					t.Fatal(err)
				}
				time.Sleep(9 * time.Second)
				if status := w.must("task.get_status", task); (status == "pending") != (c.want != "") {
					t.Errorf("nine seconds later the task is %v", status)
				}
				time.Sleep(2 * time.Second)
				got := names.Replace(strings.Join(wordsOf(w.must("task.get_error_info", task).(Set)), " | "))
				if got != c.want || p.PowerState(c.vm) != c.state || p.HostOf(c.vm) != c.on {
					t.Errorf("%s on %q, the task ends with %q; want %s on %q, %q", p.PowerState(c.vm), p.HostOf(c.vm), got, c.state, c.on, c.want)
				}
				record := w.must("VM.get_record", ref(c.vm))
				if field(record, "scheduled_to_be_resident_on") != nullRef || field(record, "suspend_VDI") != nullRef || len(field(record, "current_operations").(Map)) > 0 {
					t.Errorf("something is left of it: %v", record)
				}
			})
		})
	}
}

// The same with HA: the VM that was shutting down on the dead host is Halted, and the operation that dies with it does not
// disturb the next one.
func TestWorkDiesWithItsHostUnderHA(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timing := slow
		timing.GuestShutdown = Span{Min: time.Hour}
		p := Start(t, Model{VMs: 8, Timing: timing})
		withHA(t, p, "db-1")
		on := p.HostOf("db-1")
		w := login1(t, p)
		task := w.must("Async.VM.clean_reboot", vmNamed(p, "db-1")).(string)
		time.Sleep(time.Second)
		if err := p.HostDies(on); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if p.PowerState("db-1") != xen.Running || p.HostOf("db-1") == on {
			t.Errorf("db-1 is %s on %q, want restarted elsewhere", p.PowerState("db-1"), p.HostOf("db-1"))
		}
		if status := w.must("task.get_status", task); status != "failure" {
			t.Errorf("the reboot is %v", status)
		}
		checkInvariants(t, p)
	})
}
