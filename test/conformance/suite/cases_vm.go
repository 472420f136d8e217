package suite

import "fmt"

// wantState compares the allowed VM's power state.
func (r *Run) wantState(want string) error {
	if got, err := r.text("VM.get_power_state", r.vm); err != nil || got != want {
		return fmt.Errorf("the VM is %q, %v: want %s", got, err, want)
	}
	return nil
}

// stopLater leaves the VM Halted, as it was.
func (r *Run) stopLater() { r.later("VM.hard_shutdown", r.vm) }

func vmLives(r *Run) error {
	r.stopLater()
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
			return fmt.Errorf("%s: %w", step.method, err)
		}
		if err := r.wantState(step.state); err != nil {
			return fmt.Errorf("after %s: %w", step.method, err)
		}
	}
	return r.refused([]string{"VM_BAD_POWER_STATE", r.vm, "running", "halted"}, "VM.pause", r.session, r.vm)
}

func vmTasks(r *Run) error {
	r.stopLater()
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
