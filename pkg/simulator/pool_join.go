package simulator

// joinPool is pool.join, called on the host that comes: its own pool ends, the other pool gets a host of the same uuid
// under a new reference, and the host restarts as a member. Guests that were made on the host stay behind. xapi: the login
// at the other pool comes before all checks of the host itself. join_force overlooks differences between hosts, of which
// the simulator has none.
func (c *call) joinPool() error {
	address, user, password := c.str(0), c.str(1), c.str(2)
	if err := c.mayJoin(address); err != nil {
		return err
	}
	if err := c.checkPassword(user, password); err != nil {
		return err
	}
	return c.update(func(t *tx) error {
		to := c.pool.member(address)
		if to == nil || to.life == nil {
			return fail("JOINING_HOST_CONNECTION_FAILED")
		}
		if err := t.mayLeaveItsPool(); err != nil {
			return err
		}
		if to.life.redoLog() {
			return fail("HA_IS_ENABLED")
		}
		(&tx{life: to.life}).welcome(c.member)
		c.member.conf, c.member.apart = slaveOf(to.address), to.apart
		c.member.lightFuse(fuseTime)
		return nil
	})
}

// mayJoin is the connection to the other pool.
func (c *call) mayJoin(address string) error {
	return c.view(func(t *tx) error {
		to := c.pool.member(address)
		if own := t.find("host", "address", address); len(own) > 0 && own[0] != t.masterHost() {
			return fail("HOST_IS_SLAVE", t.str("host", t.masterHost(), "address"))
		}
		switch {
		case to == nil, to == c.member, to.state == memberDown, to.state == memberSilent:
			return fail("JOINING_HOST_CONNECTION_FAILED")
		case to.life == nil:
			return fail("HOST_IS_SLAVE", to.follows)
		}
		return nil
	})
}

// mayLeaveItsPool checks what a host would leave behind.
func (t *tx) mayLeaveItsPool() error {
	if t.life.redoLog() {
		return fail("HA_IS_ENABLED")
	}
	if len(t.all("host")) > 1 {
		return fail("JOINING_HOST_CANNOT_BE_MASTER_OF_OTHER_HOSTS")
	}
	if len(t.guestsOn(t.masterHost())) > 0 {
		return fail("JOINING_HOST_CANNOT_HAVE_RUNNING_VMS")
	}
	if len(t.find("SR", "shared", true)) > 0 {
		return fail("JOINING_HOST_CANNOT_CONTAIN_SHARED_SRS")
	}
	return nil
}

// welcome makes the records of a host that joins: on the pool's networks, with its shared storage. It lives once its
// xapi has said hello.
func (t *tx) welcome(m *member) {
	p := t.life.pool
	b := &builder{tx: t, model: p.model, start: t.now(), front: t.networkOn("xenbr1")}
	was := m.host
	m.host = p.newRef()
	b.host(m.index, m, t.networkOn("xenbr0"), p.model.hostMemory())
	t.set("host", m.host, "enabled", false)
	t.set("host_metrics", t.str("host", m.host, "metrics"), "live", false)
	for _, sr := range t.find("SR", "shared", true) {
		for _, pbd := range t.strs("SR", sr, "PBDs")[:min(1, len(t.strs("SR", sr, "PBDs")))] {
			b.plug(sr, m.host, t.dict("PBD", pbd, "device_config"))
		}
	}
	b.localStorage(m)
	b.refreshHost(m.host)
	m.host = was
}

// networkOn is the network of a bridge, nullRef if there is none.
func (t *tx) networkOn(bridge string) string {
	if found := t.find("network", "bridge", bridge); len(found) > 0 {
		return found[0]
	}
	return nullRef
}
