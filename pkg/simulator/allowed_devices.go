package simulator

// deviceFacts is all that decides which operations a VBD, a VIF or the VDI behind a VBD allows.
type deviceFacts struct {
	PowerState  string // of the VM
	VMOperation string // "" or a current operation of the VM
	Busy        bool   // the device has current operations
	Drivers     bool   // the guest's drivers can let go of a device
	CD, Empty   bool   // VBDs only
}

// mayUnplug reports whether the guest can be asked to give the device back now. xapi: refused while the VM stops.
func (d deviceFacts) mayUnplug() bool {
	switch d.VMOperation {
	case "clean_shutdown", "hard_shutdown", "suspend", "pause":
		return false
	}
	return d.PowerState == running && d.Drivers
}

// vbdAllowedOperations computes the list for a VBD, in wire order.
func vbdAllowedOperations(d deviceFacts) []string {
	live := d.PowerState == running || d.PowerState == paused
	if d.Busy {
		if live {
			return []string{"unpause"}
		}
		return nil
	}
	allowed := []string{"attach"}
	if d.CD && d.Empty {
		allowed = append(allowed, "insert")
	}
	if d.CD && !d.Empty {
		allowed = append(allowed, "eject")
	}
	if !live {
		return allowed
	}
	allowed = append(allowed, "unpause")
	if d.mayUnplug() && !d.CD {
		allowed = append(allowed, "unplug")
	}
	if d.PowerState == running && d.Drivers && !d.CD {
		allowed = append(allowed, "unplug_force")
	}
	return append(allowed, "pause")
}

// vifAllowedOperations computes the list for a VIF, in wire order.
func vifAllowedOperations(d deviceFacts) []string {
	switch {
	case d.Busy:
		return nil
	case d.mayUnplug():
		return []string{"attach", "unplug"}
	}
	return []string{"attach"}
}

// vdiAllowedOperations computes the list for a VDI: attached somewhere, being attached, or at rest.
func vdiAllowedOperations(attached, attaching bool) []string {
	switch {
	case attaching && attached:
		return nil
	case attached:
		return []string{"snapshot", "clone"}
	}
	return []string{"update", "forget", "destroy", "snapshot", "resize", "copy", "clone"}
}
