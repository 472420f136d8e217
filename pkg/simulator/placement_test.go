package simulator

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// TestMemoryArithmetic holds the sums to figures of a real pool.
func TestMemoryArithmetic(t *testing.T) {
	for _, c := range []struct {
		kind         string
		size, vcpus  int64
		perCPU       bool
		wantOverhead int64
	}{
		{"hvm", 4096 * mib, 2, true, 37 * mib}, // xapi 26.17
		{"hvm", 1024 * mib, 1, false, 11 * mib},
		{"hvm", 2048 * mib, 2, false, 20 * mib},
		{"hvm", 3072 * mib, 1, false, 27 * mib},
		{"hvm", 3072 * mib, 2, false, 28 * mib},
		{"hvm", 512 * gib, 1, false, 4099 * mib},
	} {
		if got := memoryOverhead(c.kind, c.size, c.vcpus, 1, c.perCPU); got != c.wantOverhead {
			t.Errorf("overhead of %s, %d MiB, %d vCPUs: %d MiB, want %d", c.kind, c.size/mib, c.vcpus, got/mib, c.wantOverhead/mib)
		}
	}
	xs2 := hostMemory{Total: 64 * gib, Overhead: 768 * mib, VMs: []vmMemory{
		{DynamicMin: 4 * gib, Overhead: 35 * mib}, {DynamicMin: 3 * gib, Overhead: 27 * mib}, {DynamicMin: 2 * gib, Overhead: 20 * mib},
	}}
	if got := xs2.free(countDynamicMin); got != 58164510720 { // host.compute_free_memory of the recorded pool
		t.Errorf("free memory %d, want 58164510720", got)
	}
	if got := (hostMemory{Total: gib, Overhead: 2 * gib}).free(countDynamicMin); got != 0 {
		t.Errorf("free memory of an overfull host %d, want 0", got)
	}
}

// TestPlacementIsLegal: whatever the pool looks like, a chosen host passes the checks, and one is chosen if any passes.
func TestPlacementIsLegal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vm := drawVM(t)
		hosts := make([]hostBootFacts, rapid.IntRange(0, 6).Draw(t, "hosts"))
		legal := map[string]bool{}
		for i := range hosts {
			hosts[i] = drawHost(t, string(rune('a'+i)))
			if hosts[i].Enabled && !hosts[i].Evacuating && checkCanBootHere(vm, hosts[i], bootChecks{}) == nil {
				legal[hosts[i].Ref] = true
			}
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		chosen, ok := chooseHost(vm, hosts, bootChecks{}, rng)
		if ok != (len(legal) > 0) || ok && !legal[chosen] {
			t.Fatalf("chose %q (%v) of the legal %v", chosen, ok, legal)
		}
		if ok && legal[vm.Affinity] && chosen != vm.Affinity {
			t.Fatalf("chose %q though the affinity host %q passes", chosen, vm.Affinity)
		}
	})
}

// TestPlacementIsRandom: with equal hosts every one is taken at times, the roomiest most often.
func TestPlacementIsRandom(t *testing.T) {
	hosts := make([]hostBootFacts, 3)
	for i := range hosts {
		hosts[i] = hostBootFacts{
			Ref: string(rune('a' + i)), Live: true, Enabled: true, PCPUs: 8, PlatformVersions: []int64{0},
			Memory: hostMemory{Total: int64(64-8*i) * gib},
		}
	}
	vm := bootFacts{Memory: vmMemory{StaticMax: gib, DynamicMin: gib, DynamicMax: gib}, VCPUsMax: 1, VCPUsAtStartup: 1, ShadowMultiplier: 1}
	rng := rand.New(rand.NewPCG(1, 1))
	times := map[string]int{}
	for range 3000 {
		chosen, _ := chooseHost(vm, hosts, bootChecks{}, rng)
		times[chosen]++
	}
	if times["c"] == 0 || times["a"] <= times["b"] || times["b"] <= times["c"] {
		t.Errorf("chosen %v: want each at times, a most, c least", times)
	}
}

func drawVM(t *rapid.T) bootFacts {
	size := rapid.Int64Range(1, 40).Draw(t, "GiB") * gib
	return bootFacts{
		Ref: "vm", PowerState: halted, VCPUsMax: 4, VCPUsAtStartup: rapid.Int64Range(1, 4).Draw(t, "vcpus"), ShadowMultiplier: 1,
		Memory: vmMemory{StaticMax: size, DynamicMax: size, DynamicMin: rapid.Int64Range(1, size).Draw(t, "min")},
		SRs:    []string{"sr"}, Affinity: rapid.SampledFrom([]string{"", "a", "b", "gone"}).Draw(t, "affinity"),
	}
}

func drawHost(t *rapid.T, ref string) hostBootFacts {
	return hostBootFacts{
		Ref: ref, Live: rapid.Bool().Draw(t, "live"), Enabled: rapid.Bool().Draw(t, "enabled"),
		Evacuating: rapid.Bool().Draw(t, "evacuating"), Coordinator: ref == "a",
		PCPUs: rapid.Int64Range(1, 4).Draw(t, "pcpus"), PlatformVersions: []int64{0, 1, 2},
		Memory: hostMemory{Total: rapid.Int64Range(1, 64).Draw(t, "total") * gib},
		SRs:    map[string]bool{"sr": rapid.Bool().Draw(t, "sr")},
	}
}
