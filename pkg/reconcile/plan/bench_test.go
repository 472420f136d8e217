package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
)

// fleet is a pool of VMs on 8 hosts, all declared: half of them have to be started, each on two hosts to choose from.
func fleet(b *testing.B, vms int) plan.Input {
	b.Helper()
	var pool, yaml strings.Builder
	for i := range 8 {
		fmt.Fprintf(&pool, "host xen-%d free=512Gi\n", i+1)
	}
	fmt.Fprintln(&pool, "sr nfs on=xen-1,xen-2,xen-3,xen-4,xen-5,xen-6,xen-7,xen-8")
	for i := range vms {
		state := "Halted"
		if i%2 == 0 {
			state = fmt.Sprintf("Running on=xen-%d", i%8+1)
		}
		fmt.Fprintf(&pool, "vm vm-%04d %s sr=nfs\n", i, state)
		fmt.Fprintf(&yaml, "metadata: {name: vm-%04d}\nspec: {powerState: Running, placement: {hosts: [xen-%d, xen-%d]}}\n---\n", i, i%8+1, (i+3)%8+1)
	}
	return newWorld(b, pool.String()).input(declaredFrom(b, yaml.String()))
}

// BenchmarkCompute is a plan for 1,000 VMs, half of which have to be started.
func BenchmarkCompute(b *testing.B) {
	in := fleet(b, 1000)
	b.ReportAllocs()
	for b.Loop() {
		plan.Compute(in)
	}
}

// BenchmarkFor is one decision among 1,000 VMs, as a worker makes it after an event: a VM in sync, and one that has to be
// given a host.
func BenchmarkFor(b *testing.B) {
	in := fleet(b, 1000)
	for _, name := range []string{"vm-0000", "vm-0001"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				plan.For(in, name)
			}
		})
	}
}
