package simulator

import (
	"strconv"
	"strings"
)

// migrateSendBehaviours are the calls of a migration that names its target by what host.migrate_receive gave. Other pools
// cannot be reached from a simulated one; within the pool the VM moves, and its disks to the SRs that they are given.
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

// sentAtOnce is how many VMs a host sends away at a time in this way. xapi: one more is refused, it does not wait.
const sentAtOnce = 3

// journey is where VM.migrate_send takes a VM, and what along with it.
type journey struct {
	vm, to      string // to: the host
	master      string // address of the destination's pool
	disks, vifs Map
	force, copy bool
}

// journeyOf reads the parameters of VM.migrate_send and VM.assert_can_migrate.
func journeyOf(c *call) journey {
	return journey{
		vm: c.str(0), to: text(c.dict(1), "host"), master: text(c.dict(1), "master"), disks: c.dict(3), vifs: c.dict(4),
		force: text(c.dict(5), "force") == "true", copy: text(c.dict(5), "copy") == "true",
	}
}

// vmMigrateSend is VM.migrate_send(vm, dest, live, vdi_map, vif_map, options): its result is the VM.
func vmMigrateSend(c *call) (any, error) {
	_, err := c.send(journeyOf(c))
	return c.str(0), err
}

// send migrates a VM with its disks, and says which disks have been replaced by which.
func (c *call) send(j journey) (moved map[string]string, err error) {
	from := nullRef
	o := &vmOperationCall{call: c, vm: j.vm, name: "migrate_send", lax: j.force}
	err = o.do(func(o *vmOperationCall) error {
		state, source, moves := "", nullRef, []*diskMove(nil)
		err := o.update(func(t *tx) error {
			t.innerTask("VM.assert_can_migrate", o.task, nullRef, func(string) {})
			if err := t.checkMigrateSend(j); err != nil {
				return err
			}
			if j.copy {
				return fail("OPERATION_NOT_ALLOWED", "Copy mode is disallowed on intra pool storage migration, try efficient alternatives e.g. VM.copy/clone.")
			}
			moves, from, state = t.diskMoves(j), t.str("VM", j.vm, "resident_on"), t.str("VM", j.vm, "power_state")
			if source = from; source == nullRef {
				source = t.masterHost()
			}
			return t.beginSending(source)
		})
		if err != nil {
			return err
		}
		defer c.pool.operations.endSending(c.pool, source)
		err = o.withDisks(moves, func() error {
			if state != running {
				return nil // what has no domain is there once its disks are
			}
			if err := o.reserveTarget(from, j.to, bootChecks{anySRs: true}); err != nil {
				return err
			}
			return o.releaseTarget(j.to, o.migrate(from, j.to))
		})
		moved = movedTo(moves)
		return err
	}, func(t *tx) {
		if from != nullRef {
			t.announce("VM_MIGRATED", j.vm, "migrated from host "+t.hostQuoted(from)+" to host "+t.hostQuoted(j.to))
		}
	})
	return moved, err
}

// beginSending counts one more VM that a host sends away.
func (t *tx) beginSending(host string) error {
	sending := t.life.pool.operations.sending
	if sending[host] >= sentAtOnce {
		return fail("TOO_MANY_STORAGE_MIGRATES", strconv.Itoa(sentAtOnce))
	}
	sending[host]++
	return nil
}

func (q *operationQueue) endSending(p *Pool, host string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q.sending[host]--
}

// vmAssertCanMigrate is VM.assert_can_migrate: the checks alone.
func vmAssertCanMigrate(c *call) (any, error) {
	j := journeyOf(c)
	return nil, c.view(func(t *tx) error {
		if err := t.must("VM", j.vm); err != nil {
			return err
		}
		if err := checkVMOperation(t.vmFacts(j.vm), "migrate_send", !j.force); err != nil {
			return err
		}
		return t.checkMigrateSend(j)
	})
}

// checkMigrateSend refuses what the move of a VM to a host cannot do. xapi: every disk must be given an SR; one that
// changes it moves by a mirror, which the drivers on both sides must be able to make; within a pool interfaces keep their
// networks.
func (t *tx) checkMigrateSend(j journey) error {
	if !t.exists("host", j.to) {
		return fail("CANNOT_CONTACT_HOST", j.master)
	}
	disks := t.disksThatMove(j.vm)
	for _, check := range []func(vdi string) error{
		func(vdi string) error {
			if target, ok := j.disks.Get(vdi); !ok {
				return fail("VDI_NOT_IN_MAP", vdi)
			} else if !t.exists("SR", target.(string)) {
				return noSuch("SR", target.(string))
			}
			return nil
		},
		t.checkDiskMoves,
		func(vdi string) error { return t.checkMirror(t.str("VDI", vdi, "SR"), text(j.disks, vdi)) },
	} {
		for _, vdi := range disks {
			if err := check(vdi); err != nil {
				return err
			}
		}
	}
	if err := t.checkArrival(j, disks); err != nil {
		return err
	}
	if len(j.vifs) > 0 {
		return fail("OPERATION_NOT_ALLOWED", "VIF mapping is not allowed for intra-pool migration")
	}
	return nil
}

// checkArrival refuses a host that a VM cannot run on with its disks where they will be.
func (t *tx) checkArrival(j journey, disks []string) error {
	vm, host := t.bootFacts(j.vm), t.hostBootFacts(j.to)
	if err := checkCanBootHere(vm, host, bootChecks{anySRs: true, anyCPU: j.force, noMemory: vm.ResidentOn == j.to, anyEnabled: vm.ResidentOn == j.to}); err != nil {
		return err
	}
	for _, vdi := range disks {
		if sr := text(j.disks, vdi); vm.PowerState == running && !host.SRs[sr] {
			return fail("VM_REQUIRES_SR", j.vm, sr)
		}
	}
	return nil
}

// disksThatMove lists the disks that go along with a VM: all but those in drives.
func (t *tx) disksThatMove(vm string) []string {
	var disks []string
	for _, vbd := range t.strs("VM", vm, "VBDs") {
		if vdi := t.str("VBD", vbd, "VDI"); t.exists("VDI", vdi) && t.str("VBD", vbd, "type") != "CD" {
			disks = append(disks, vdi)
		}
	}
	return disks
}

// checkDiskMoves refuses a disk that does not go along with its VM.
func (t *tx) checkDiskMoves(vdi string) error {
	switch {
	case t.flag("VDI", vdi, "cbt_enabled"):
		return fail("VDI_CBT_ENABLED", vdi)
	case t.str("VDI", vdi, "on_boot") == "reset":
		return fail("VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION", vdi)
	}
	return nil
}

// checkMirror refuses drivers that cannot carry a disk from one SR to another. xapi: newer versions say what they lack.
func (t *tx) checkMirror(from, to string) error {
	if from == to {
		return nil
	}
	for _, sr := range []string{from, to} {
		var lacks []string
		features := t.driverFeatures(sr)
		for _, needed := range []string{"VDI_MIRROR", "VDI_SNAPSHOT"} {
			if !features[needed] {
				lacks = append(lacks, needed)
			}
		}
		switch {
		case len(lacks) == 0:
		case t.life.pool.model.since(25, 0):
			return fail("SR_DOES_NOT_SUPPORT_MIGRATION", sr, strings.Join(lacks, ";"))
		default:
			return fail("SR_DOES_NOT_SUPPORT_MIGRATION", sr)
		}
	}
	return nil
}
