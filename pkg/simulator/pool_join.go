package simulator

// joinPool is pool.join, called on the host that comes: its own pool ends, the other pool gets a host of the same uuid
// under a new reference, with its storage and its guests, and the host restarts as a member. xapi: the login at the other
// pool comes before all checks of the host itself. force overlooks differences of version and processors.
func (c *call) joinPool(force bool) error {
	address, user, password := c.str(0), c.str(1), c.str(2)
	if err := c.mayJoin(address); err != nil {
		return err
	}
	c.pool.mu.Lock()
	to := c.pool.member(address)
	c.pool.mu.Unlock()
	if err := c.checkPasswordOf(to, user, password); err != nil {
		return err
	}
	return c.update(func(t *tx) error {
		if to.life == nil {
			return fail("JOINING_HOST_CONNECTION_FAILED")
		}
		there := &tx{life: to.life}
		if err := joinChecks(t, there, force); err != nil {
			return err
		}
		there.welcome(c.member, t)
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
		case to == nil, to.state == memberDown, to.state == memberSilent:
			return fail("JOINING_HOST_CONNECTION_FAILED")
		case to.life == nil:
			return fail("HOST_IS_SLAVE", to.follows)
		}
		return nil
	})
}

// welcome makes the records of a host that joins: on the pool's networks, with its shared storage, and what the host
// brings along from its own database. It lives once its xapi has said hello.
func (t *tx) welcome(m *member, own *tx) {
	p := t.life.pool
	b := &builder{tx: t, model: p.model, start: t.now(), front: t.networkOn("xenbr1")}
	was := m.host
	m.host = p.newRef()
	b.host(m.index, m, t.networkOn("xenbr0"), p.model.hostMemory())
	for _, field := range []string{"name_label", "name_description", "other_config"} {
		t.set("host", m.host, field, own.get("host", was, field))
	}
	t.set("host", m.host, "enabled", false)
	t.set("host_metrics", t.str("host", m.host, "metrics"), "live", false)
	for _, sr := range t.find("SR", "shared", true) {
		for _, pbd := range t.strs("SR", sr, "PBDs")[:min(1, len(t.strs("SR", sr, "PBDs")))] {
			b.plug(sr, m.host, t.dict("PBD", pbd, "device_config"))
		}
	}
	(&carrier{from: own, to: t, host: was, renamed: map[string]string{was: m.host}}).bring()
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
