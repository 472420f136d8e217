package reconcile

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// TestPause holds that pauses double, within ±20 %, up to the maximum, however often it failed.
func TestPause(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := Backoff{Base: 2 * time.Second, Max: 5 * time.Minute}
		n := rapid.IntRange(1, 1_000_000).Draw(rt, "attempts")
		want := min(b.Base<<min(n-1, 20), b.Max)
		got := pause(n, b, rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0)))
		if got < want*8/10 || got > want*12/10 {
			rt.Errorf("pause %d is %s, want about %s", n, got, want)
		}
	})
}

// TestWhoseChange holds what counts as a reversal: a change of a field that we had mended, seen once.
func TestWhoseChange(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	contest := Contest{Times: 2, Window: time.Hour}
	fine := plan.Verdict{VM: "vm", Phase: plan.InSync, PowerState: xen.Running}
	off := plan.Verdict{VM: "vm", Phase: plan.Act, PowerState: xen.Halted, Drift: []plan.Drift{{Field: plan.FieldPowerState}}}
	start := plan.Action{Verb: plan.Start, Field: plan.FieldPowerState}
	h := &history{}
	turn := func(after time.Duration) bool {
		now = now.Add(after)
		h.observe(off, now, contest)
		h.observe(off, now, contest) // the same drift, seen again
		h.finished(start, glance{over: succeeded}, v1alpha1.CleanThenHard, now, Backoff{}, nil, contest)
		h.observe(fine, now, contest)
		return len(h.Contested) > 0
	}
	if turn(0) || turn(time.Minute) {
		t.Fatal("the first drift is nobody's reversal, the second is one of two")
	}
	if turn(2 * time.Hour) {
		t.Fatal("the first reversal is out of the window")
	}
	if !turn(time.Minute) {
		t.Error("two reversals within the window are a contest")
	}
}

// TestFailedCleanShutdown holds that a guest which refuses is shut down hard at once where that is declared, and asked
// again after a pause where it is not; and that somebody who cancels our shutdown is not answered by pulling the plug.
func TestFailedCleanShutdown(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	a := plan.Action{Verb: plan.CleanShutdown, Field: plan.FieldPowerState, Deadline: now.Add(time.Minute)}
	for _, c := range []struct {
		mode       v1alpha1.ShutdownMode
		over       result
		hard, wait bool
	}{
		{v1alpha1.CleanThenHard, failed, true, false},
		{v1alpha1.CleanThenHard, cancelled, false, true},
		{v1alpha1.CleanThenHard, unknown, false, true},
		{v1alpha1.Clean, failed, false, true},
	} {
		h := &history{}
		h.finished(a, glance{over: c.over, err: errors.New("why")}, c.mode, now, Backoff{time.Second, time.Minute}, rand.New(rand.NewPCG(1, 1)), Contest{3, time.Hour})
		if h.CleanFailed != c.hard || h.NextAttempt.After(now) != c.wait {
			t.Errorf("%s, %s: clean failed %t, next attempt %s", c.mode, c.over, h.CleanFailed, h.NextAttempt)
		}
	}
}
