package simulator

import (
	"slices"
	"strconv"
	"strings"
)

// vmssBehaviours are the calls about schedules of snapshots. Nothing takes the snapshots: on a host a program outside xapi
// does.
func vmssBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"VMSS.create":                 vmssCreate,
		"VMSS.destroy":                vmssDestroy,
		"VMSS.set_frequency":          vmssSetFrequency,
		"VMSS.set_schedule":           vmssSetSchedule,
		"VMSS.add_to_schedule":        vmssAddToSchedule,
		"VMSS.remove_from_schedule":   func(c *call) (any, error) { return nil, c.removeField("schedule") },
		"VMSS.set_type":               vmssSetType,
		"VMSS.set_retained_snapshots": vmssSetRetained,
	}
}

// scheduleDefaults are the keys of a schedule of a frequency, with their defaults; "" has every key.
func scheduleDefaults(frequency string) Map {
	switch frequency {
	case "hourly":
		return mapOf("min", "0")
	case "daily":
		return mapOf("hour", "0", "min", "0")
	}
	return mapOf("hour", "0", "min", "0", "days", "Monday")
}

// checkSchedule refuses keys that a schedule of a frequency does not have, and values that they cannot have.
func checkSchedule(frequency string, schedule Map) error {
	for _, e := range schedule {
		value, _ := e.Value.(string)
		if !hasKey(scheduleDefaults(frequency), e.Key) {
			return fail("INVALID_VALUE", "schedule:"+e.Key, value)
		}
		n, err := strconv.Atoi(value)
		good := err == nil
		switch e.Key {
		case "min":
			good = slices.Contains([]string{"0", "15", "30", "45"}, value)
		case "hour":
			good = good && n >= 0 && n <= 23
		case "days":
			good = areDays(value)
		}
		if !good {
			return fail("INVALID_VALUE", "schedule:"+e.Key, value)
		}
	}
	return nil
}

// areDays says whether a text is a list of days of the week, parted by commas.
func areDays(list string) bool {
	for day := range strings.SplitSeq(list, ",") {
		if !slices.Contains([]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}, strings.TrimSpace(day)) {
			return false
		}
	}
	return true
}

// fitSchedule is a schedule with the keys of a frequency and no others; those that lack have their defaults.
func fitSchedule(frequency string, schedule Map) Map {
	fitting := Map{}
	for _, e := range scheduleDefaults(frequency) {
		value := e.Value
		if own, ok := schedule.Get(e.Key); ok {
			value = own
		}
		fitting = withKey(fitting, e.Key, value)
	}
	return fitting
}

// checkRetained refuses a number of snapshots that is not kept.
func checkRetained(n int64) error {
	if n < 1 || n > 10 {
		return fail("INVALID_VALUE", "retained_snapshots", databaseText(n))
	}
	return nil
}

// vmssCreate is VMSS.create.
func vmssCreate(c *call) (any, error) {
	r, made := givenRecord(c.dict(0)), nullRef
	err := c.update(func(t *tx) error {
		if err := checkSchedule(r.str("frequency"), r.dict("schedule")); err != nil {
			return err
		}
		if err := checkRetained(r.num("retained_snapshots")); err != nil {
			return err
		}
		v := r.values("name_label", "name_description", "enabled", "type", "retained_snapshots", "frequency")
		v["schedule"] = fitSchedule(r.str("frequency"), r.dict("schedule"))
		made = t.create("VMSS", v)
		return nil
	})
	return made, err
}

// vmssDestroy is VMSS.destroy. xapi: not while VMs follow it; its alerts go with it.
func vmssDestroy(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		vmss := c.str(0)
		if err := t.must("VMSS", vmss); err != nil {
			return err
		}
		if len(t.members("VMSS", vmss, "VMs")) > 0 {
			return fail("VMSS_HAS_VM")
		}
		for _, message := range slices.Clone(t.find("message", "obj_uuid", t.str("VMSS", vmss, "uuid"))) {
			t.destroy("message", message)
		}
		t.destroy("VMSS", vmss)
		return nil
	})
}

// vmssSetFrequency is VMSS.set_frequency: the schedule follows.
func vmssSetFrequency(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		vmss := c.str(0)
		if err := t.must("VMSS", vmss); err != nil {
			return err
		}
		schedule := fitSchedule(c.str(1), t.dict("VMSS", vmss, "schedule"))
		t.set("VMSS", vmss, "frequency", c.str(1))
		t.set("VMSS", vmss, "schedule", schedule)
		return nil
	})
}

// vmssSetSchedule is VMSS.set_schedule.
func vmssSetSchedule(c *call) (any, error) {
	if err := checkSchedule("", c.dict(1)); err != nil {
		return nil, err
	}
	return nil, c.writeField("schedule")
}

// vmssAddToSchedule is VMSS.add_to_schedule.
func vmssAddToSchedule(c *call) (any, error) {
	if err := checkSchedule("", mapOf(c.str(1), c.str(2))); err != nil {
		return nil, err
	}
	return nil, c.addField("schedule")
}

// vmssSetType is VMSS.set_type. xapi: no guest has what the third kind of snapshot needs any more.
func vmssSetType(c *call) (any, error) {
	err := c.view(func(t *tx) error {
		vms := t.strs("VMSS", c.str(0), "VMs")
		if c.str(1) == "snapshot_with_quiesce" && len(vms) > 0 {
			return fail("VM_SNAPSHOT_WITH_QUIESCE_NOT_SUPPORTED", vms[0])
		}
		return t.must("VMSS", c.str(0))
	})
	if err != nil {
		return nil, err
	}
	return nil, c.writeField("type")
}

// vmssSetRetained is VMSS.set_retained_snapshots.
func vmssSetRetained(c *call) (any, error) {
	if err := checkRetained(c.num(1)); err != nil {
		return nil, err
	}
	return nil, c.writeField("retained_snapshots")
}
