package simulator

// groupBehaviours are the calls about groups of VMs, schedules of snapshots and secrets.
func groupBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"VM.set_groups":            vmSetGroups,
		"VM_group.create":          construct,
		"VM_group.destroy":         vmGroupDestroy,
		"VM.set_snapshot_schedule": vmSetSchedule,
		"VMSS.set_last_run_time":   func(c *call) (any, error) { return nil, c.writeField("last_run_time") },
		"secret.create":            construct,
		"secret.destroy":           destruct,
	}
}

// vmSetGroups is VM.set_groups. xapi: a VM is in one group at most.
func vmSetGroups(c *call) (any, error) {
	groups := wordsOf(c.members(1))
	return nil, c.update(func(t *tx) error {
		if err := t.must("VM", c.str(0)); err != nil {
			return err
		}
		if len(groups) > 1 {
			return fail("TOO_MANY_GROUPS")
		}
		for _, g := range groups {
			if err := t.must("VM_group", g); err != nil {
				return err
			}
		}
		before := t.strs("VM", c.str(0), "groups")
		t.set("VM", c.str(0), "groups", setOf(groups...))
		for _, g := range before {
			t.updateGroupAlert(g)
		}
		t.watchGroup(c.str(0))
		return nil
	})
}

// vmGroupDestroy is VM_group.destroy. xapi: an alert about the group goes with it.
func vmGroupDestroy(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		group := c.str(0)
		if err := t.must("VM_group", group); err != nil {
			return err
		}
		for _, vm := range t.strs("VM_group", group, "VMs") {
			t.set("VM", vm, "groups", withoutMember(t.members("VM", vm, "groups"), group))
		}
		t.updateGroupAlert(group)
		t.destroy("VM_group", group)
		return nil
	})
}

// vmSetSchedule is VM.set_snapshot_schedule. xapi: control domains and templates have none.
func vmSetSchedule(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		vm, schedule := c.str(0), c.str(1)
		if err := t.must("VM", vm); err != nil {
			return err
		}
		if schedule != nullRef {
			if err := t.must("VMSS", schedule); err != nil {
				return err
			}
		}
		t.set("VM", vm, "snapshot_schedule", schedule)
		t.refreshVM(vm)
		return nil
	})
}
