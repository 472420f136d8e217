package simulator

import (
	"math"
	"strconv"
	"strings"
)

const (
	mib  int64 = 1 << 20
	gib  int64 = 1 << 30
	page int64 = 4096
)

// vmMemory is what a VM asks of a host's memory, in bytes.
type vmMemory struct {
	StaticMax, DynamicMin, DynamicMax int64
	Overhead                          int64
	Whole                             bool // of a kind of domain that never has less than StaticMax
}

// memoryPolicy says which of a VM's sizes counts. xapi: admission counts the least (dynamic_min); placement first looks
// for hosts where even the most fits.
type memoryPolicy int

const (
	countDynamicMin memoryPolicy = iota
	countDynamicMax
	countStaticMax
)

// need is the memory that a VM takes under a policy, with its overhead.
func (m vmMemory) need(p memoryPolicy) int64 {
	switch {
	case p == countStaticMax, m.Whole:
		return m.StaticMax + m.Overhead
	case p == countDynamicMax:
		return m.DynamicMax + m.Overhead
	}
	return m.DynamicMin + m.Overhead
}

// hostMemory is the memory of a host and the VMs that count there, in bytes. xapi: those resident and those scheduled to
// be, the control domain among them; a VM in migration counts on both hosts.
type hostMemory struct {
	Total, Overhead int64
	VMs             []vmMemory
}

// free is the memory left for further VMs; never below 0. xapi: host.compute_free_memory counts by dynamic_min.
func (h hostMemory) free(p memoryPolicy) int64 {
	free := h.Total - h.Overhead
	for _, vm := range h.VMs {
		free -= vm.need(p)
	}
	return max(0, free)
}

// memoryOverhead is VM.memory_overhead in bytes, from the sizes that decide it. xapi: whole MiB; HVM needs shadow pages
// for its memory and CPUs; versions from 25 on add 38 pages a CPU.
func memoryOverhead(domainType string, staticMax, vcpus int64, multiplier float64, perCPUPages bool) int64 {
	pages := 256*vcpus + 2*ceilDiv(staticMax, mib)
	shadow := max(1, int64(math.Trunc(float64(ceilDiv(pages*page, mib))*multiplier)))
	var perCPU int64
	if perCPUPages {
		perCPU = ceilDiv(38*vcpus*page, mib)
	}
	switch domainType {
	case "pv":
		return (1 + perCPU) * mib
	case "pv_in_pvh":
		return (2+shadow+perCPU+23)*mib + staticMax/90/mib*mib
	}
	return (2 + shadow + perCPU) * mib
}

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }

// ocamlFloat is a number as the error texts of xapi spell it: "1200.", "0.5".
func ocamlFloat(f float64) string {
	s := strconv.FormatFloat(f, 'g', 12, 64)
	if strings.ContainsAny(s, ".e") {
		return s
	}
	return s + "."
}
