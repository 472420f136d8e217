package reconcile

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
)

// Metrics of controllers; the caller owns the registry, and several controllers may share one Metrics. The nil *Metrics
// counts nothing.
type Metrics struct {
	reconcileTotal *prometheus.CounterVec
	actions        *prometheus.CounterVec
	actionsRunning *prometheus.GaugeVec
	drift          *prometheus.GaugeVec
	tasksDestroyed *prometheus.CounterVec
	eventCall      *prometheus.HistogramVec
	vmCondition    *prometheus.GaugeVec
	queue          *queueMetrics
}

// NewMetrics makes the metrics and registers them; a second set in one registry is a mistake of the program, and panics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		reconcileTotal: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xencontroller_reconcile_total",
			Help: "Looks at declared objects, by how they ended: success, requeue, requeue_after or error.",
		}, []string{"pool", "kind", "result"}),
		actions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xencontroller_actions_total",
			Help: "Actions that ended, by result: success (the VM is observed in its new state), overtaken, error, cancelled, displaced, unknown or not_sent.",
		}, []string{"pool", "action", "result"}),
		actionsRunning: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "xencontroller_actions_inflight",
			Help: "Actions that are not known to be over.",
		}, []string{"pool", "action"}),
		drift: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "xencontroller_drift",
			Help: "Declared objects of which a field is not as declared.",
		}, []string{"pool", "kind", "field"}),
		tasksDestroyed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xencontroller_tasks_destroyed_total",
			Help: "Tasks of ours destroyed after their end, by origin: own, or orphan of an earlier life or a lost reply.",
		}, []string{"pool", "origin"}),
		eventCall: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "xencontroller_event_to_call_seconds",
			Help:    "From an event in the cache to the call that it leads to.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .05, .1, .5, 1, 5, 30},
		}, []string{"pool"}),
		vmCondition: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "xencontroller_vm_condition",
			Help: "1 for the present status of each condition of each declared VM.",
		}, []string{"pool", "vm", "condition", "status"}),
		queue: newQueueMetrics(),
	}
	reg.MustRegister(m.reconcileTotal, m.actions, m.actionsRunning, m.drift, m.tasksDestroyed, m.eventCall, m.vmCondition)
	m.queue.register(reg)
	return m
}

// begin shows a pool before anything happened: a series that appears with its first increment hides it from rate().
func (m *Metrics) begin(pool string) {
	if m == nil {
		return
	}
	for _, v := range plan.Verbs() {
		m.actionsRunning.WithLabelValues(pool, string(v))
		for _, r := range []result{succeeded, failed} {
			m.actions.WithLabelValues(pool, string(v), string(r))
		}
	}
	for _, f := range plan.Fields() {
		m.drift.WithLabelValues(pool, v1alpha1.KindVirtualMachine, string(f))
	}
	for _, o := range []origin{originOwn, originOrphan} {
		m.tasksDestroyed.WithLabelValues(pool, string(o))
	}
	m.eventCall.WithLabelValues(pool)
}

func (m *Metrics) reconciled(pool, result string) {
	if m != nil {
		m.reconcileTotal.WithLabelValues(pool, v1alpha1.KindVirtualMachine, result).Inc()
	}
}

func (m *Metrics) acted(pool string, v plan.Verb, r result) {
	if m != nil {
		m.actions.WithLabelValues(pool, string(v), string(r)).Inc()
	}
}

func (m *Metrics) inflight(pool string, v plan.Verb, by float64) {
	if m != nil {
		m.actionsRunning.WithLabelValues(pool, string(v)).Add(by)
	}
}

func (m *Metrics) destroyed(pool string, o origin) {
	if m != nil {
		m.tasksDestroyed.WithLabelValues(pool, string(o)).Inc()
	}
}

func (m *Metrics) eventToCall(pool string, d float64) {
	if m != nil {
		m.eventCall.WithLabelValues(pool).Observe(d)
	}
}

// changeStatus moves the gauges of one VM from one status to the next.
func (m *Metrics) changeStatus(pool string, before, after VMStatus) {
	if m == nil {
		return
	}
	for _, f := range plan.Fields() {
		m.drift.WithLabelValues(pool, v1alpha1.KindVirtualMachine, string(f)).Add(drifts(after, f) - drifts(before, f))
	}
	for _, c := range before.Conditions {
		if now, ok := after.Condition(c.Type); !ok || now.Status != c.Status {
			m.vmCondition.DeleteLabelValues(pool, before.Name, string(c.Type), statusLabel(c.Status))
		}
	}
	for _, c := range after.Conditions {
		m.vmCondition.WithLabelValues(pool, after.Name, string(c.Type), statusLabel(c.Status)).Set(1)
	}
}

// statusLabel writes a condition's status as kube-state-metrics does: true, false, unknown.
func statusLabel(s ConditionStatus) string { return strings.ToLower(string(s)) }

// dropStatus takes the gauges of a VM away that is not declared any more.
func (m *Metrics) dropStatus(pool string, s VMStatus) { m.changeStatus(pool, s, VMStatus{}) }

func drifts(s VMStatus, f plan.Field) float64 {
	for _, d := range s.Drift {
		if d.Field == f {
			return 1
		}
	}
	return 0
}
