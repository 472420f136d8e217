package simulator

import (
	"slices"
	"strconv"
	"strings"
)

// srBehaviours are the calls of class SR that do more than read and write a field.
func srBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"SR.create":                       srCreate,
		"SR.introduce":                    srIntroduce,
		"SR.forget":                       srForget,
		"SR.destroy":                      srDestroy,
		"SR.scan":                         srScan,
		"SR.update":                       srUpdate,
		"SR.make":                         func(*call) (any, error) { return nil, fail("MESSAGE_DEPRECATED") },
		"SR.probe":                        srProbe,
		"SR.probe_ext":                    srProbeExt,
		"SR.get_supported_types":          srSupportedTypes,
		"SR.set_shared":                   srSetShared,
		"SR.set_physical_size":            func(c *call) (any, error) { return nil, c.writeField("physical_size") },
		"SR.assert_can_host_ha_statefile": srCanHostStatefile,
	}
}

// checkDriver refuses a type of SR that no driver is for.
func (t *tx) checkDriver(kind string) error {
	if len(t.find("SM", "type", kind)) == 0 {
		return fail("SR_UNKNOWN_DRIVER", kind)
	}
	return nil
}

// srCreate is SR.create: storage that is made, with a connection to one host, or to all if it is shared, plugged. Its
// parameters are host, device_config, physical_size, name, description, type, content_type, shared, sm_config. The size
// in bytes is physical_size, or device_config's "size", or 1 TiB.
func srCreate(c *call) (any, error) {
	host, config, kind, sr := c.str(0), c.dict(1), strings.ToLower(c.str(5)), nullRef
	err := c.update(func(t *tx) error {
		if err := t.must("host", host); err != nil {
			return err
		}
		if err := t.checkDriver(kind); err != nil {
			return err
		}
		sr = t.introduceSR("", c.str(3), c.str(4), kind, c.str(6), c.flag(7), c.dict(8))
		t.backend(t.str("SR", sr, "uuid")).size = srSize(c.num(2), config)
		hosts := []string{host}
		if c.flag(7) {
			hosts = t.all("host")
		}
		for _, h := range hosts {
			t.create("PBD", values{"host": h, "SR": sr, "device_config": config})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return sr, c.plugAll(sr)
}

// srSize is the size of a new SR in bytes.
func srSize(given int64, config Map) int64 {
	if given > 0 {
		return given
	}
	if n, err := strconv.ParseInt(text(config, "size"), 10, 64); err == nil && n > 0 {
		return n
	}
	return defaultSRSize
}

// plugAll connects an SR to its hosts. xapi: a host that cannot be reached is left out, and logged.
func (c *call) plugAll(sr string) error {
	var pbds []string
	err := c.view(func(t *tx) error { pbds = slices.Clone(t.strs("SR", sr, "PBDs")); return nil })
	for _, pbd := range pbds {
		if err == nil {
			_, err = c.beneath("PBD.plug", func(task string) (string, error) { return "", c.plugPBD(pbd, task) }, nil)
			if isCode(err, "HOST_OFFLINE") || isCode(err, "CANNOT_CONTACT_HOST") {
				err = nil
			}
		}
	}
	return err
}

// introduceSR makes the row of an SR; a uuid that is "" is a new one. xapi: its sizes are unknown until it is plugged.
func (t *tx) introduceSR(uuid, name, description, kind, content string, shared bool, smConfig Map) string {
	v := values{
		"name_label": name, "name_description": description, "type": kind, "content_type": content, "shared": shared,
		"sm_config": smConfig, "physical_size": int64(-1), "physical_utilisation": int64(-1),
	}
	if uuid != "" {
		v["uuid"] = uuid
	}
	sr := t.create("SR", v)
	t.refreshSR(sr)
	return sr
}

// srIntroduce is SR.introduce: storage that exists and that the database does not know. It is not connected to any host.
func srIntroduce(c *call) (any, error) {
	sr := nullRef
	err := c.update(func(t *tx) error {
		uuid, kind := c.str(0), strings.ToLower(c.str(3))
		if err := t.checkDriver(kind); err != nil {
			return err
		}
		if uuid != "" && len(t.find("SR", "uuid", uuid)) > 0 {
			return fail("DB_UNIQUENESS_CONSTRAINT_VIOLATION", "SR", "uuid", uuid)
		}
		sr = t.introduceSR(uuid, c.str(1), c.str(2), kind, c.str(4), c.flag(5), c.dict(6))
		return nil
	})
	return sr, err
}

// srForget is SR.forget: the database forgets an SR that is unplugged everywhere; SR.introduce finds it again.
func srForget(c *call) (any, error) {
	sr := c.str(0)
	return nil, c.onStorage(storageOp{sr: sr, srOp: "forget"}, func(t *tx) error {
		b := t.backend(t.str("SR", sr, "uuid"))
		b.size, b.used = t.num("SR", sr, "physical_size"), t.num("SR", sr, "physical_utilisation")
		for _, vdi := range slices.Clone(t.strs("SR", sr, "VDIs")) {
			t.remember(vdi)
		}
		t.removeSR(sr)
		return nil
	})
}

// srDestroy is SR.destroy: the storage and its records are gone for good. xapi: it must be empty and unplugged.
func srDestroy(c *call) (any, error) {
	sr := c.str(0)
	return nil, c.onStorage(storageOp{sr: sr, srOp: "destroy"}, func(t *tx) error {
		delete(t.life.pool.backends, t.str("SR", sr, "uuid"))
		t.removeSR(sr)
		return nil
	})
}

// removeSR takes an SR, its connections and its disks out of the database.
func (t *tx) removeSR(sr string) {
	for _, pbd := range slices.Clone(t.strs("SR", sr, "PBDs")) {
		t.destroy("PBD", pbd)
	}
	for _, vdi := range slices.Clone(t.strs("SR", sr, "VDIs")) {
		t.destroy("VDI", vdi)
	}
	t.destroy("SR", sr)
}

// srScan is SR.scan: the database learns of the disks that it does not know, and of the space.
func srScan(c *call) (any, error) {
	sr := c.str(0)
	if err := c.onStorageHost(sr); err != nil {
		return nil, err
	}
	return nil, c.onStorage(storageOp{sr: sr, srOp: "scan"}, func(t *tx) error {
		for _, location := range sortedKeys(t.backend(t.str("SR", sr, "uuid")).volumes) {
			t.recall(sr, location)
		}
		t.measureSR(sr)
		return nil
	})
}

// srUpdate is SR.update: the driver writes the space anew.
func srUpdate(c *call) (any, error) {
	sr := c.str(0)
	if err := c.onStorageHost(sr); err != nil {
		return nil, err
	}
	return nil, c.onStorage(storageOp{sr: sr, srOp: "update"}, func(t *tx) error { t.measureSR(sr); return nil })
}

// measureSR writes what an SR's disks are promised and have taken. What else lies on the SR stays counted.
func (t *tx) measureSR(sr string) {
	if !t.countsSpace(sr) {
		return
	}
	var virtual, physical int64
	for _, vdi := range t.strs("SR", sr, "VDIs") {
		virtual += t.num("VDI", vdi, "virtual_size")
		physical += t.num("VDI", vdi, "physical_utilisation")
	}
	t.set("SR", sr, "virtual_allocation", virtual)
	t.set("SR", sr, "physical_utilisation", max(physical, t.num("SR", sr, "physical_utilisation")))
}

// srProbe is SR.probe. The simulator's storage is nowhere before it is made: the list is empty.
func srProbe(c *call) (any, error) {
	return "<?xml version=\"1.0\" ?>\n<SRlist>\n</SRlist>\n", c.checkProbe()
}

// srProbeExt is SR.probe_ext, likewise.
func srProbeExt(c *call) (any, error) { return Set{}, c.checkProbe() }

func (c *call) checkProbe() error {
	return c.view(func(t *tx) error {
		if err := t.must("host", c.str(0)); err != nil {
			return err
		}
		return t.checkDriver(strings.ToLower(c.str(2)))
	})
}

// srSupportedTypes is SR.get_supported_types.
func srSupportedTypes(c *call) (any, error) {
	types := []string{}
	err := c.view(func(t *tx) error {
		for _, sm := range t.all("SM") {
			types = append(types, t.str("SM", sm, "type"))
		}
		return nil
	})
	slices.Sort(types)
	return setOf(types...), err
}

// srSetShared is SR.set_shared. xapi: what several hosts are connected to stays shared.
func srSetShared(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		sr := c.str(0)
		if err := t.must("SR", sr); err != nil {
			return err
		}
		if pbds := t.strs("SR", sr, "PBDs"); !c.flag(1) && len(pbds) > 1 {
			return fail("SR_HAS_MULTIPLE_PBDS", pbds...)
		}
		t.set("SR", sr, "shared", c.flag(1))
		return nil
	})
}

// statefileSize is what HA needs of an SR in bytes.
const statefileSize = 4 * mib

// srCanHostStatefile is SR.assert_can_host_ha_statefile: every host must have the SR, and there must be room.
func srCanHostStatefile(c *call) (any, error) {
	return nil, c.view(func(t *tx) error {
		sr := c.str(0)
		if err := t.must("SR", sr); err != nil {
			return err
		}
		f := t.srFacts(sr)
		switch {
		case !t.flag("SR", sr, "shared") || f.Plugged < len(t.all("host")):
			return fail("HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", sr)
		case !f.Features["VDI_CREATE"]:
			return fail("SR_OPERATION_NOT_SUPPORTED", sr)
		case t.room(sr, statefileSize) != nil:
			return fail("SR_SOURCE_SPACE_INSUFFICIENT", sr)
		}
		return nil
	})
}
