package reconcile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// TestMetrics plays a start, a failure and drift that is only observed, and reads what is counted.
func TestMetrics(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	m := reconcile.NewMetrics(reg)
	yaml := running("app-1", "web-1") + vmYAML("cache-1", "powerState: Running, mode: Observe") + vmYAML("nobody", "powerState: Halted")
	playWith(t, simulator.Model{}, "", func(c *reconcile.Config) { c.Metrics, c.Name = m, "rack-1" }, func(w *world) {
		w.pool.Inject(simulator.Nth(1, simulator.On("Async.VM.start", simulator.FailWith("NO_HOSTS_AVAILABLE"))))
		w.declare(yaml)
		w.settle(time.Minute)
		web, _ := w.vm("web-1")
		do(w, web.HardShutdown())
		w.settle(time.Minute)
		want := `
# HELP xencontroller_actions_total Actions that ended, by result: success (the VM is observed in its new state), overtaken, error, cancelled, displaced, unknown or not_sent.
# TYPE xencontroller_actions_total counter
xencontroller_actions_total{action="Start",pool="rack-1",result="error"} 1
xencontroller_actions_total{action="Start",pool="rack-1",result="success"} 2
` + zeros(`xencontroller_actions_total{action="%s",pool="rack-1",result="error"}`, plan.Start) +
			zeros(`xencontroller_actions_total{action="%s",pool="rack-1",result="success"}`, plan.Start) + `
# HELP xencontroller_actions_inflight Actions that are not known to be over.
# TYPE xencontroller_actions_inflight gauge
` + zeros(`xencontroller_actions_inflight{action="%s",pool="rack-1"}`, "") + `
# HELP xencontroller_drift Declared objects of which a field is not as declared.
# TYPE xencontroller_drift gauge
xencontroller_drift{field="placement",kind="VirtualMachine",pool="rack-1"} 0
xencontroller_drift{field="powerState",kind="VirtualMachine",pool="rack-1"} 1
# HELP xencontroller_tasks_destroyed_total Tasks of ours destroyed after their end, by origin: own, or orphan of an earlier life or a lost reply.
# TYPE xencontroller_tasks_destroyed_total counter
xencontroller_tasks_destroyed_total{origin="orphan",pool="rack-1"} 0
xencontroller_tasks_destroyed_total{origin="own",pool="rack-1"} 2
# HELP xencontroller_vm_condition 1 for the present status of each condition of each declared VM.
# TYPE xencontroller_vm_condition gauge
xencontroller_vm_condition{condition="Ready",pool="rack-1",status="true",vm="app-1"} 1
xencontroller_vm_condition{condition="UpToDate",pool="rack-1",status="true",vm="app-1"} 1
xencontroller_vm_condition{condition="Ready",pool="rack-1",status="true",vm="web-1"} 1
xencontroller_vm_condition{condition="UpToDate",pool="rack-1",status="true",vm="web-1"} 1
xencontroller_vm_condition{condition="Ready",pool="rack-1",status="false",vm="cache-1"} 1
xencontroller_vm_condition{condition="UpToDate",pool="rack-1",status="false",vm="cache-1"} 1
xencontroller_vm_condition{condition="Suspended",pool="rack-1",status="true",vm="cache-1"} 1
xencontroller_vm_condition{condition="Ready",pool="rack-1",status="false",vm="nobody"} 1
xencontroller_vm_condition{condition="UpToDate",pool="rack-1",status="unknown",vm="nobody"} 1
xencontroller_vm_condition{condition="Stalled",pool="rack-1",status="true",vm="nobody"} 1
`
		if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "xencontroller_actions_total", "xencontroller_actions_inflight",
			"xencontroller_drift", "xencontroller_tasks_destroyed_total", "xencontroller_vm_condition"); err != nil {
			w.t.Error(err)
		}
		for _, name := range []string{
			"xencontroller_reconcile_total", "xencontroller_event_to_call_seconds", "workqueue_depth",
			"workqueue_adds_total", "workqueue_queue_duration_seconds", "workqueue_work_duration_seconds", "workqueue_unfinished_work_seconds",
		} {
			if n, err := testutil.GatherAndCount(reg, name); err != nil || n == 0 {
				w.t.Errorf("%s: %d series, %v", name, n, err)
			}
		}
		w.declare("")
		w.settle(time.Second)
		if n, err := testutil.GatherAndCount(reg, "xencontroller_vm_condition"); err != nil || n != 0 {
			w.t.Errorf("nothing is declared, and %d conditions are left, %v", n, err)
		}
	})
}

// TestATaskIsDestroyedOnceAndCountedAsOurs writes to a task of ours between a destroy that failed and the next try: the
// event must not make an orphan of it.
func TestATaskIsDestroyedOnceAndCountedAsOurs(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	m := reconcile.NewMetrics(reg)
	playWith(t, simulator.Model{}, "", func(c *reconcile.Config) { c.Metrics, c.Name = m, "rack-1" }, func(w *world) {
		w.pool.Inject(simulator.Nth(1, simulator.On("task.destroy", simulator.FailWith("INTERNAL_ERROR", "not now"))))
		w.declare(running("app-1"))
		w.settle(100 * time.Millisecond)
		tasks := w.pool.Tasks()
		if len(tasks) != 1 || w.calls("task.destroy") != 1 {
			w.t.Fatalf("%d calls of task.destroy, and these tasks: %+v", w.calls("task.destroy"), tasks)
		}
		do(w, xen.TaskRef(tasks[0].Ref).AddToOtherConfig("note", "seen"))
		w.settle(time.Minute)
		want := `
# HELP xencontroller_tasks_destroyed_total Tasks of ours destroyed after their end, by origin: own, or orphan of an earlier life or a lost reply.
# TYPE xencontroller_tasks_destroyed_total counter
xencontroller_tasks_destroyed_total{origin="orphan",pool="rack-1"} 0
xencontroller_tasks_destroyed_total{origin="own",pool="rack-1"} 1
`
		if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "xencontroller_tasks_destroyed_total"); err != nil {
			w.t.Error(err)
		}
		if n := w.calls("task.destroy"); n != 2 {
			w.t.Errorf("%d calls of task.destroy", n)
		}
	})
}

// zeros are the series of all verbs but one before anything happened.
func zeros(series string, but plan.Verb) string {
	var b strings.Builder
	for _, v := range plan.Verbs() {
		if v != but {
			fmt.Fprintf(&b, series+" 0\n", v)
		}
	}
	return b.String()
}
