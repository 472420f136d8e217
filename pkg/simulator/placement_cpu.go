package simulator

import (
	"strconv"
	"strings"
)

// checkCPU refuses a host whose processors lack what a VM that is not Halted has seen at its start. xapi: it compares the
// vendor and the levelled features, for the VM's kind of domain.
func (vm bootFacts) checkCPU(host hostBootFacts) *Failure {
	if vm.PowerState == halted {
		return nil
	}
	vendor, features := text(vm.BootedOn, "vendor"), text(vm.BootedOn, "features")
	offered := text(host.CPU, "features_hvm")
	if vm.DomainType == "pv" {
		offered = text(host.CPU, "features_pv")
	}
	refuse := func(why string) *Failure {
		return fail("VM_INCOMPATIBLE_WITH_THIS_HOST", vm.Ref, host.Ref, why)
	}
	switch {
	case vendor != "" && vendor != text(host.CPU, "vendor"):
		return refuse("VM last booted on a host which had a CPU from a different vendor.")
	case features != "" && !subsetOfFeatures(features, offered):
		return refuse("VM last booted on a CPU with features this host's CPU does not have.")
	}
	return nil
}

// subsetOfFeatures reports whether all bits of a are in b, both being words of 32 bits in hexadecimal between dashes.
func subsetOfFeatures(a, b string) bool {
	have := strings.Split(b, "-")
	for i, word := range strings.Split(a, "-") {
		wanted, err := strconv.ParseUint(word, 16, 32)
		var offered uint64
		if err == nil && i < len(have) {
			offered, err = strconv.ParseUint(have[i], 16, 32)
		}
		if err != nil || wanted&^offered != 0 {
			return false
		}
	}
	return true
}
