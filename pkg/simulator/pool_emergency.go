package simulator

// emergencyBehaviours are the calls that help when a pool has lost its master. They ask the member that they came in on,
// not the database; their sessions are local ones of that member.
func emergencyBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"pool.emergency_transition_to_master": becomeMaster,
		"pool.emergency_reset_master":         resetMaster,
		"pool.recover_slaves":                 recoverSlaves,
		"pool.is_slave":                       isSlave,
		"host.is_in_emergency_mode":           inEmergency,
		"host.shutdown_agent":                 shutdownAgent,
	}
}

// onMember runs f with the member that the call came in on. The lock is held.
func (c *call) onMember(f func(m *member) (any, error)) (any, error) {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	return f(c.member)
}

// becomeMaster is pool.emergency_transition_to_master: the member will be master after the fuse, with its own copy of
// the database, whatever becomes of the old one.
func becomeMaster(c *call) (any, error) {
	return c.onMember(func(m *member) (any, error) {
		if m.armed() {
			return nil, fail("HA_IS_ENABLED")
		}
		m.conf = masterConf()
		m.lightFuse(fuseTime)
		return nil, nil
	})
}

// resetMaster is pool.emergency_reset_master: the member will follow that address after the fuse. xapi: nothing happens
// if it does already.
func resetMaster(c *call) (any, error) {
	address := c.str(0)
	return c.onMember(func(m *member) (any, error) {
		if m.armed() {
			return nil, fail("HA_IS_ENABLED")
		}
		m.follow(address)
		return nil, nil
	})
}

// follow gives a member another master, and restarts its xapi after the fuse. The lock must be held.
func (m *member) follow(address string) {
	if m.conf == slaveOf(address) {
		return
	}
	m.conf = slaveOf(address)
	m.lightFuse(fuseTime)
}

// armed reports whether HA is on, by the member's own account. The lock must be held.
func (m *member) armed() bool {
	if m.disarmed || m.armedHA {
		return !m.disarmed
	}
	t := &tx{life: m.pool.lifeOf(m)}
	if t.life.over() {
		t.life = &life{db: m.disk}
	}
	return t.flag("pool", t.the("pool"), "ha_enabled")
}

// recoverSlaves is pool.recover_slaves: the master tells every host that it can reach to follow it, and names those.
func recoverSlaves(c *call) (any, error) {
	recovered := Set{}
	return recovered, c.update(func(t *tx) error {
		for _, host := range t.all("host") {
			m := t.memberOf(host)
			if m == nil || m == t.life.master || m.state == memberDown || m.state == memberSilent || m.life != nil {
				continue
			}
			m.follow(t.life.master.address)
			recovered = append(recovered, host)
		}
		return nil
	})
}

// isSlave is pool.is_slave: of the host that is named, or of the member itself where it has no master to ask.
func isSlave(c *call) (any, error) {
	return c.onMember(func(m *member) (any, error) {
		if !c.life.over() {
			t := &tx{life: c.life}
			if err := t.must("host", c.str(0)); err != nil {
				return nil, err
			}
			if named := t.memberOf(c.str(0)); named != nil {
				m = named
			}
		}
		return m.life == nil, nil
	})
}

// inEmergency is host.is_in_emergency_mode.
func inEmergency(c *call) (any, error) { return c.pool.emergency(c.member) != nil, nil }

// shutdownAgent is host.shutdown_agent: xapi ends after the fuse and does not come back by itself.
func shutdownAgent(c *call) (any, error) {
	return c.onMember(func(m *member) (any, error) {
		run := m.run
		m.pool.work.Go(func() {
			if m.waits(fuseTime, run) {
				m.pool.mu.Lock()
				defer m.pool.mu.Unlock()
				if !run.over() {
					m.stopXapi(true)
				}
			}
		})
		return nil, nil
	})
}
