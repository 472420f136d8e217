package source

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/xencontroller/xencontroller/pkg/desired"
)

// Metrics of the sources; the caller owns the registry. The label source is "dir".
type Metrics struct {
	LastSyncSuccessful *prometheus.GaugeVec // xencontroller_source_last_sync_successful{source}: 1, or 0 while mistakes keep an older set in force
	Errors             *prometheus.GaugeVec // xencontroller_source_errors{source}: mistakes in what was read last
}

// NewMetrics registers the metrics with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		LastSyncSuccessful: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "xencontroller_source_last_sync_successful",
			Help: "Whether the manifests, when they were last read, were without mistakes (1) or an older set stays in force (0).",
		}, []string{"source"}),
		Errors: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "xencontroller_source_errors",
			Help: "Mistakes in the manifests when they were last read.",
		}, []string{"source"}),
	}
	reg.MustRegister(m.LastSyncSuccessful, m.Errors)
	return m
}

func (m *Metrics) loaded(err error) {
	if m == nil {
		return
	}
	ok, mistakes := 1, 0
	if err != nil {
		ok, mistakes = 0, 1
		if problems, many := errors.AsType[desired.Problems](err); many {
			mistakes = len(problems)
		}
	}
	m.LastSyncSuccessful.WithLabelValues("dir").Set(float64(ok))
	m.Errors.WithLabelValues("dir").Set(float64(mistakes))
}
