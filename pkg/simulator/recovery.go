package simulator

import (
	"slices"
	"strings"
)

// recoveryBehaviours are the calls for disasters: copies of the database beside the disks, and getting back what they hold.
func recoveryBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"VM.assert_can_be_recovered":              vmCanBeRecovered,
		"VM.get_SRs_required_for_recovery":        vmRecoverySRs,
		"VM.recover":                              vmRecover,
		"VM_appliance.recover":                    applianceRecover,
		"DR_task.create":                          drCreate,
		"DR_task.destroy":                         drDestroy,
		"SR.assert_supports_database_replication": func(c *call) (any, error) { return nil, c.view(func(t *tx) error { return t.replicates(c.str(0)) }) },
		"SR.enable_database_replication":          srReplicate,
		"SR.disable_database_replication":         srStopReplicating,
		"pool.enable_redo_log":                    poolEnableRedoLog,
		"pool.disable_redo_log":                   poolDisableRedoLog,
	}
}

// intoSession refuses a session to recover into that there is not.
func (t *tx) intoSession(class, self, session string) error {
	if err := t.must(class, self); err != nil {
		return err
	}
	return t.must("session", session)
}

// disksOf lists the disks of a VM with the SRs they are on.
func (t *tx) srsOf(vm string) []string {
	var srs []string
	for _, vbd := range t.strs("VM", vm, "VBDs") {
		vdi := t.str("VBD", vbd, "VDI")
		if sr := t.str("VDI", vdi, "SR"); t.str("VBD", vbd, "type") == "Disk" && !slices.Contains(srs, sr) {
			srs = append(srs, sr)
		}
	}
	return srs
}

// recoverable refuses a VM with disks on an SR that the pool recovered into does not have. Here that is the same pool.
func (t *tx) recoverable(vm string) error {
	for _, sr := range t.srsOf(vm) {
		if !t.exists("SR", sr) {
			return fail("VM_REQUIRES_SR", vm, sr)
		}
	}
	return nil
}

// vmCanBeRecovered is VM.assert_can_be_recovered(self, session_to).
func vmCanBeRecovered(c *call) (any, error) {
	return nil, c.view(func(t *tx) error {
		if err := t.intoSession("VM", c.str(0), c.str(1)); err != nil {
			return err
		}
		return t.recoverable(c.str(0))
	})
}

// vmRecoverySRs is VM.get_SRs_required_for_recovery(self, session_to).
func vmRecoverySRs(c *call) (any, error) {
	var srs []string
	err := c.view(func(t *tx) error { srs = t.srsOf(c.str(0)); return t.intoSession("VM", c.str(0), c.str(1)) })
	return setOf(srs...), err
}

// vmRecover is VM.recover(self, session_to, force). xapi: a VM that is there already must be older; forced, it is replaced,
// which leaves it as it is where it comes from the same database.
func vmRecover(c *call) (any, error) {
	return nil, c.view(func(t *tx) error {
		if err := t.intoSession("VM", c.str(0), c.str(1)); err != nil {
			return err
		}
		if err := t.recoverable(c.str(0)); err != nil {
			return err
		}
		return t.newer(c.str(0), c.flag(2))
	})
}

func (t *tx) newer(vm string, force bool) error {
	if version := databaseText(t.num("VM", vm, "version")); !force {
		return fail("VM_TO_IMPORT_IS_NOT_NEWER_VERSION", vm, version, version)
	}
	if t.str("VM", vm, "power_state") != halted {
		return fail("VM_BAD_POWER_STATE", vm, "halted", strings.ToLower(t.str("VM", vm, "power_state")))
	}
	return nil
}

// applianceRecover is VM_appliance.recover(self, session_to, force): each of its VMs.
func applianceRecover(c *call) (any, error) {
	return nil, c.view(func(t *tx) error {
		if err := t.intoSession("VM_appliance", c.str(0), c.str(1)); err != nil {
			return err
		}
		for _, vm := range t.strs("VM_appliance", c.str(0), "VMs") {
			if err := t.recoverable(vm); err != nil {
				return err
			}
			if err := t.newer(vm, c.flag(2)); err != nil {
				return err
			}
		}
		return nil
	})
}

// drCreate is DR_task.create(type, device_config, whitelist). xapi: SRs that lie there and hold a copy of a database are
// introduced; the simulator's storage is nowhere before it is made, so there are none.
func drCreate(c *call) (any, error) {
	kind, made := strings.ToLower(c.str(0)), nullRef
	err := c.update(func(t *tx) error {
		if !t.driverCan(kind, "SR_METADATA") {
			return fail("OPERATION_NOT_ALLOWED", "Disaster recovery not supported on SRs of type "+kind)
		}
		made = t.create("DR_task", values{})
		return nil
	})
	return made, err
}

// drDestroy is DR_task.destroy: the SRs that it has introduced are forgotten.
func drDestroy(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		task := c.str(0)
		if err := t.must("DR_task", task); err != nil {
			return err
		}
		for _, sr := range slices.Clone(t.strs("DR_task", task, "introduced_SRs")) {
			t.removeSR(sr)
		}
		t.destroy("DR_task", task)
		return nil
	})
}

// replicates refuses an SR that cannot hold a copy of the database: of a driver that cannot, or not on every host.
func (t *tx) replicates(sr string) error {
	if err := t.must("SR", sr); err != nil {
		return err
	}
	if !t.driverCan(t.str("SR", sr, "type"), "SR_METADATA") {
		return fail("SR_OPERATION_NOT_SUPPORTED", sr)
	}
	plugged := map[string]bool{}
	for _, pbd := range t.strs("SR", sr, "PBDs") {
		plugged[t.str("PBD", pbd, "host")] = t.flag("PBD", pbd, "currently_attached")
	}
	for _, host := range t.all("host") {
		if !plugged[host] {
			return fail("SR_NO_PBDS", sr)
		}
	}
	return nil
}

// metadataSize is the size of a copy of the database in bytes.
const metadataSize = 256 * mib

// srReplicate is SR.enable_database_replication: a disk on the SR that copies are written to. Doing it again is no error.
func srReplicate(c *call) (any, error) {
	sr := c.str(0)
	return nil, c.update(func(t *tx) error {
		if err := t.replicates(sr); err != nil {
			return err
		}
		for _, vdi := range t.strs("SR", sr, "VDIs") {
			if t.str("VDI", vdi, "type") == "metadata" {
				return nil
			}
		}
		vdi := t.haDisk(sr, "Metadata for DR", "metadata")
		t.set("VDI", vdi, "metadata_of_pool", t.the("pool"))
		return nil
	})
}

// srStopReplicating is SR.disable_database_replication.
func srStopReplicating(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("SR", c.str(0)); err != nil {
			return err
		}
		for _, vdi := range slices.Clone(t.strs("SR", c.str(0), "VDIs")) {
			if t.str("VDI", vdi, "type") == "metadata" {
				t.destroy("VDI", vdi)
			}
		}
		return nil
	})
}

// poolEnableRedoLog is pool.enable_redo_log(sr): a disk that every write goes to. One that lies there is used again.
func poolEnableRedoLog(c *call) (any, error) {
	sr := c.str(0)
	return nil, c.update(func(t *tx) error {
		if err := t.must("SR", sr); err != nil {
			return err
		}
		log := nullRef
		for _, vdi := range t.strs("SR", sr, "VDIs") {
			if t.str("VDI", vdi, "type") == "redo_log" {
				log = vdi
			}
		}
		if log == nullRef {
			if t.room(sr, metadataSize) != nil {
				return fail("CANNOT_ENABLE_REDO_LOG", "failed to create a VDI for the redo log on the SR with the given UUID.")
			}
			log = t.haDisk(sr, "Metadata redo-log", "redo_log")
		}
		t.set("pool", t.the("pool"), "redo_log_vdi", log)
		t.set("pool", t.the("pool"), "redo_log_enabled", true)
		return nil
	})
}

// poolDisableRedoLog is pool.disable_redo_log. The disk stays.
func poolDisableRedoLog(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		t.set("pool", t.the("pool"), "redo_log_enabled", false)
		t.set("pool", t.the("pool"), "redo_log_vdi", nullRef)
		return nil
	})
}
