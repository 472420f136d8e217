package simulator

import "slices"

// mayOverlap reports whether an operation may begin while others run on the same VM.
func mayOverlap(current []runningOperation, op string) bool {
	for _, c := range current {
		if !mayFollow(c.Operation, op) {
			return false
		}
	}
	return true
}

// mayFollow reports whether op may begin while one other operation runs.
func mayFollow(runs, op string) bool {
	switch op {
	case "get_boot_record":
		return true
	case "hard_shutdown":
		return runs != "hard_shutdown"
	case "hard_reboot":
		return runs != "hard_shutdown" && runs != "hard_reboot"
	}
	switch runs {
	case "clone", "copy", "export":
		return op == "clone" || op == "copy" || op == "export"
	case "snapshot", "checkpoint":
		return op == "snapshot" || op == "checkpoint"
	case "migrate_send":
		return op == "metadata_export" || op == "clean_shutdown" || op == "clean_reboot"
	}
	return false
}

// cancelledBy lists the operations that a hard operation cancels and waits for before it begins.
func cancelledBy(op string) []string {
	switch op {
	case "hard_shutdown":
		return []string{"clean_shutdown", "clean_reboot", "hard_reboot", "pool_migrate", "call_plugin", "shutdown", "suspend"}
	case "hard_reboot":
		return []string{"clean_shutdown", "clean_reboot", "pool_migrate", "call_plugin", "suspend"}
	}
	return nil
}

// tasksToCancel picks from the running operations those that op cancels first.
func tasksToCancel(current []runningOperation, op string) []string {
	var tasks []string
	for _, c := range current {
		if slices.Contains(cancelledBy(op), c.Operation) {
			tasks = append(tasks, c.Task)
		}
	}
	return tasks
}
