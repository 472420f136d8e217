package reconcile

import (
	"fmt"
	"slices"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

func TestBudgetWakesWhoHasRoom(t *testing.T) {
	b := newBudget(plan.Limits{Starts: 1})
	start := func(key string) plan.Action { return plan.Action{Verb: plan.Start, Key: key} }
	move := func(key, from, to string) plan.Action {
		return plan.Action{Verb: plan.Migrate, Key: key, From: xen.HostRef(from), Host: xen.HostRef(to)}
	}
	for _, a := range []plan.Action{start("a"), move("m", "1", "2")} {
		if full := b.take(a); full != "" {
			t.Fatalf("%s: %s", a.Key, full)
		}
	}
	// n waits for the host that m leaves and o for the one that m goes to; p is behind both and has room only with them
	for _, a := range []plan.Action{start("b"), start("c"), move("n", "1", "3"), move("o", "4", "2")} {
		if b.take(a) == "" {
			t.Fatalf("%s got a slot", a.Key)
		}
	}
	if got := b.ready(); len(got) > 0 {
		t.Errorf("nothing is free, and yet ready: %v", got)
	}
	b.release(start("a"))
	if got := b.ready(); !slices.Equal(got, []string{"b"}) {
		t.Errorf("one start is free: %v", got)
	}
	if !b.leave("b") || b.leave("b") {
		t.Error("b was in the queue once")
	}
	if got := b.ready(); !slices.Equal(got, []string{"c"}) {
		t.Errorf("b left, c is next: %v", got)
	}
	b.release(move("m", "1", "2"))
	if got := fmt.Sprint(b.ready()); got != "[c n o]" {
		t.Errorf("everything is free: %s", got)
	}
}
