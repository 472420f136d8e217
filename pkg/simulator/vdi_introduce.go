package simulator

import (
	"maps"
	"regexp"
)

// vdiForget is VDI.forget: the database forgets a disk; the SR keeps it, and VDI.introduce or SR.scan find it again.
func vdiForget(c *call) (any, error) {
	vdi := c.str(0)
	sr, err := c.srOf(vdi)
	if err != nil {
		return nil, err
	}
	return nil, c.onStorage(storageOp{sr: sr, vdi: vdi, vdiOp: "forget"}, func(t *tx) error {
		t.remember(vdi)
		t.destroy("VDI", vdi)
		return nil
	})
}

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// vdiIntroduce is VDI.introduce: a disk that is on the SR and that the database does not know. Its parameters are uuid,
// name, description, SR, type, sharable, read_only, other_config, location, xenstore_data, sm_config and more that only
// the database needs.
func vdiIntroduce(c *call) (any, error) {
	uuid, sr, location, made := c.str(0), c.str(3), c.str(8), nullRef
	if err := c.view(func(t *tx) error { return t.must("SR", sr) }); err != nil {
		return nil, err
	}
	if err := c.onStorageHost(sr); err != nil {
		return nil, err
	}
	err := c.onStorage(storageOp{sr: sr, srOp: "vdi_introduce"}, func(t *tx) error {
		if err := t.checkIntroduced(sr, uuid, location); err != nil {
			return err
		}
		volume, ok := t.backend(t.str("SR", sr, "uuid")).volumes[location]
		if !ok || volume["uuid"] != uuid {
			return fail("SR_BACKEND_FAILURE_46", "", "The VDI is not available [opterr="+location+" not found]", "")
		}
		made = t.recall(sr, location)
		t.set("VDI", made, "other_config", c.dict(7))
		t.set("VDI", made, "xenstore_data", c.dict(9))
		t.set("VDI", made, "sharable", c.flag(5))
		t.set("VDI", made, "type", c.str(4))
		if c.str(1) != "" {
			t.set("VDI", made, "name_label", c.str(1))
		}
		if c.str(2) != "" {
			t.set("VDI", made, "name_description", c.str(2))
		}
		return nil
	})
	return made, err
}

// checkIntroduced refuses a disk that the database has already.
func (t *tx) checkIntroduced(sr, uuid, location string) error {
	if !uuidForm.MatchString(uuid) {
		return fail("UUID_INVALID", "VDI", uuid)
	}
	for _, vdi := range t.strs("SR", sr, "VDIs") {
		if t.str("VDI", vdi, "location") == location {
			return fail("LOCATION_NOT_UNIQUE", sr, location)
		}
	}
	if len(t.find("VDI", "uuid", uuid)) > 0 {
		return fail("DB_UNIQUENESS_CONSTRAINT_VIOLATION", "VDI", "uuid", uuid)
	}
	return nil
}

// recall makes the row of a disk that the backend has kept.
func (t *tx) recall(sr, location string) string {
	b := t.backend(t.str("SR", sr, "uuid"))
	v := values{"SR": sr, "on_boot": "persist"}
	maps.Copy(v, b.volumes[location])
	delete(b.volumes, location)
	vdi := ""
	t.innerTaskWith("VDI.db_introduce", nullRef, nullRef, func(string) string {
		vdi = t.create("VDI", v)
		t.refreshVDI(vdi)
		return vdi
	})
	return vdi
}
