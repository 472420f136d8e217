package simulator

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// bootFacts is all that xapi looks at in a VM to say whether it can run on a host.
type bootFacts struct {
	Ref, PowerState   string
	ControlDomain     bool
	ResidentOn        string
	Affinity          string
	Memory            vmMemory
	StaticMin         int64
	VCPUsMax          int64
	VCPUsAtStartup    int64
	ShadowMultiplier  float64
	PlatformVersion   int64
	SRs, Networks     []string       // needed by its disks and interfaces
	Companions        map[string]int // running VMs of its anti-affinity group by host; nil: it is in none
	VCPUsUnrestricted bool           // platform vcpu-unrestricted
	ActionAfterCrash  string
	DomainType        string
	BootedOn          Map // last_boot_CPU_flags
}

// hostBootFacts is all that xapi looks at in a host to say whether a VM can run there.
type hostBootFacts struct {
	Ref              string
	Live, Enabled    bool
	Evacuating       bool
	Coordinator      bool // and the pool spares its coordinator: coordinator_bias
	Memory           hostMemory
	PCPUs            int64
	PlatformVersions []int64
	SRs, Networks    map[string]bool // attached, reachable
	Enslaved         map[string]bool // networks whose interface is part of a bond
	CPU              Map             // cpu_info
}

// bootChecks says which checks to leave out.
type bootChecks struct {
	noMemory   bool // evacuation plans
	anyEnabled bool // a live migration. xapi: pool_migrate to a disabled host succeeds
	anyCPU     bool // resume and pool_migrate by force
	anySRs     bool // a migration with its disks
}

// checkCanBootHere says why a VM cannot run on a host; nil: it can. xapi: VM.assert_can_boot_here, in its order.
func checkCanBootHere(vm bootFacts, host hostBootFacts, skip bootChecks) *Failure {
	if err := vm.checkSane(); err != nil {
		return err
	}
	switch {
	case !host.Live:
		return fail("HOST_NOT_LIVE")
	case vm.ControlDomain && vm.ResidentOn != host.Ref:
		return fail("OPERATION_NOT_ALLOWED", "Cannot boot a control domain on a host different from the one it belongs to")
	case !host.Enabled && !vm.ControlDomain && !skip.anyEnabled:
		return fail("HOST_DISABLED", host.Ref)
	case !slices.Contains(host.PlatformVersions, vm.PlatformVersion):
		return fail("VM_HOST_INCOMPATIBLE_VIRTUAL_HARDWARE_PLATFORM_VERSION", host.Ref,
			platformVersionsInWords(host.PlatformVersions), vm.Ref, strconv.FormatInt(vm.PlatformVersion, 10))
	}
	if err := vm.checkCPU(host); err != nil && !skip.anyCPU {
		return err
	}
	if err := vm.checkReach(host, skip.anySRs); err != nil {
		return err
	}
	if need, free := vm.Memory.need(countDynamicMin), host.Memory.free(countDynamicMin); !skip.noMemory && need > free {
		return fail("HOST_NOT_ENOUGH_FREE_MEMORY", strconv.FormatInt(need, 10), strconv.FormatInt(free, 10))
	}
	if !vm.VCPUsUnrestricted && vm.VCPUsAtStartup > host.PCPUs {
		return fail("HOST_NOT_ENOUGH_PCPUS", strconv.FormatInt(vm.VCPUsAtStartup, 10), strconv.FormatInt(host.PCPUs, 10))
	}
	return nil
}

// checkReach refuses a host that does not have the VM's storage or networks.
func (vm bootFacts) checkReach(host hostBootFacts, anySRs bool) *Failure {
	if err := vm.checkStorage(host); err != nil && !anySRs {
		return err
	}
	for _, network := range vm.Networks {
		if !host.Networks[network] {
			return fail("VM_REQUIRES_NETWORK", vm.Ref, network)
		}
	}
	for _, network := range vm.Networks {
		if host.Enslaved[network] {
			return fail("HOST_CANNOT_ATTACH_NETWORK", host.Ref, network)
		}
	}
	return nil
}

// checkStorage refuses a host that lacks the storage of the VM's disks.
func (vm bootFacts) checkStorage(host hostBootFacts) *Failure {
	for _, sr := range vm.SRs {
		if !host.SRs[sr] {
			return fail("VM_REQUIRES_SR", vm.Ref, sr)
		}
	}
	return nil
}

// checkSane refuses a VM whose own record cannot be started anywhere.
func (vm bootFacts) checkSane() *Failure {
	m := vm.Memory
	switch {
	case vm.VCPUsMax < 1:
		return fail("INVALID_VALUE", "VCPUs_max", strconv.FormatInt(vm.VCPUsMax, 10))
	case vm.VCPUsAtStartup < 1:
		return fail("INVALID_VALUE", "VCPUs-at-startup", strconv.FormatInt(vm.VCPUsAtStartup, 10))
	case vm.VCPUsAtStartup > vm.VCPUsMax:
		return fail("VALUE_NOT_SUPPORTED", "VCPUs-at-startup", strconv.FormatInt(vm.VCPUsAtStartup, 10),
			"value greater than VCPUs-max")
	case vm.StaticMin > m.DynamicMin || m.DynamicMin > m.DynamicMax || m.DynamicMax > m.StaticMax:
		return fail("MEMORY_CONSTRAINT_VIOLATION")
	case vm.ShadowMultiplier < 1:
		return fail("INVALID_VALUE", "HVM_shadow_multiplier", ocamlFloat(vm.ShadowMultiplier))
	}
	return checkActionAfterCrash(vm.ActionAfterCrash, vm.DomainType)
}

// platformVersionsInWords spells a list of versions as the error texts do: "[0; 1; 2]".
func platformVersionsInWords(versions []int64) string {
	var text strings.Builder
	text.WriteString("[")
	for i, v := range versions {
		if i > 0 {
			text.WriteString("; ")
		}
		text.WriteString(strconv.FormatInt(v, 10))
	}
	return text.String() + "]"
}

// chooseHost picks a host as VM.start and VM.resume do; false: none passes. xapi: the affinity host if it fits; then the
// hosts where the VM fits even when all VMs take their most, then those where less must fit; within such a category the
// roomier is the likelier, by floor(n × u²), u uniform in [0, 1).
func chooseHost(vm bootFacts, hosts []hostBootFacts, skip bootChecks, rng *rand.Rand) (string, bool) {
	rest := slices.DeleteFunc(slices.Clone(hosts), func(h hostBootFacts) bool {
		return !h.Enabled || h.Evacuating || checkCanBootHere(vm, h, skip) != nil
	})
	for _, h := range rest {
		if h.Ref == vm.Affinity {
			return h.Ref, true
		}
	}
	rest = vm.apart(rest)
	for _, policy := range []memoryPolicy{countStaticMax, countDynamicMax, countDynamicMin} {
		fits := roomiest(vm, rest, policy)
		if len(fits) > 0 {
			u := rng.Float64()
			return fits[int(float64(len(fits))*u*u)], true
		}
	}
	return "", false
}

// apart keeps those hosts that have the fewest VMs of a VM's anti-affinity group. xapi: the group orders, it never refuses.
func (vm bootFacts) apart(hosts []hostBootFacts) []hostBootFacts {
	if vm.Companions == nil || len(hosts) == 0 {
		return hosts
	}
	fewest := slices.MinFunc(hosts, func(a, b hostBootFacts) int { return cmp.Compare(vm.Companions[a.Ref], vm.Companions[b.Ref]) })
	return slices.DeleteFunc(slices.Clone(hosts), func(h hostBootFacts) bool {
		return vm.Companions[h.Ref] > vm.Companions[fewest.Ref]
	})
}

// roomiest lists the hosts where a VM fits under a policy, the one with most memory left first. xapi: the coordinator
// counts half (coordinator_bias), so that it is left free for its own work.
func roomiest(vm bootFacts, hosts []hostBootFacts, policy memoryPolicy) []string {
	type valued struct {
		ref  string
		left int64
	}
	var fits []valued
	for _, h := range hosts {
		left := h.Memory.free(policy) - vm.Memory.need(policy)
		if left < 0 {
			continue
		}
		if h.Coordinator && policy != countDynamicMin {
			left = (left - 1) / 2
		}
		fits = append(fits, valued{h.Ref, left})
	}
	slices.SortStableFunc(fits, func(a, b valued) int { return cmp.Compare(b.left, a.left) })
	refs := make([]string, len(fits))
	for i, f := range fits {
		refs[i] = f.ref
	}
	return refs
}
