package plan_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// TestAnyPool holds what is true of every plan for every pool, and that doing what plans say comes to an end.
func TestAnyPool(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, anyPool(rt))
		declared := plan.Declare(anyDeclared(rt))
		in := plan.Input{Now: epoch, Declared: declared, History: map[string]plan.History{}}
		for round := range 12 {
			in.Snapshot = w.snapshot()
			in.Now = in.Now.Add(10 * time.Minute) // every patience is over
			p := plan.Compute(in)
			wantSamePlan(rt, w, in, p)
			wantRules(rt, w, in, p)
			if len(p.Actions) == 0 {
				wantNobodyWaitsForASlot(rt, p)
				return
			}
			if round == 11 {
				rt.Fatalf("after 12 rounds there is still something to do:\n%s", p)
			}
			for _, a := range p.Actions {
				w.carryOut(a)
			}
		}
	})
}

func anyPool(rt *rapid.T) string {
	var b strings.Builder
	hosts := rapid.IntRange(1, 4).Draw(rt, "hosts")
	for i := range hosts {
		fmt.Fprintf(&b, "host xen-%d free=%dGi %s\n", i+1, rapid.IntRange(0, 16).Draw(rt, "free"),
			rapid.SampledFrom([]string{"", "", "", "disabled", "dead", "evacuating"}).Draw(rt, "host"))
	}
	for i := range rapid.IntRange(0, 10).Draw(rt, "vms") {
		state := rapid.SampledFrom([]string{"Running", "Halted", "Paused", "Suspended"}).Draw(rt, "state")
		on := ""
		if state == "Running" || state == "Paused" {
			on = fmt.Sprintf("on=xen-%d", rapid.IntRange(1, hosts).Draw(rt, "on"))
		}
		flag := rapid.SampledFrom([]string{"", "", "", "", "template", "snapshot", "control", "op=clone", "agent=no", "blocked=start"}).Draw(rt, "flag")
		fmt.Fprintf(&b, "vm vm-%d %s %s memory=%dGi %s\n", rapid.IntRange(0, i).Draw(rt, "name"), state, on,
			rapid.IntRange(1, 4).Draw(rt, "memory"), flag)
	}
	return b.String()
}

func anyDeclared(rt *rapid.T) []*v1alpha1.VirtualMachine {
	var vms []*v1alpha1.VirtualMachine
	for i := range 11 {
		if rapid.Bool().Draw(rt, "declared") {
			continue
		}
		vm := &v1alpha1.VirtualMachine{Metadata: v1alpha1.Metadata{Name: fmt.Sprintf("vm-%d", i)}}
		vm.Spec.NameLabel = vm.Metadata.Name
		vm.Spec.Mode = rapid.SampledFrom([]v1alpha1.Mode{v1alpha1.Enforce, v1alpha1.Enforce, v1alpha1.Observe}).Draw(rt, "mode")
		vm.Spec.Shutdown = v1alpha1.Shutdown{GracePeriod: time.Minute, Mode: rapid.SampledFrom(v1alpha1.ShutdownModes()).Draw(rt, "shutdown")}
		if p := rapid.SampledFrom(append(v1alpha1.PowerStates(), "")).Draw(rt, "power"); p != "" {
			vm.Spec.PowerState = &p
		}
		for h := range 4 {
			if rapid.IntRange(0, 3).Draw(rt, "host") == 0 {
				vm.Spec.Placement.Hosts = append(vm.Spec.Placement.Hosts, fmt.Sprintf("xen-%d", h+1))
			}
		}
		vms = append(vms, vm)
	}
	return vms
}

// wantSamePlan computes the plan again, from a cache that was filled in another order.
func wantSamePlan(rt *rapid.T, w *world, in plan.Input, p plan.Plan) {
	shuffled := *w
	shuffled.objects = append([]xen.Object(nil), w.objects...)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled.objects), func(i, j int) {
		shuffled.objects[i], shuffled.objects[j] = shuffled.objects[j], shuffled.objects[i]
	})
	in.Snapshot = shuffled.snapshot()
	a, errA := json.Marshal(p)
	b, errB := json.Marshal(plan.Compute(in))
	if errA != nil || errB != nil || string(a) != string(b) {
		rt.Fatalf("the same input gave two plans:\n%s\n%s", a, b)
	}
}

func wantRules(rt *rapid.T, w *world, in plan.Input, p plan.Plan) {
	limits := plan.Limits{}.WithDefaults()
	starts, migrations := 0, 0
	perVM, to, from := map[xen.VMRef]int{}, map[xen.HostRef]int{}, map[xen.HostRef]int{}
	for _, a := range p.Actions {
		vm := w.record(a.VM)
		decl, ok := in.Declared.VM(a.Key)
		switch {
		case !ok || decl.Spec.Mode == v1alpha1.Observe:
			rt.Fatalf("not declared, or only observed: %s", a)
		case !plan.Manageable(vm) || len(vm.CurrentOperations) > 0 || vm.NameLabel != a.Key:
			rt.Fatalf("must not be touched: %s", a)
		}
		if perVM[a.VM]++; perVM[a.VM] > 1 {
			rt.Fatalf("two actions on one VM: %s", a)
		}
		if a.Verb.Starts() {
			starts++
		}
		if a.Verb == plan.Migrate {
			migrations++
			to[a.Host]++
			from[vm.ResidentOn]++
			if to[a.Host] > limits.HostIn || from[vm.ResidentOn] > limits.HostOut {
				rt.Fatalf("a host's budget is exceeded:\n%s", p)
			}
		}
	}
	if starts > limits.Starts || migrations > limits.Migrations {
		rt.Fatalf("a budget is exceeded:\n%s", p)
	}
}

func wantNobodyWaitsForASlot(rt *rapid.T, p plan.Plan) {
	for _, v := range p.Verdicts {
		if v.Reason == plan.ReasonWaitingForSlot {
			rt.Fatalf("nothing runs, and yet: %s", v)
		}
	}
}

func (w *world) record(ref xen.VMRef) *xen.VM {
	for _, o := range w.objects {
		if o.Ref == string(ref) {
			return o.Record.(*xen.VM)
		}
	}
	return nil
}

// carryOut does to the model what an action does to a pool.
func (w *world) carryOut(a plan.Action) {
	vm := w.record(a.VM)
	switch a.Verb {
	case plan.Start, plan.Resume:
		vm.PowerState, vm.ResidentOn = xen.Running, a.Host
		if a.Paused {
			vm.PowerState = xen.Paused
		}
		if a.Host == "" {
			vm.ResidentOn = "host-xen-1"
			w.metrics["xen-1"].Live = true
		}
	case plan.Pause:
		vm.PowerState = xen.Paused
	case plan.Unpause:
		vm.PowerState = xen.Running
	case plan.Suspend:
		vm.PowerState, vm.ResidentOn = xen.Suspended, xen.NullRef
	case plan.CleanShutdown, plan.HardShutdown:
		vm.PowerState, vm.ResidentOn = xen.Halted, xen.NullRef
	case plan.Migrate:
		vm.ResidentOn = a.Host
	}
}
