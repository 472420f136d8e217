package simulator

import "slices"

// diskMove is a disk that changes its SR under a VM: a new disk takes its place, under a new reference.
type diskMove struct{ vdi, sr, made string }

// diskMoves are the disks that a journey takes to another SR. xapi: disks of snapshots follow the disk that they are of.
func (t *tx) diskMoves(j journey) []*diskMove {
	var moves []*diskMove
	for _, vdi := range t.disksThatMove(j.vm) {
		to := text(j.disks, vdi)
		for _, each := range append([]string{vdi}, t.find("VDI", "snapshot_of", vdi)...) {
			if t.str("VDI", each, "SR") != to {
				moves = append(moves, &diskMove{vdi: each, sr: to, made: nullRef})
			}
		}
	}
	return moves
}

// withDisks copies disks to their new SRs, and then does what remains of the migration. When both have gone well the
// devices are given the new disks and the old ones go; else the copies do.
func (o *vmOperationCall) withDisks(moves []*diskMove, rest func() error) error {
	err := o.mirrorAll(moves)
	if err == nil {
		err = rest()
	}
	ended := o.update(func(t *tx) error {
		if err != nil && o.migration != HandshakeFails { // of that the disks have moved as the VM has
			for _, m := range moves {
				t.dropDisk(m.made)
			}
			return nil
		}
		t.replaceDisks(moves)
		return nil
	})
	if err != nil {
		return err
	}
	return ended
}

// mirrorAll copies disks one after another; the task's progress follows their number.
func (o *vmOperationCall) mirrorAll(moves []*diskMove) error {
	for i, m := range moves {
		err := o.mirrorDisk(m, func(f float64) { o.progress((float64(i) + f) / float64(len(moves))) })
		if err != nil {
			return err
		}
	}
	return nil
}

// mirrorDisk makes the disk on the other SR and lets its bytes travel.
func (o *vmOperationCall) mirrorDisk(m *diskMove, moved func(float64)) error {
	from, err := o.srOf(m.vdi)
	if err != nil {
		return err
	}
	return o.onStorageMarked(storageOp{sr: from, vdi: m.vdi, vdiOp: "mirror"}, func() error {
		err := o.update(func(t *tx) error {
			physical := t.num("VDI", m.vdi, "physical_utilisation")
			if err := t.room(m.sr, physical); err != nil {
				return err
			}
			uuid := t.life.pool.newUUID()
			m.made = t.introduceCopy(m.vdi, values{"uuid": uuid, "location": uuid, "managed": true, "SR": m.sr, "physical_utilisation": physical})
			for _, field := range []string{"sharable", "other_config", "is_a_snapshot", "snapshot_time"} {
				t.set("VDI", m.made, field, t.get("VDI", m.vdi, field))
			}
			return nil
		})
		if err != nil {
			return err
		}
		return o.copyBlocks(m.vdi, moved)
	})
}

// replaceDisks puts the new disks in the places of the old ones: in the devices of VMs and snapshots, and as the disks that
// snapshots are of.
func (t *tx) replaceDisks(moves []*diskMove) {
	for _, m := range moves {
		for _, vbd := range t.strs("VDI", m.vdi, "VBDs") {
			t.set("VBD", vbd, "VDI", m.made)
			t.refreshVBD(vbd)
		}
		t.set("VDI", m.made, "snapshot_of", t.str("VDI", m.vdi, "snapshot_of"))
	}
	for _, m := range moves {
		for _, snapshot := range t.find("VDI", "snapshot_of", m.vdi) {
			t.set("VDI", snapshot, "snapshot_of", m.made)
		}
	}
	for _, m := range moves {
		t.dropDisk(m.vdi)
		t.refreshVDI(m.made)
	}
}

// vdiPoolMigrate is VDI.pool_migrate(vdi, sr, options): a disk moves under a running VM, which stays where it is. Its result
// is the new disk. xapi: it is a VM.migrate_send to the VM's own host.
func vdiPoolMigrate(c *call) (any, error) {
	vdi, to := c.str(0), c.str(1)
	j := journey{vm: nullRef, vifs: Map{}, force: text(c.dict(2), "force") == "true"}
	err := c.view(func(t *tx) error {
		if err := t.must("VDI", vdi); err != nil {
			return err
		}
		if err := t.must("SR", to); err != nil {
			return err
		}
		i := slices.IndexFunc(t.strs("VDI", vdi, "VBDs"), func(vbd string) bool { return t.flag("VBD", vbd, "currently_attached") })
		if i < 0 {
			return fail("VDI_NEEDS_VM_FOR_MIGRATE", vdi)
		}
		j.vm = t.str("VBD", t.strs("VDI", vdi, "VBDs")[i], "VM")
		j.to = t.str("VM", j.vm, "resident_on")
		for _, disk := range t.disksThatMove(j.vm) {
			j.disks = withKey(j.disks, disk, t.str("VDI", disk, "SR"))
		}
		j.disks = withKey(withoutKey(j.disks, vdi), vdi, to)
		return nil
	})
	if err != nil {
		return nil, err
	}
	moved, err := c.send(j)
	if err != nil {
		return nil, err
	}
	if made, ok := moved[vdi]; ok {
		return made, nil
	}
	return vdi, nil
}

// movedTo are the new disks by the old ones.
func movedTo(moves []*diskMove) map[string]string {
	made := make(map[string]string, len(moves))
	for _, m := range moves {
		made[m.vdi] = m.made
	}
	return made
}
