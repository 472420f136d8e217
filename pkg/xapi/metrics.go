package xapi

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Metrics counts what clients do; the caller owns the registry. A nil *Metrics counts nothing. One may serve several
// clients with different values of the label pool.
type Metrics struct {
	requests  *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	sessions  *prometheus.GaugeVec
	failovers *prometheus.CounterVec
}

// What shows in labels where there is no code of XAPI.
const (
	transport = "transport"
	timeout   = "timeout"
)

// NewMetrics makes the metrics and registers them; nil registers nowhere.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xencontroller_xapi_requests_total",
			Help: "Calls to the pool by how they ended: OK, the error code of XAPI, or transport where no answer could be read.",
		}, []string{"pool", "method", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "xencontroller_xapi_request_duration_seconds",
			Help:    "Time from sending a call to its decoded reply; the blocking event.next is left out.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"pool", "method"}),
		sessions: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "xencontroller_xapi_sessions",
			Help: "Sessions that this process has opened in the pool and not yet closed, as far as it knows.",
		}, []string{"pool"}),
		failovers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xencontroller_xapi_failovers_total",
			Help: "Sessions that were lost and replaced, by what showed that they were of no use: an error code of XAPI, transport, or timeout.",
		}, []string{"pool", "reason"}),
	}
	if reg != nil {
		reg.MustRegister(m.requests, m.duration, m.sessions, m.failovers)
	}
	return m
}

// begin shows a pool before anything happened: a series that appears with its first increment hides it from rate().
func (m *Metrics) begin(pool string) {
	if m == nil {
		return
	}
	m.sessions.WithLabelValues(pool).Set(0)
	for _, reason := range []string{transport, timeout, string(xen.SessionInvalid), string(xen.HostIsSlave)} {
		m.failovers.WithLabelValues(pool, reason)
	}
}

func (m *Metrics) called(pool, method, code string, took time.Duration, longPoll bool) {
	if m == nil {
		return
	}
	m.requests.WithLabelValues(pool, method, code).Inc()
	if !longPoll {
		m.duration.WithLabelValues(pool, method).Observe(took.Seconds())
	}
}

func (m *Metrics) alive(pool string, sessions int) {
	if m != nil {
		m.sessions.WithLabelValues(pool).Set(float64(sessions))
	}
}

func (m *Metrics) failedOver(pool, reason string) {
	if m != nil {
		m.failovers.WithLabelValues(pool, reason).Inc()
	}
}
