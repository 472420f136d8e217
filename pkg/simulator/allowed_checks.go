package simulator

import (
	"slices"
	"strconv"
)

// Operations that templates, snapshots and control domains take part in.
var (
	templateOperations = []string{
		"changing_dynamic_range", "changing_static_range", "changing_memory_limits", "changing_shadow_memory",
		"changing_VCPUs", "changing_NVRAM", "clone", "copy", "export", "metadata_export", "provision",
	}
	snapshotOperations = []string{
		"revert", "clone", "copy", "export", "destroy", "hard_shutdown", "metadata_export",
	}
	controlDomainOperations = []string{
		"data_source_op", "metadata_export", "changing_memory_live", "awaiting_memory_live", "changing_dynamic_range",
		"changing_static_range", "changing_memory_limits", "changing_VCPUs", "start", "start_on", "destroy",
	}
	movingOperations = []string{"suspend", "checkpoint", "pool_migrate", "migrate_send"}
)

// checkKind refuses what a template or a snapshot does not do. xapi: a snapshot is a template too.
func (f *vmFacts) checkKind(op string) *Failure {
	if f.IsTemplate && !f.IsSnapshot && !slices.Contains(templateOperations, op) {
		ownTemplate := (op == "destroy" || op == "migrate_send") && !f.IsDefaultTemplate
		if !ownTemplate {
			return fail("VM_IS_TEMPLATE", f.Ref, vmOperationInWords(op))
		}
	}
	if f.IsSnapshot && !slices.Contains(snapshotOperations, op) {
		return fail("VM_IS_SNAPSHOT", f.Ref, vmOperationInWords(op))
	}
	return nil
}

// checkRole refuses what only a template or only a snapshot does.
func (f *vmFacts) checkRole(op string) *Failure {
	switch {
	case op == "provision" && !f.IsTemplate:
		return fail("PROVISION_ONLY_ALLOWED_ON_TEMPLATE")
	case op == "revert" && !f.IsSnapshot:
		return fail("REVERT_ONLY_ALLOWED_ON_SNAPSHOT")
	}
	return nil
}

// checkMobility refuses moving a VM that cannot move.
func (f *vmFacts) checkMobility(op string) *Failure {
	switch {
	case f.Immobile && slices.Contains(movingOperations, op):
		return fail("VM_IS_IMMOBILE", f.Ref)
	case f.NestedVirt && op == "changing_dynamic_range":
		return fail("VM_IS_USING_NESTED_VIRT", f.Ref)
	}
	return nil
}

// checkControlDomain refuses what a control domain does not do.
func (f *vmFacts) checkControlDomain(op string) *Failure {
	switch {
	case f.IsDom0 && (op == "changing_VCPUs" || op == "destroy"):
		return fail("OPERATION_NOT_ALLOWED", "This operation is not allowed on dom0")
	case f.IsControlDomain && !slices.Contains(controlDomainOperations, op):
		return fail("OPERATION_NOT_ALLOWED", "This operation is not allowed on a control domain")
	}
	return nil
}

// checkFeatures refuses what the guest must help with and has not said that it can. xapi: asked only of running HVM
// guests, and only as long as the version of their drivers is unknown.
func (f *vmFacts) checkFeatures(op string) *Failure {
	if f.PowerState != running {
		return nil
	}
	moves := slices.Contains(movingOperations, op)
	if reason, cannot := f.GuestOther["data-cant-suspend-reason"]; cannot && moves {
		return fail("VM_NON_SUSPENDABLE", f.Ref, reason)
	}
	if f.DriversKnown || f.DomainType == "pv" || f.DomainType == "pvh" || f.DomainType == "pv_in_pvh" {
		return nil
	}
	has := func(key string) bool { return f.GuestOther["feature-"+key] == "1" }
	able := true
	switch {
	case op == "clean_shutdown":
		able = has("shutdown") || has("poweroff")
	case op == "clean_reboot":
		able = has("shutdown") || has("reboot")
	case moves:
		able = has("suspend")
	case op == "changing_VCPUs_live":
		able = has("vcpu-hotplug")
	}
	if !able {
		return fail("VM_LACKS_FEATURE", f.Ref)
	}
	return nil
}

// checkDevices refuses what the VM's devices do not allow.
func (f *vmFacts) checkDevices(op string) *Failure {
	moves := slices.Contains(movingOperations, op)
	resets := f.ResetsDisk && (op == "suspend" || op == "checkpoint" || op == "snapshot") || f.CachesDisk && op == "pool_migrate"
	switch {
	case op == "snapshot_with_quiesce": // xapi: no guest can do that any more
		return fail("VM_SNAPSHOT_WITH_QUIESCE_NOT_SUPPORTED", f.Ref)
	case resets:
		return fail("VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION")
	case f.HasPCI && moves:
		return fail("VM_HAS_PCI_ATTACHED", f.Ref)
	case f.HasVGPU && moves && f.PowerState != halted:
		return fail("VM_HAS_VGPU", f.Ref)
	case f.HasVUSB && (moves || op == "snapshot"):
		return fail("VM_HAS_VUSBS", f.Ref)
	}
	return nil
}

// checkMembership refuses what the VM's ties to other objects do not allow.
func (f *vmFacts) checkMembership(op string) *Failure {
	switch {
	case op == "make_into_template" && f.Appliance != "":
		return fail("VM_IS_PART_OF_AN_APPLIANCE", f.Ref, f.Appliance)
	case op == "make_into_template" && f.Schedule != "":
		return fail("VM_ASSIGNED_TO_SNAPSHOT_SCHEDULE", f.Ref, f.Schedule)
	case op == "query_services" && !f.IsSystemDomain:
		return fail("NOT_SYSTEM_DOMAIN", f.Ref)
	case op == "create_vtpm" && f.VTPMs > 0:
		return fail("VTPM_MAX_AMOUNT_REACHED", strconv.Itoa(f.VTPMs))
	}
	return nil
}
