package informer

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Metrics counts what informers see; the caller owns the registry. A nil *Metrics counts nothing. One may serve several
// informers with different values of the label pool.
type Metrics struct {
	inSync       *prometheus.GaugeVec
	events       *prometheus.CounterVec
	relists      *prometheus.CounterVec
	objects      *prometheus.GaugeVec
	decodeErrors *prometheus.CounterVec
	surprises    *prometheus.CounterVec
}

// NewMetrics makes the metrics and registers them; nil registers nowhere.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		inSync: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "xencontroller_informer_synced",
			Help: "1 while the cache is known to be the pool's state, 0 while it may be behind. Nothing is done to the pool at 0.",
		}, []string{"pool"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xencontroller_informer_events_total",
			Help: "Events received by class and operation (add, mod, del); class unknown: newer than this program.",
		}, []string{"pool", "class", "operation"}),
		relists: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xencontroller_informer_relists_total",
			Help: "Lists begun, by reason: startup, events_lost, stream (broken or silent), session (ended by the pool), failover, decode (an event that could not be read), count (the pool has another number of objects).",
		}, []string{"pool", "reason"}),
		objects: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "xencontroller_informer_objects",
			Help: "Objects in the cache by class.",
		}, []string{"pool", "class"}),
		decodeErrors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xencontroller_informer_decode_errors_total",
			Help: "Objects that could not be read, in events and lists, by class.",
		}, []string{"pool", "class"}),
		surprises: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xencontroller_informer_unknown_total",
			Help: "What changed objects held that this program's datamodel lacks, by kind (member, word of an enumeration). It is kept as it came.",
		}, []string{"pool", "kind"}),
	}
	if reg != nil {
		reg.MustRegister(m.inSync, m.events, m.relists, m.objects, m.decodeErrors, m.surprises)
	}
	return m
}

// counter is the metrics of one pool.
type counter struct {
	m    *Metrics
	pool string
}

// newCounter makes the series that alerts look at exist before anything happens.
func newCounter(m *Metrics, pool string) counter {
	c := counter{m, pool}
	c.synced(false)
	if m != nil {
		for _, reason := range []string{reasonStartup, reasonEventsLost, reasonStream, reasonSession, reasonFailover, reasonDecode, reasonCount} {
			m.relists.WithLabelValues(pool, reason)
		}
		m.surprises.WithLabelValues(pool, kindMember)
		m.surprises.WithLabelValues(pool, kindWord)
	}
	return c
}

func (c counter) synced(is bool) {
	if c.m == nil {
		return
	}
	value := 0.0
	if is {
		value = 1
	}
	c.m.inSync.WithLabelValues(c.pool).Set(value)
}

func (c counter) event(e xen.Event) {
	if c.m == nil {
		return
	}
	class, operation := string(e.Class), string(e.Operation)
	if !e.Class.Known() {
		class = "unknown" // the words of a server are no labels: there may be any number of them
	}
	switch e.Operation {
	case xen.EventAdd, xen.EventMod, xen.EventDel:
	default:
		operation = "unknown"
	}
	c.m.events.WithLabelValues(c.pool, class, operation).Inc()
}

func (c counter) list(reason string) {
	if c.m != nil {
		c.m.relists.WithLabelValues(c.pool, reason).Inc()
	}
}

func (c counter) unreadable(class xen.Class) {
	if c.m != nil {
		c.m.decodeErrors.WithLabelValues(c.pool, string(class)).Inc()
	}
}

// objects brings the gauges of classes that gained or lost objects up to date.
func (c counter) objects(snap store.Snapshot, changes []store.Change) {
	if c.m == nil {
		return
	}
	for _, ch := range changes {
		if ch.New != nil {
			c.surprise(ch.New)
		}
	}
	var last xen.Class // changes of one class mostly stand together
	for _, ch := range changes {
		if ch.Class != last && (ch.Old == nil || ch.New == nil) {
			last = ch.Class
			c.m.objects.WithLabelValues(c.pool, string(last)).Set(float64(store.Len(snap, last)))
		}
	}
}

// What a newer server may have that the datamodel lacks.
const (
	kindMember = "member"
	kindWord   = "word"
)

func (c counter) surprise(r xen.Record) {
	xen.Surprises(r, func(_, word string) {
		kind := kindMember
		if word != "" {
			kind = kindWord
		}
		c.m.surprises.WithLabelValues(c.pool, kind).Inc()
	})
}
