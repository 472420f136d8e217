package simulator

import "fmt"

// poolMembership are the calls by which hosts come and go.
func poolMembership() map[string]behaviour {
	return map[string]behaviour{
		"pool.eject":      poolEject,
		"pool.join":       func(c *call) (any, error) { return nil, c.joinPool(false) },
		"pool.join_force": func(c *call) (any, error) { return nil, c.joinPool(true) },
	}
}

// poolEject is pool.eject: the host forgets the pool and comes back, after a reboot, as the master of a pool of its own,
// with the same uuid, password and certificate. The pool forgets the host.
func poolEject(c *call) (any, error) {
	host := c.str(0)
	err := c.update(func(t *tx) error {
		if err := t.must("host", host); err != nil {
			return err
		}
		switch {
		case t.life.redoLog():
			return fail("HA_IS_ENABLED")
		case host == t.masterHost():
			return internalError("Xapi_pool.Cannot_eject_master")
		case len(t.guestsOn(host)) > 0:
			return fail("OPERATION_NOT_ALLOWED", "VM resident on host")
		}
		return t.beginOnPool(c.task, "eject")
	})
	if err != nil {
		return nil, err
	}
	c.forwardTo(host)
	err = c.contact(host)
	return nil, c.endOnPool(func(t *tx) error {
		if err != nil {
			return err
		}
		t.memberOf(host).leave()
		t.forgetHost(host)
		return nil
	})
}

// leave makes a member the master of a new pool of one, from its next start on. The lock must be held.
func (m *member) leave() {
	m.conf, m.apart, m.disk = masterConf(), true, m.freshDisk()
	run := m.run
	m.pool.work.Go(func() {
		if !m.waits(fuseTime, run) {
			return
		}
		m.pool.mu.Lock()
		defer m.pool.mu.Unlock()
		if !run.over() && !m.pool.over() {
			m.lose()
			m.powerOn()
		}
	})
}

// freshDisk is the database of a host that has just been installed: itself, its networks, the templates that come with
// it, and a pool without a name. The lock must be held.
func (m *member) freshDisk() *db {
	p := m.pool
	l := newLife(p, newDB(p.schema))
	l.master = m
	t := &tx{life: l}
	b := &builder{tx: t, model: p.model, start: t.now(), shared: nullRef}
	was := m.host
	m.host = p.newRef()
	b.host(m.index, m, b.networks(), p.model.hostMemory())
	b.drivers()
	b.localStorage(m)
	b.pool("")
	for _, s := range templates() {
		if s.Default {
			s.Host = m.name
			_, _ = b.makeVM(s) // a template that comes with the model is good
		}
	}
	b.refreshHost(m.host)
	delete(p.unmeasured, m.host)
	m.host = was // until it starts from this
	l.end()
	return l.db.stored(nil)
}

// localStorage gives a host the disk that it came with.
func (b *builder) localStorage(m *member) {
	sr := b.sr("Local storage", "", "ext", false, 512*gib)
	b.plug(sr, m.host, mapOf("device", fmt.Sprintf("/dev/disk/by-id/scsi-%d-part3", 1000+m.index)))
}
