package simulator

// migrateSendBehaviours are the calls of a migration that names its target by what host.migrate_receive gave. Other pools
// cannot be reached from a simulated one; within the pool the VM moves, and its disks stay where they are.
func migrateSendBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"host.migrate_receive":  hostMigrateReceive,
		"VM.migrate_send":       vmMigrateSend,
		"VM.assert_can_migrate": vmAssertCanMigrate,
	}
}

// hostMigrateReceive is host.migrate_receive(host, network, options): how to reach a host, for VM.migrate_send.
func hostMigrateReceive(c *call) (any, error) {
	var target Map
	err := c.view(func(t *tx) error {
		host, network := c.str(0), c.str(1)
		if err := t.must("host", host); err != nil {
			return err
		}
		if err := t.must("network", network); err != nil {
			return err
		}
		for _, pif := range t.strs("host", host, "PIFs") {
			if t.str("PIF", pif, "network") != network {
				continue
			}
			address := t.str("PIF", pif, "IP")
			if address == "" {
				return fail("INTERFACE_HAS_NO_IP", pif)
			}
			master := t.str("host", t.masterHost(), "address")
			target = mapOf("SM", "http://"+address+"/services/SM?session_id="+c.session, "host", host,
				"xenops", "http://"+address+"/services/xenops?session_id="+c.session, "session_id", c.session, "master", "http://"+master+"/")
			return nil
		}
		return fail("HOST_CANNOT_ATTACH_NETWORK", host, network)
	})
	if err != nil {
		return nil, err
	}
	return target, nil
}

// vmMigrateSend is VM.migrate_send(vm, dest, live, vdi_map, vif_map, options): its result is the VM.
func vmMigrateSend(c *call) (any, error) {
	vm, to := c.str(0), text(c.dict(1), "host")
	from := nullRef
	err := c.operateVM(vm, "migrate_send", func(o *vmOperationCall) error {
		if err := o.view(func(t *tx) error { return t.checkMigrateSend(c, vm, to) }); err != nil {
			return err
		}
		state := ""
		err := o.view(func(t *tx) error {
			from, state = t.str("VM", vm, "resident_on"), t.str("VM", vm, "power_state")
			return nil
		})
		if err != nil || state != running {
			return err // what has no domain and whose disks stay is there already
		}
		if err := o.reserveTarget(from, to); err != nil {
			return err
		}
		return o.releaseTarget(to, o.migrate(from, to))
	}, func(t *tx) {
		if from != nullRef {
			t.announce("VM_MIGRATED", vm, "migrated from host "+t.hostQuoted(from)+" to host "+t.hostQuoted(to))
		}
	})
	return vm, err
}

// vmAssertCanMigrate is VM.assert_can_migrate: the checks alone.
func vmAssertCanMigrate(c *call) (any, error) {
	return nil, c.view(func(t *tx) error {
		vm := c.str(0)
		if err := t.must("VM", vm); err != nil {
			return err
		}
		if err := checkVMOperation(t.vmFacts(vm), "migrate_send", true); err != nil {
			return err
		}
		return t.checkMigrateSend(c, vm, text(c.dict(1), "host"))
	})
}

// checkMigrateSend refuses what the move of a VM to a host cannot do. xapi: within a pool interfaces keep their networks;
// a disk that the target cannot see must be given an SR, and moves by a mirror of it.
func (t *tx) checkMigrateSend(c *call, vm, to string) error {
	if !t.exists("host", to) {
		return fail("CANNOT_CONTACT_HOST", text(c.dict(1), "master"))
	}
	if len(c.dict(4)) > 0 {
		return fail("OPERATION_NOT_ALLOWED", "VIF mapping is not allowed for intra-pool migration")
	}
	if text(c.dict(5), "copy") == "true" {
		return fail("OPERATION_NOT_ALLOWED", "Copy mode is disallowed on intra pool storage migration, try efficient alternatives e.g. VM.copy/clone.")
	}
	if !t.flag("host", to, "enabled") {
		return fail("HOST_DISABLED", to)
	}
	sees := t.hostBootFacts(to).SRs
	for _, vbd := range t.strs("VM", vm, "VBDs") {
		vdi := t.str("VBD", vbd, "VDI")
		if !t.exists("VDI", vdi) || t.str("VBD", vbd, "type") == "CD" {
			continue
		}
		from := t.str("VDI", vdi, "SR")
		target := text(c.dict(3), vdi)
		switch {
		case target == "" && !sees[from]:
			return fail("VDI_NOT_IN_MAP", vdi)
		case target != "" && !t.exists("SR", target):
			return noSuch("SR", target)
		case target != "" && target != from:
			return fail("SR_DOES_NOT_SUPPORT_MIGRATION", from, "VDI_MIRROR")
		}
	}
	return nil
}
