package reconcile

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// history is what happened to one VM since its declaration last changed.
type history struct {
	plan.History
	state  xen.PowerState // the one that Since counts from
	waits  bool           // nothing could be done about it when last looked at, so that Since counts from when something can
	fields map[plan.Field]*fieldHistory
}

// fieldHistory is who changed a field.
type fieldHistory struct {
	met       bool        // it was as declared when last looked at
	acted     bool        // we made it so
	reversals []time.Time // when somebody else turned it back
}

func (h *history) field(f plan.Field) *fieldHistory {
	if h.fields == nil {
		h.fields = map[plan.Field]*fieldHistory{}
	}
	if h.fields[f] == nil {
		h.fields[f] = &fieldHistory{}
	}
	return h.fields[f]
}

// observe takes in a verdict that was reached while nothing of ours was in flight, and reports whether it may change the
// verdict.
func (h *history) observe(v plan.Verdict, now time.Time, c Contest) bool {
	changed := false
	switch {
	case v.VM == "" || v.Reason == plan.ReasonHostLost || v.Reason == plan.ReasonForeignOperation:
		h.waits = true
	case h.Since.IsZero() || h.state != v.PowerState || h.waits:
		up := v.PowerState == xen.Running || v.PowerState == xen.Paused
		changed = up && !h.Since.IsZero() // the grace period of a shutdown begins now
		h.CleanFailed = h.CleanFailed && h.state == v.PowerState
		h.Since, h.state, h.waits = now, v.PowerState, false
	}
	if v.Phase == plan.InSync {
		h.Attempts, h.LastError, h.NextAttempt = 0, "", time.Time{}
	}
	if v.VM == "" || v.Reason == plan.ReasonHostLost {
		return changed // nothing is known of the fields
	}
	for _, f := range plan.Fields() {
		fh := h.field(f)
		if !v.Drifts(f) {
			fh.met = true
			continue
		}
		if fh.met && fh.acted {
			changed = h.turnedBack(f, now, c) || changed
		}
		fh.met, fh.acted = false, false
	}
	return changed
}

// turnedBack counts a reversal of a field that we had mended, and reports whether the field is contested from now on.
func (h *history) turnedBack(f plan.Field, now time.Time, c Contest) bool {
	fh := h.field(f)
	fh.reversals = append(slices.DeleteFunc(fh.reversals, func(t time.Time) bool { return now.Sub(t) > c.Window }), now)
	if len(fh.reversals) < c.Times || slices.Contains(h.Contested, f) {
		return false
	}
	h.Contested = append(slices.Clone(h.Contested), f)
	return true
}

// finished takes in the outcome of an action.
func (h *history) finished(a plan.Action, g glance, mode v1alpha1.ShutdownMode, now time.Time, b Backoff, rnd *rand.Rand, c Contest) {
	switch g.over {
	case succeeded:
		h.Attempts, h.LastError, h.NextAttempt = 0, "", time.Time{}
		h.field(a.Field).acted = true
		return
	case overtaken:
		h.turnedBack(a.Field, now, c)
		return
	case displaced, notSent:
		return
	case failed, cancelled, unknown:
	}
	h.LastError = g.err.Error()
	if a.Verb == plan.CleanShutdown && mode == v1alpha1.CleanThenHard && g.over != unknown {
		h.CleanFailed = g.over == failed // and the next step needs no pause
		if h.CleanFailed || !now.Before(a.Deadline) {
			return
		}
	}
	h.Attempts++
	h.NextAttempt = now.Add(pause(h.Attempts, b, rnd))
}

// pause is how long to wait after so many failures in a row: doubled each time, ±20 %.
func pause(attempts int, b Backoff, rnd *rand.Rand) time.Duration {
	d := b.Base
	for range attempts - 1 {
		if d >= b.Max {
			break
		}
		d *= 2
	}
	d = min(d, b.Max)
	return time.Duration(float64(d) * (0.8 + 0.4*rnd.Float64()))
}
