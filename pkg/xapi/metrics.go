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

	transitions *prometheus.CounterVec
	outage      *prometheus.HistogramVec
	switches    *prometheus.CounterVec
	certificate *prometheus.GaugeVec

	labels labels
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
	m.more()
	if reg != nil {
		reg.MustRegister(m.requests, m.duration, m.sessions, m.failovers, m.transitions, m.outage, m.switches, m.certificate)
	}
	return m
}

// more makes the metrics of connections.
func (m *Metrics) more() {
	m.transitions = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "xencontroller_xapi_transitions_total",
		Help: "Changes in how the pool is reached, by kind: found, lost, searching, refused, failed, closed, protocol, pinned, expiring.",
	}, []string{"pool", "kind"})
	m.outage = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "xencontroller_xapi_failover_duration_seconds",
		Help:    "Time from the loss of a session until the next one was in use, on a master that was verified.",
		Buckets: []float64{.01, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600},
	}, []string{"pool"})
	m.switches = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "xencontroller_xapi_protocol_switches_total",
		Help: "Methods whose replies could not be read in one protocol (from) and go through the other since.",
	}, []string{"pool", "from"})
	m.certificate = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "xencontroller_xapi_certificate_not_after_timestamp_seconds",
		Help: "When the certificate of the master in use ends, in seconds since 1970; 0: the connection has none.",
	}, []string{"pool"})
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
	for _, kind := range transitionKinds() {
		m.transitions.WithLabelValues(pool, string(kind))
	}
	for _, p := range []Protocol{ProtocolXML, ProtocolJSON} {
		m.switches.WithLabelValues(pool, string(p))
	}
	m.outage.WithLabelValues(pool)
}

func (m *Metrics) called(pool, method, code string, took time.Duration, longPoll bool) {
	if m == nil {
		return
	}
	method, code = m.labels.method(method, code), m.labels.code(code)
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

func (m *Metrics) failedOver(pool, reason string, took time.Duration) {
	if m != nil {
		m.failovers.WithLabelValues(pool, m.labels.code(reason)).Inc()
		m.outage.WithLabelValues(pool).Observe(took.Seconds())
	}
}

func (m *Metrics) happened(pool string, t Transition) {
	if m != nil {
		m.transitions.WithLabelValues(pool, string(t.Kind)).Inc()
	}
}

func (m *Metrics) protocolChanged(pool string, c *change) {
	if m != nil {
		m.switches.WithLabelValues(pool, string(c.from)).Inc()
	}
}

// expires shows when the certificate of the master in use ends.
func (m *Metrics) expires(pool string, at time.Time) {
	if m == nil {
		return
	}
	seconds := 0.0
	if !at.IsZero() {
		seconds = float64(at.Unix())
	}
	m.certificate.WithLabelValues(pool).Set(seconds)
}
