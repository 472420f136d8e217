package simulator

import "slices"

// vdiFacts is all that decides which operations a VDI allows.
type vdiFacts struct {
	Ref, SR, Type string
	Current       []runningOperation
	Features      map[string]bool // of the SR's driver
	Plugged       bool            // the SR is attached to some host
	Physical      bool            // a drive of a host, passed through
	Active        bool            // a VM uses it
	ActiveRW      bool            // a VM may write to it
	DeviceBusy    bool            // a VBD of it is being plugged or unplugged
	Sharable      bool
	ResetsOnBoot  bool
	Snapshot      bool
	TracksChanges bool // cbt_enabled
	HAEnabled     bool
}

// vdiOperations is the enum vdi_operations in its order, as far as the list shows it, with what the driver must be able
// to do. xapi: allowed_operations is written in reverse.
var vdiOperations = []srOperation{
	{"clone", ""},
	{"copy", ""},
	{"resize", "VDI_RESIZE"},
	{"resize_online", "VDI_RESIZE_ONLINE"},
	{"snapshot", "VDI_SNAPSHOT"},
	{"mirror", "VDI_MIRROR"},
	{"destroy", "VDI_DELETE"},
	{"forget", ""},
	{"update", "VDI_UPDATE"},
	{"generate_config", "VDI_GENERATE_CONFIG"},
	{"enable_cbt", "VDI_CONFIG_CBT"},
	{"disable_cbt", "VDI_CONFIG_CBT"},
	{"data_destroy", "VDI_CONFIG_CBT"},
	{"list_changed_blocks", "VDI_CONFIG_CBT"},
	{"set_on_boot", "VDI_RESET_ON_BOOT"},
}

// vdiAllowedList computes the list for a VDI, in wire order.
func vdiAllowedList(f vdiFacts) []string {
	allowed := make([]string, 0, len(vdiOperations))
	for _, op := range slices.Backward(vdiOperations) {
		if checkVDIOperation(f, op.name) == nil {
			allowed = append(allowed, op.name)
		}
	}
	return allowed
}

// checkVDIOperation says why an operation on a VDI is not allowed now; nil: it is. xapi: an operation excludes every other,
// but for those beside a copy; what can be done to a disk in use is little.
func checkVDIOperation(f vdiFacts, op string) *Failure {
	exclusive := slices.ContainsFunc(f.Current, func(r runningOperation) bool { return r.Operation != "copy" })
	switch {
	case exclusive:
		return otherOperation("VDI", f.Ref, f.Current, func(op string) string { return op })
	case op == "resize" && !f.Plugged:
		return fail("SR_HAS_NO_PBDS", f.SR)
	case f.blocksAttached(op):
		return fail("VDI_IN_USE", f.Ref, op)
	case f.DeviceBusy:
		return fail("OTHER_OPERATION_IN_PROGRESS", "VDI", f.Ref)
	}
	return f.checkKind(op)
}

// blocksAttached reports whether a VM's use of the disk stands in the way of an operation.
func (f vdiFacts) blocksAttached(op string) bool {
	switch op {
	case "snapshot", "resize_online", "blocked", "clone", "mirror", "enable_cbt", "disable_cbt", "data_destroy":
		return false
	case "copy":
		return f.ActiveRW
	}
	return f.Active
}

// checkKind refuses what this disk, or its SR, does not do at all. xapi: in this order.
func (f vdiFacts) checkKind(op string) *Failure {
	if err := f.checkKept(op); err != nil {
		return err
	}
	for _, o := range vdiOperations {
		if o.name == op && o.feature != "" && !f.Features[o.feature] {
			return fail("SR_OPERATION_NOT_SUPPORTED", f.SR)
		}
	}
	switch op {
	case "snapshot":
		return f.checkSnapshot()
	case "copy":
		if f.ofHA() {
			return fail("OPERATION_NOT_ALLOWED", "VDI containing HA statefile or redo log cannot be copied (check the VDI's allowed operations).")
		}
	case "data_destroy":
		if !f.Snapshot {
			return fail("OPERATION_NOT_ALLOWED", "VDI is not a snapshot: "+f.Ref)
		}
	case "enable_cbt", "disable_cbt":
		if f.Snapshot {
			return fail("OPERATION_NOT_ALLOWED", "VDI is a snapshot: "+f.Ref)
		}
	}
	return nil
}

// ofHA reports whether the disk is one of those that HA itself works with.
func (f vdiFacts) ofHA() bool { return f.Type == "ha_statefile" || f.Type == "redo_log" }

// checkKept refuses what would take away a disk that something else relies on.
func (f vdiFacts) checkKept(op string) *Failure {
	switch op {
	case "mirror", "set_on_boot":
		if f.TracksChanges {
			return fail("VDI_CBT_ENABLED", f.Ref)
		}
		return nil
	case "destroy", "forget", "resize", "resize_online":
	default:
		return nil
	}
	switch {
	case op == "destroy" && f.Physical:
		return fail("VDI_IS_A_PHYSICAL_DEVICE", f.Ref)
	case (op == "destroy" || op == "forget") && f.Type == "rrd":
		return fail("VDI_HAS_RRDS", f.Ref)
	case f.HAEnabled && f.ofHA():
		return fail("HA_IS_ENABLED")
	}
	return nil
}

// checkSnapshot refuses a snapshot of a disk that is shared, that forgets what is written, or that is being copied.
func (f vdiFacts) checkSnapshot() *Failure {
	switch {
	case f.Sharable:
		return fail("VDI_IS_SHARABLE", f.Ref)
	case f.ResetsOnBoot:
		return fail("VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION")
	case len(f.Current) > 0:
		return fail("OPERATION_NOT_ALLOWED", "Snapshot operation not allowed during copy.")
	}
	return nil
}

// vdiFacts collects what decides a VDI's allowed operations.
func (t *tx) vdiFacts(vdi string) vdiFacts {
	sr := t.str("VDI", vdi, "SR")
	f := vdiFacts{
		Ref: vdi, SR: sr, Type: t.str("VDI", vdi, "type"), Current: t.currentOperations("VDI", vdi),
		Features: t.driverFeatures(sr), Physical: t.str("SR", sr, "type") == "udev", Sharable: t.flag("VDI", vdi, "sharable"),
		ResetsOnBoot: t.str("VDI", vdi, "on_boot") == "reset", Snapshot: t.flag("VDI", vdi, "is_a_snapshot"),
		TracksChanges: t.flag("VDI", vdi, "cbt_enabled"), HAEnabled: t.flag("pool", t.the("pool"), "ha_enabled"),
	}
	for _, pbd := range t.strs("SR", sr, "PBDs") {
		f.Plugged = f.Plugged || t.flag("PBD", pbd, "currently_attached")
	}
	for _, vbd := range t.strs("VDI", vdi, "VBDs") {
		active := t.flag("VBD", vbd, "currently_attached") || t.flag("VBD", vbd, "reserved")
		f.Active = f.Active || active
		f.ActiveRW = f.ActiveRW || active && t.str("VBD", vbd, "mode") == "RW"
		f.DeviceBusy = f.DeviceBusy || len(t.dict("VBD", vbd, "current_operations")) > 0
	}
	return f
}

// refreshVDI recomputes a VDI's allowed_operations.
func (t *tx) refreshVDI(vdi string) {
	if t.exists("VDI", vdi) {
		t.set("VDI", vdi, "allowed_operations", setOf(vdiAllowedList(t.vdiFacts(vdi))...))
	}
}
