package simulator

import (
	"slices"
	"strings"
)

// The power states as they stand on the wire.
const (
	halted    = "Halted"
	paused    = "Paused"
	suspended = "Suspended"
	running   = "Running"
)

// runningOperation is one entry of a current_operations field.
type runningOperation struct{ Task, Operation string }

// vmFacts is all that xapi looks at to say whether an operation on a VM is allowed.
type vmFacts struct {
	Ref        string
	PowerState string
	Current    []runningOperation // newest first
	Blocked    map[string]string  // operation → reason

	IsTemplate, IsSnapshot bool
	IsDefaultTemplate      bool // or other_config default_template=true
	IsControlDomain        bool
	IsDom0                 bool
	IsSystemDomain         bool // other_config is_system_domain=true

	DomainType    string // as it was started: VM_metrics.current_domain_type
	DriversKnown  bool   // VM_guest_metrics.PV_drivers_version has major and minor
	GuestOther    map[string]string
	Immobile      bool // VM_metrics.nomigrate or nested_virt
	NestedVirt    bool
	ResetsDisk    bool // a disk with sm_config on_boot=reset
	CachesDisk    bool // the same with caching=true
	HasPCI        bool
	HasVGPU       bool
	HasVUSB       bool
	VTPMs         int
	Appliance     string
	Schedule      string
	CloneOfSaved  bool // pool.other_config allow_clone_suspended_vm=true
	SysprepPlayed bool // versions from 25.24 on know sysprep
}

// vmOperation is what the table of operations says of one.
type vmOperation struct {
	name   string
	states string // first letters of the power states it is allowed in
	listed bool   // may appear in allowed_operations
}

// vmOperations is the enum vm_operations in its order. xapi: allowed_operations is written in reverse.
var vmOperations = []vmOperation{
	{"snapshot", "HPSR", true},
	{"clone", "H", true},
	{"copy", "H", true},
	{"create_template", "HS", false},
	{"revert", "HPSR", true},
	{"checkpoint", "PSR", true},
	{"snapshot_with_quiesce", "R", false},
	{"provision", "H", true},
	{"start", "H", true},
	{"start_on", "H", true},
	{"pause", "R", true},
	{"unpause", "P", true},
	{"clean_shutdown", "R", true},
	{"clean_reboot", "R", true},
	{"hard_shutdown", "PSR", true},
	{"power_state_reset", "HPSR", false},
	{"hard_reboot", "PR", true},
	{"suspend", "R", true},
	{"csvm", "S", false},
	{"resume", "S", true},
	{"resume_on", "S", true},
	{"pool_migrate", "R", true},
	{"migrate_send", "HSR", true},
	{"get_boot_record", "PSR", false},
	{"send_sysrq", "R", false},
	{"send_trigger", "R", false},
	{"query_services", "HPSR", false},
	{"shutdown", "PSR", false},
	{"call_plugin", "R", false},
	{"changing_memory_live", "R", false},
	{"awaiting_memory_live", "R", false},
	{"changing_dynamic_range", "HR", true},
	{"changing_static_range", "H", true},
	{"changing_memory_limits", "H", false},
	{"changing_shadow_memory", "H", true},
	{"changing_shadow_memory_live", "R", false},
	{"changing_VCPUs", "H", false},
	{"changing_VCPUs_live", "R", true},
	{"changing_NVRAM", "H", true},
	{"assert_operation_valid", "HPSR", false},
	{"data_source_op", "R", false},
	{"update_allowed_operations", "HPSR", false},
	{"make_into_template", "H", true},
	{"import", "", false},
	{"export", "HS", true},
	{"metadata_export", "HPSR", true},
	{"reverting", "HPSR", false},
	{"destroy", "HS", true},
	{"create_vtpm", "H", true},
	{"sysprep", "R", true},
}

// vmAllowedOperations computes the list for a VM, in wire order.
func vmAllowedOperations(f vmFacts) []string {
	allowed := make([]string, 0, 16)
	for _, op := range slices.Backward(vmOperations) {
		if op.listed && (op.name != "sysprep" || f.SysprepPlayed) && f.allows(op) {
			allowed = append(allowed, op.name)
		}
	}
	return allowed
}

// checkVMOperation says why an operation is not allowed now; nil: it is. strict is false for pool_migrate with
// force=true, which skips the checks of mobility and of guest features. xapi: the order of the checks is part of the
// answer; in particular the power state comes before other operations.
func checkVMOperation(f vmFacts, op string, strict bool) *Failure {
	for _, o := range vmOperations {
		if o.name == op {
			return f.check(o, strict)
		}
	}
	return f.check(vmOperation{name: op}, strict)
}

func (f *vmFacts) check(o vmOperation, strict bool) *Failure {
	op := o.name
	if reason, blocked := f.Blocked[op]; blocked {
		return fail("OPERATION_BLOCKED", f.Ref, reason)
	}
	if expected := f.statesFor(o); !strings.Contains(expected, f.PowerState[:1]) {
		return fail("VM_BAD_POWER_STATE", f.Ref, statesInWords(expected), strings.ToLower(f.PowerState))
	}
	if !mayOverlap(f.Current, op) {
		return otherOperation("VM", f.Ref, f.Current, vmOperationInWords)
	}
	err := f.checkKind(op)
	if err == nil {
		err = f.checkRole(op)
	}
	if err == nil && strict {
		err = f.checkMobility(op)
	}
	if err == nil {
		err = f.checkControlDomain(op)
	}
	if err == nil && strict {
		err = f.checkFeatures(op)
	}
	if err == nil {
		err = f.checkDevices(op)
	}
	if err == nil {
		err = f.checkMembership(op)
	}
	return err
}

// allows is check of an operation that only wants to know whether, and asks the cheap question first.
func (f *vmFacts) allows(o vmOperation) bool {
	return strings.Contains(f.statesFor(o), f.PowerState[:1]) && mayOverlap(f.Current, o.name) && f.check(o, true) == nil
}

// statesFor gives the states that an operation is allowed in, as first letters. xapi: control domains may change their
// static memory and CPUs while they run; clones of suspended VMs are allowed of snapshots, or by a setting of the pool.
func (f *vmFacts) statesFor(o vmOperation) string {
	switch o.name {
	case "changing_static_range", "changing_memory_limits", "changing_VCPUs":
		if f.IsControlDomain {
			return o.states + "R"
		}
	case "clone", "copy":
		if f.IsSnapshot || f.CloneOfSaved {
			return o.states + "S"
		}
	}
	return o.states
}

// statesInWords spells expected states as VM_BAD_POWER_STATE does: "paused, suspended, running".
func statesInWords(letters string) string {
	words := map[rune]string{'H': "halted", 'P': "paused", 'S': "suspended", 'R': "running"}
	list := make([]string, 0, 4)
	for _, l := range letters {
		list = append(list, words[l])
	}
	return strings.Join(list, ", ")
}

// vmOperationInWords spells an operation as the error texts do. xapi: some have other names there than in the enum.
func vmOperationInWords(op string) string {
	switch op {
	case "assert_operation_valid":
		return "assertoperationvalid"
	case "data_source_op":
		return "data_sources_op"
	case "changing_VCPUs", "changing_memory_limits", "query_services", "create_template":
		return "(unknown operation)"
	}
	return op
}

// otherOperation is the refusal of an operation by those that run. xapi: several of them stand in braces.
func otherOperation(class, ref string, current []runningOperation, inWords func(string) string) *Failure {
	ops, tasks := make([]string, len(current)), make([]string, len(current))
	for i, c := range current {
		ops[i], tasks[i] = inWords(c.Operation), c.Task
	}
	op, task := strings.Join(ops, ","), strings.Join(tasks, ",")
	if len(current) > 1 {
		op, task = "{"+op+"}", "{"+task+"}"
	}
	return fail("OTHER_OPERATION_IN_PROGRESS", class, ref, op, task)
}
