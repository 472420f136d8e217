package suite

import (
	"fmt"
	"slices"
	"strings"
)

func vmCases() []Case {
	return []Case{
		{Name: "vm/made, changed and destroyed", Run: vmRecord},
		{Name: "vm/start, pause, unpause, stop", StartsVM: true, Run: vmLives},
		{Name: "vm/asynchronous start and stop", StartsVM: true, Run: vmTasks},
		{Name: "vm/its events tell its power state", StartsVM: true, Run: vmEvents},
		{Name: "vm/where it may run", StartsVM: true, Run: vmHosts},
	}
}

// makeVM makes a VM of 256 MiB without disks and networks, and has it destroyed at the end.
func (r *Run) makeVM() (string, error) {
	const memory = 256 << 20 // bytes
	none := map[string]string{}
	v, err := r.call("VM.create", map[string]any{
		"name_label": "conformance", "name_description": "made by a test", "user_version": 1, "is_a_template": false,
		"affinity": "OpaqueRef:NULL", "memory_target": memory, "memory_static_max": memory, "memory_dynamic_max": memory,
		"memory_dynamic_min": memory, "memory_static_min": memory, "memory_overhead": 0, "VCPUs_params": none, "VCPUs_max": 1,
		"VCPUs_at_startup": 1, "actions_after_shutdown": "destroy", "actions_after_reboot": "restart", "actions_after_crash": "restart",
		"PV_bootloader": "", "PV_kernel": "", "PV_ramdisk": "", "PV_args": "", "PV_bootloader_args": "", "PV_legacy_args": "",
		"HVM_boot_policy": "BIOS order", "HVM_boot_params": map[string]string{"order": "cdn"}, "HVM_shadow_multiplier": 1.0,
		"platform": map[string]string{"acpi": "1", "apic": "true", "pae": "true", "viridian": "false"}, "PCI_bus": "", "other_config": none,
		"recommendations": "", "xenstore_data": none, "ha_always_run": false, "ha_restart_priority": "", "tags": []string{},
		"blocked_operations": none, "protection_policy": "OpaqueRef:NULL", "is_snapshot_from_vmpp": false, "appliance": "OpaqueRef:NULL",
		"start_delay": 0, "shutdown_delay": 0, "order": 0, "suspend_SR": "OpaqueRef:NULL", "version": 0,
		"generation_id": "", "hardware_platform_version": 0, "auto_update_drivers": false,
	})
	if err != nil {
		return "", err
	}
	ref, _ := v.(string)
	r.later("VM.destroy", ref)
	return ref, nil
}

// vmRecord changes a VM that never runs.
func vmRecord(r *Run) error {
	vm, err := r.makeVM()
	if err != nil {
		return err
	}
	err = r.calls([]any{"VM.set_name_label", vm, "conformance 2"}, []any{"VM.add_tags", vm, "conformance"},
		[]any{"VM.add_to_other_config", vm, "conformance", "1"})
	if err != nil {
		return err
	}
	v, err := r.call("VM.get_record", vm)
	record, _ := v.(map[string]any)
	if err := unless(err, isChanged(record), "the new VM is %v", v); err != nil {
		return err
	}
	if err := r.refused([]string{"VM_BAD_POWER_STATE", vm}, "VM.hard_shutdown", r.session, vm); err != nil {
		return err
	}
	if !slices.Contains(texts(record["allowed_operations"]), "start") {
		return fmt.Errorf("a Halted VM does not allow start, only %v", record["allowed_operations"])
	}
	metrics, _ := record["metrics"].(string)
	if _, err := r.call("VM.destroy", vm); err != nil {
		return err
	}
	if err := r.refused([]string{"HANDLE_INVALID", "VM_metrics", metrics}, "VM_metrics.get_record", r.session, metrics); err != nil {
		return err
	}
	return r.refused([]string{"HANDLE_INVALID", "VM", vm}, "VM.get_record", r.session, vm)
}

// isChanged is what vmRecord wrote, and what it did not.
func isChanged(record map[string]any) bool {
	notes, _ := record["other_config"].(map[string]any)
	return record["name_label"] == "conformance 2" && notes["conformance"] == "1" && slices.Contains(texts(record["tags"]), "conformance") &&
		record["power_state"] == "Halted" && record["memory_static_max"] == "268435456"
}

// wantState compares the VM's power state.
func (r *Run) wantState(want string) error {
	return r.wantText(want, "VM.get_power_state", r.vm)
}

func vmLives(r *Run) error {
	for _, step := range []struct {
		method string
		params []any
		state  string
	}{
		{"VM.start", []any{false, false}, "Running"},
		{"VM.pause", nil, "Paused"},
		{"VM.unpause", nil, "Running"},
		{"VM.hard_shutdown", nil, "Halted"},
	} {
		if _, err := r.call(step.method, append([]any{r.vm}, step.params...)...); err != nil {
			return err
		}
		if err := r.wantState(step.state); err != nil {
			return fmt.Errorf("after %s: %w", step.method, err)
		}
	}
	return r.refused([]string{"VM_BAD_POWER_STATE", r.vm, "running", "halted"}, "VM.pause", r.session, r.vm)
}

func vmTasks(r *Run) error {
	for _, step := range []struct {
		method string
		params []any
		state  string
	}{
		{"Async.VM.start", []any{false, false}, "Running"},
		{"Async.VM.hard_shutdown", nil, "Halted"},
	} {
		task, err := r.text(step.method, append([]any{r.vm}, step.params...)...)
		if err != nil {
			return err
		}
		record, err := r.waitTask(task)
		if err != nil {
			return err
		}
		if record["status"] != "success" || record["result"] != "<value></value>" && record["result"] != "" {
			return fmt.Errorf("%s ended as %v with %v, %v", step.method, record["status"], record["result"], record["error_info"])
		}
		if err := r.wantState(step.state); err != nil {
			return fmt.Errorf("after %s: %w", step.method, err)
		}
	}
	return nil
}

// vmEvents starts and stops the VM while a subscriber of it listens, which sees each state once, in order.
func vmEvents(r *Run) error {
	if _, err := r.call("event.register", []string{"vm/" + r.vm}); err != nil {
		return err
	}
	if _, err := r.call("VM.start", r.vm, false, false); err != nil {
		return err
	}
	if _, err := r.call("VM.hard_shutdown", r.vm); err != nil {
		return err
	}
	var states []string
	for len(states) < 3 || states[len(states)-1] != "Halted" {
		v, err := r.call("event.next") // all has been written: it does not wait until all has been read
		if err != nil {
			return err
		}
		for _, e := range v.([]any) {
			m, _ := e.(map[string]any)
			snapshot, _ := m["snapshot"].(map[string]any)
			if state := fmt.Sprint(snapshot["power_state"]); len(states) == 0 || states[len(states)-1] != state {
				states = append(states, state)
			}
		}
	}
	if got := strings.Join(states, " "); got != "Halted Running Halted" {
		return fmt.Errorf("its events say %s", got)
	}
	return nil
}

// vmHosts starts the VM where the server says that it may run.
func vmHosts(r *Run) error {
	v, err := r.call("VM.get_possible_hosts", r.vm)
	if err != nil {
		return err
	}
	hosts := texts(v)
	if len(hosts) == 0 {
		return fmt.Errorf("no host can run a VM of 256 MiB")
	}
	if _, err := r.call("VM.start_on", r.vm, hosts[0], false, false); err != nil {
		return err
	}
	if err := r.wantText(hosts[0], "VM.get_resident_on", r.vm); err != nil {
		return err
	}
	if err := r.refused([]string{"VM_BAD_POWER_STATE", r.vm, "halted", "running"}, "VM.start", r.session, r.vm, false, false); err != nil {
		return err
	}
	_, err = r.call("VM.hard_shutdown", r.vm)
	return err
}
