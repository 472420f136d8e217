package simulator

import (
	"slices"
)

// hostFacts is all that decides which operations a host allows.
type hostFacts struct {
	Ref           string
	Enabled, Live bool
	PowersOn      bool // its power_on_mode is set
	Current       []runningOperation
}

// The two groups of operations that exclude each other on a host.
var (
	bringsVMs = []string{"provision", "vm_resume", "vm_migrate"}
	takesVMs  = []string{"evacuate", "reboot", "shutdown"}
	stopsHost = []string{"reboot", "shutdown", "apply_updates"}
)

// hostOperations is the order in which a host's allowed_operations stand on the wire. xapi: the order of a hash table,
// always the same in one version.
var hostOperations = []string{
	"vm_migrate", "provision", "vm_resume", "power_on", "apply_updates", "enable", "reboot", "evacuate", "vm_start", "shutdown",
}

// hostAllowedOperations computes the list for a host, in wire order.
func hostAllowedOperations(f hostFacts) []string {
	allowed := make([]string, 0, len(hostOperations))
	for _, op := range hostOperations {
		if checkHostOperation(f, op) == nil {
			allowed = append(allowed, op)
		}
	}
	return allowed
}

// checkHostOperation says why an operation on a host is not allowed now; nil: it is.
func checkHostOperation(f hostFacts, op string) *Failure {
	for _, c := range f.Current {
		if op == "provision" && c.Operation == "provision" {
			return fail("OTHER_OPERATION_IN_PROGRESS", "host", f.Ref) // xapi: of this one it does not say more
		}
		if hostOperationsExclude(c.Operation, op) {
			return otherOperation("host", f.Ref, f.Current, hostOperationInWords)
		}
	}
	switch {
	case slices.Contains(stopsHost, op) && f.Enabled:
		return fail("HOST_NOT_DISABLED")
	case op == "power_on" && f.Live:
		return fail("HOST_IS_LIVE", f.Ref)
	case op == "power_on" && !f.PowersOn:
		return fail("HOST_POWER_ON_MODE_DISABLED")
	}
	return nil
}

// hostOperationsExclude reports whether op has to wait for one that runs. xapi: one provision at a time, and one of
// reboot, shutdown and apply_updates.
func hostOperationsExclude(runs, op string) bool {
	in := slices.Contains[[]string]
	return in(bringsVMs, runs) && in(takesVMs, op) || in(takesVMs, runs) && in(bringsVMs, op) ||
		runs == "provision" && op == "provision" || in(stopsHost, runs) && in(stopsHost, op)
}

// hostOperationInWords spells an operation of a host as the error texts do.
func hostOperationInWords(op string) string {
	switch op {
	case "vm_start":
		return "VM.start"
	case "vm_resume":
		return "VM.resume"
	case "vm_migrate":
		return "VM.migrate"
	}
	return op
}
