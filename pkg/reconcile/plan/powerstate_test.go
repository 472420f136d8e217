package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
)

// TestEveryPowerState holds the way from each power state to each other one, in each shutdown mode: the first step, and
// what it says will follow. In the column "late" the grace period is over.
func TestEveryPowerState(t *testing.T) {
	const (
		clean, both, hard = "Clean", "CleanThenHard", "Hard"
	)
	cases := []struct {
		from, to, mode string
		want           string
		late           string // empty: the same
	}{
		{"Halted", "Halted", both, "", ""},
		{"Halted", "Running", both, "Start", ""},
		{"Halted", "Paused", both, "Start paused", ""},
		{"Halted", "Suspended", both, "Start, Suspend", ""},
		{"Suspended", "Suspended", both, "", ""},
		{"Suspended", "Running", both, "Resume", ""},
		{"Suspended", "Paused", both, "Resume paused", ""},
		{"Suspended", "Halted", clean, "Resume, CleanShutdown", ""},
		{"Suspended", "Halted", both, "Resume, CleanShutdown", ""},
		{"Suspended", "Halted", hard, "HardShutdown", ""},
		{"Paused", "Paused", both, "", ""},
		{"Paused", "Running", both, "Unpause", ""},
		{"Paused", "Suspended", both, "Unpause, Suspend", ""},
		{"Paused", "Halted", clean, "Unpause, CleanShutdown", ""},
		{"Paused", "Halted", both, "Unpause, CleanShutdown", "HardShutdown"},
		{"Paused", "Halted", hard, "HardShutdown", ""},
		{"Running", "Running", both, "", ""},
		{"Running", "Paused", both, "Pause", ""},
		{"Running", "Suspended", both, "Suspend", ""},
		{"Running", "Halted", clean, "CleanShutdown", ""},
		{"Running", "Halted", both, "CleanShutdown", "HardShutdown"},
		{"Running", "Halted", hard, "HardShutdown", ""},
		{"Strange", "Running", both, "NoLegalWay", ""}, // a word that this datamodel does not know
	}
	for _, c := range cases {
		for _, late := range []bool{false, true} {
			want := c.want
			if late && c.late != "" {
				want = c.late
			}
			t.Run(fmt.Sprintf("%s to %s %s late=%t", c.from, c.to, c.mode, late), func(t *testing.T) {
				w := newWorld(t, "host xen-1\nvm db "+c.from+" on=xen-1")
				if late {
					w.history["db"] = plan.History{Since: epoch.Add(-3 * 60e9)}
				}
				set := declaredFrom(t, fmt.Sprintf("metadata: {name: db}\nspec: {powerState: %s, shutdown: {mode: %s}}", c.to, c.mode))
				v, _ := plan.For(w.input(set), "db")
				if got := way(v); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		}
	}
}

// way is a verdict's action and what follows, or why there is none.
func way(v plan.Verdict) string {
	if v.Phase == plan.Stalled {
		return string(v.Reason)
	}
	if v.Action == nil {
		return ""
	}
	words := string(v.Action.Verb)
	if v.Action.Paused {
		words += " paused"
	}
	for _, verb := range v.Action.Then {
		words = strings.Join([]string{words, string(verb)}, ", ")
	}
	return words
}

// TestRequests holds the call of each action.
func TestRequests(t *testing.T) {
	cases := []struct {
		action plan.Action
		want   string
	}{
		{plan.Action{Verb: plan.Start, VM: "v"}, "VM.start [v false false]"},
		{plan.Action{Verb: plan.Start, VM: "v", Host: "h", Paused: true}, "VM.start_on [v h true false]"},
		{plan.Action{Verb: plan.Resume, VM: "v"}, "VM.resume [v false false]"},
		{plan.Action{Verb: plan.Resume, VM: "v", Host: "h", Paused: true}, "VM.resume_on [v h true false]"},
		{plan.Action{Verb: plan.Pause, VM: "v"}, "VM.pause [v]"},
		{plan.Action{Verb: plan.Unpause, VM: "v"}, "VM.unpause [v]"},
		{plan.Action{Verb: plan.Suspend, VM: "v"}, "VM.suspend [v]"},
		{plan.Action{Verb: plan.CleanShutdown, VM: "v"}, "VM.clean_shutdown [v]"},
		{plan.Action{Verb: plan.HardShutdown, VM: "v"}, "VM.hard_shutdown [v]"},
		{plan.Action{Verb: plan.Migrate, VM: "v", Host: "h"}, "VM.pool_migrate [v h []]"},
	}
	for _, c := range cases {
		r := c.action.Request()
		if got := fmt.Sprintf("%s %v", r.Method, r.Params); got != c.want {
			t.Errorf("%s: got %s, want %s", c.action.Verb, got, c.want)
		}
		if verb, ok := plan.VerbOf("Async." + r.Method); !ok || verb != c.action.Verb {
			t.Errorf("VerbOf(%s) = %s", r.Method, verb)
		}
	}
}
