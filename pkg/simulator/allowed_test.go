package simulator

import (
	"strings"
	"testing"
)

// TestAllowedOperations holds the lists to those that a real pool showed (xapi 24.19) or that its rules give.
func TestAllowedOperations(t *testing.T) {
	tools := map[string]string{"feature-suspend": "1", "feature-poweroff": "1", "feature-reboot": "1"}
	runs := func(op string) []runningOperation { return []runningOperation{{"OpaqueRef:t", op}} }
	full := "metadata_export changing_VCPUs_live changing_dynamic_range migrate_send pool_migrate suspend hard_reboot hard_shutdown clean_reboot clean_shutdown pause checkpoint snapshot"
	for name, c := range map[string]struct {
		facts vmFacts
		want  string
	}{
		"halted": {
			vmFacts{PowerState: halted},
			"create_vtpm destroy metadata_export export make_into_template changing_NVRAM changing_shadow_memory changing_static_range changing_dynamic_range migrate_send start_on start copy clone snapshot",
		},
		"running with drivers":       {vmFacts{PowerState: running, DriversKnown: true}, full},
		"running, sysprep known":     {vmFacts{PowerState: running, DriversKnown: true, SysprepPlayed: true}, "sysprep " + full},
		"running, features only":     {vmFacts{PowerState: running, GuestOther: tools}, strings.Replace(full, "changing_VCPUs_live ", "", 1)},
		"running without tools":      {vmFacts{PowerState: running}, "metadata_export changing_dynamic_range hard_reboot hard_shutdown pause snapshot"},
		"running PV":                 {vmFacts{PowerState: running, DomainType: "pv"}, full},
		"paused with drivers":        {vmFacts{PowerState: paused, DriversKnown: true}, "metadata_export hard_reboot hard_shutdown unpause checkpoint snapshot"},
		"paused without tools":       {vmFacts{PowerState: paused}, "metadata_export hard_reboot hard_shutdown unpause checkpoint snapshot"},
		"suspended":                  {vmFacts{PowerState: suspended}, "destroy metadata_export export migrate_send resume_on resume hard_shutdown checkpoint snapshot"},
		"suspended, may be cloned":   {vmFacts{PowerState: suspended, CloneOfSaved: true}, "destroy metadata_export export migrate_send resume_on resume hard_shutdown checkpoint copy clone snapshot"},
		"template":                   {vmFacts{PowerState: halted, IsTemplate: true}, "destroy metadata_export export changing_NVRAM changing_shadow_memory changing_static_range changing_dynamic_range migrate_send provision copy clone"},
		"default template":           {vmFacts{PowerState: halted, IsTemplate: true, IsDefaultTemplate: true}, "metadata_export export changing_NVRAM changing_shadow_memory changing_static_range changing_dynamic_range provision copy clone"},
		"snapshot":                   {vmFacts{PowerState: halted, IsTemplate: true, IsSnapshot: true}, "destroy metadata_export export revert copy clone"},
		"checkpoint":                 {vmFacts{PowerState: suspended, IsTemplate: true, IsSnapshot: true}, "destroy metadata_export export hard_shutdown revert copy clone"},
		"control domain":             {vmFacts{PowerState: running, IsControlDomain: true, IsDom0: true, DomainType: "pv"}, "metadata_export changing_static_range changing_dynamic_range"},
		"starting":                   {vmFacts{PowerState: halted, Current: runs("start")}, ""},
		"starting, running already":  {vmFacts{PowerState: running, Current: runs("start_on")}, "hard_reboot hard_shutdown"},
		"shutting down":              {vmFacts{PowerState: running, Current: runs("clean_shutdown"), DriversKnown: true}, "hard_reboot hard_shutdown"},
		"rebooting hard":             {vmFacts{PowerState: running, Current: runs("hard_reboot")}, "hard_shutdown"},
		"shutting down hard":         {vmFacts{PowerState: running, Current: runs("hard_shutdown")}, ""},
		"migrating":                  {vmFacts{PowerState: running, Current: runs("pool_migrate"), DriversKnown: true}, "hard_reboot hard_shutdown"},
		"migrating with its storage": {vmFacts{PowerState: running, Current: runs("migrate_send"), DriversKnown: true}, "metadata_export hard_reboot hard_shutdown clean_reboot clean_shutdown"},
		"being snapshotted":          {vmFacts{PowerState: running, Current: runs("snapshot"), DriversKnown: true}, "hard_reboot hard_shutdown checkpoint snapshot"},
		"being cloned":               {vmFacts{PowerState: halted, Current: runs("clone")}, "export copy clone"},
		"resuming":                   {vmFacts{PowerState: suspended, Current: runs("resume")}, "hard_shutdown"},
		"blocked":                    {vmFacts{PowerState: paused, Blocked: map[string]string{"unpause": "no"}}, "metadata_export hard_reboot hard_shutdown checkpoint snapshot"},
		"immobile":                   {vmFacts{PowerState: running, Immobile: true, DriversKnown: true}, "metadata_export changing_VCPUs_live changing_dynamic_range hard_reboot hard_shutdown clean_reboot clean_shutdown pause snapshot"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(vmAllowedOperations(c.facts), " "); got != c.want {
				t.Errorf("allowed_operations\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestCheckVMOperation holds single refusals to their texts, and to the order of the checks.
func TestCheckVMOperation(t *testing.T) {
	two := []runningOperation{{"OpaqueRef:a", "hard_shutdown"}, {"OpaqueRef:b", "data_source_op"}}
	for name, c := range map[string]struct {
		op    string
		facts vmFacts
		want  string
	}{
		"wrong state":            {"hard_shutdown", vmFacts{PowerState: halted}, "VM_BAD_POWER_STATE[vm, paused, suspended, running, halted]"},
		"wrong state, two":       {"destroy", vmFacts{PowerState: running}, "VM_BAD_POWER_STATE[vm, halted, suspended, running]"},
		"blocked before state":   {"start", vmFacts{PowerState: running, Blocked: map[string]string{"start": "mine"}}, "OPERATION_BLOCKED[vm, mine]"},
		"state before operation": {"start", vmFacts{PowerState: running, Current: two}, "VM_BAD_POWER_STATE[vm, halted, running]"},
		"one operation":          {"pause", vmFacts{PowerState: running, Current: two[:1]}, "OTHER_OPERATION_IN_PROGRESS[VM, vm, hard_shutdown, OpaqueRef:a]"},
		"two operations":         {"pause", vmFacts{PowerState: running, Current: two}, "OTHER_OPERATION_IN_PROGRESS[VM, vm, {hard_shutdown,data_sources_op}, {OpaqueRef:a,OpaqueRef:b}]"},
		"template":               {"start", vmFacts{PowerState: halted, IsTemplate: true}, "VM_IS_TEMPLATE[vm, start]"},
		"default template":       {"destroy", vmFacts{PowerState: halted, IsTemplate: true, IsDefaultTemplate: true}, "VM_IS_TEMPLATE[vm, destroy]"},
		"snapshot":               {"start", vmFacts{PowerState: halted, IsTemplate: true, IsSnapshot: true}, "VM_IS_SNAPSHOT[vm, start]"},
		"provision of a VM":      {"provision", vmFacts{PowerState: halted}, "PROVISION_ONLY_ALLOWED_ON_TEMPLATE[]"},
		"dom0":                   {"hard_shutdown", vmFacts{PowerState: running, IsControlDomain: true}, "OPERATION_NOT_ALLOWED[This operation is not allowed on a control domain]"},
		"no tools":               {"clean_shutdown", vmFacts{PowerState: running, DomainType: "hvm"}, "VM_LACKS_FEATURE[vm]"},
		"terminal server":        {"pool_migrate", vmFacts{PowerState: running, DriversKnown: true, GuestOther: map[string]string{"data-cant-suspend-reason": "busy"}}, "VM_NON_SUSPENDABLE[vm, busy]"},
		"passthrough":            {"pool_migrate", vmFacts{PowerState: running, DriversKnown: true, HasPCI: true}, "VM_HAS_PCI_ATTACHED[vm]"},
	} {
		t.Run(name, func(t *testing.T) {
			c.facts.Ref = "vm"
			err := checkVMOperation(c.facts, c.op, true)
			if err == nil {
				t.Fatalf("%s is allowed, want %s", c.op, c.want)
			}
			if err.Error() != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.op, err, c.want)
			}
		})
	}
	noTools := vmFacts{Ref: "vm", PowerState: running, DomainType: "hvm"}
	if err := checkVMOperation(noTools, "pool_migrate", false); err != nil {
		t.Errorf("pool_migrate with force: %v", err)
	}
}

// TestHostAllowedOperations holds a host's lists to those of the recordings.
func TestHostAllowedOperations(t *testing.T) {
	runs := func(op string) []runningOperation { return []runningOperation{{"OpaqueRef:t", op}} }
	for name, c := range map[string]struct {
		facts hostFacts
		want  string
	}{
		"enabled":        {hostFacts{Enabled: true, Live: true}, "vm_migrate provision vm_resume enable evacuate vm_start"},
		"disabled":       {hostFacts{Live: true}, "vm_migrate provision vm_resume apply_updates enable reboot evacuate vm_start shutdown"},
		"receives a VM":  {hostFacts{Enabled: true, Live: true, Current: runs("vm_migrate")}, "vm_migrate provision vm_resume enable vm_start"},
		"starts a VM":    {hostFacts{Enabled: true, Live: true, Current: runs("vm_start")}, "vm_migrate provision vm_resume enable evacuate vm_start"},
		"being emptied":  {hostFacts{Enabled: true, Live: true, Current: runs("evacuate")}, "enable evacuate vm_start"},
		"being disabled": {hostFacts{Live: true, Current: runs("reboot")}, "enable evacuate vm_start"},
	} {
		if got := strings.Join(hostAllowedOperations(c.facts), " "); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", name, got, c.want)
		}
	}
}
