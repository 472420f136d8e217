package simulator

import "time"

// designateMaster is pool.designate_new_master: a planned change of the master. Every member gets the database of now and
// writes down its new role; the old master answers and serves on until its fuse has burnt, and what is written in that
// time is lost, for the new one starts from its copy. xapi: carried out on the new master, in two phases.
func designateMaster(c *call) (any, error) {
	host := c.str(0)
	if err := c.contact(host); err != nil {
		return nil, err
	}
	already := false
	err := c.update(func(t *tx) error {
		if already = host == t.masterHost(); already {
			return nil
		}
		return t.beginOnPool(c.task, "designate_new_master")
	})
	if err != nil || already {
		return nil, err
	}
	err = c.sleep(c.takes(timingDesignate))
	return nil, c.endOnPool(func(t *tx) error {
		if err != nil {
			return err
		}
		return t.handOver(host)
	})
}

// beginOnPool marks the pool as busy with an operation. xapi: one of its kind at a time, and no waiting.
func (t *tx) beginOnPool(task, operation string) error {
	pool := t.the("pool")
	for _, o := range t.currentOperations("pool", pool) {
		return fail("OTHER_OPERATION_IN_PROGRESS", "pool", pool, o.Operation, o.Task)
	}
	t.mark("pool", pool, task, operation)
	t.refreshPool()
	return nil
}

// endOnPool does the last step of an operation on the pool and takes its mark away.
func (c *call) endOnPool(last func(*tx) error) error {
	return c.update(func(t *tx) error {
		err := last(t)
		t.unmark("pool", t.the("pool"), c.task)
		t.refreshPool()
		return err
	})
}

// handOver makes a follower the master that everybody will have after the fuse. A member that does not answer stops it:
// nothing has changed then.
func (t *tx) handOver(host string) error {
	l := t.life
	if l.redoLog() {
		return fail("HA_IS_ENABLED")
	}
	next, err := t.peers(host)
	if err != nil {
		return err
	}
	for _, m := range l.pool.members {
		if m == l.master || l.follower(m) {
			if err := m.standsBy(next.address); err != nil {
				return err
			}
		}
	}
	l.syncDatabase()
	pool := l.pool
	for _, m := range pool.members {
		switch {
		case m == next:
			m.conf = masterConf()
			m.lightFuse(fuseTime + time.Duration(pool.rng.Int64N(int64(linkLookEvery))))
		case m == l.master || l.follower(m):
			m.conf = slaveOf(next.address)
			m.lightFuse(fuseTime)
		}
	}
	return nil
}

// peers is the member of a host, if each host of the pool can be talked to.
func (t *tx) peers(host string) (*member, error) {
	var next *member
	for _, ref := range t.all("host") {
		m := t.memberOf(ref)
		switch {
		case m == nil || m != t.life.master && (!t.life.follower(m) || m.state != memberUp):
			return nil, fail("HA_ABORT_NEW_MASTER", "Cannot contact "+t.str("host", ref, "address"))
		case ref == host:
			next = m
		}
	}
	return next, nil
}

// memberOf is the member that a host of this database is, nil if there is none.
func (t *tx) memberOf(host string) *member {
	for _, m := range t.life.pool.members {
		if m.hostUUID == t.str("host", host, "uuid") {
			return m
		}
	}
	return nil
}

func timingDesignate(t Timing) Span { return t.Designate }

// syncDatabase is pool.sync_database: every member fetches a copy now.
func syncDatabase(c *call) (any, error) {
	return nil, c.update(func(t *tx) error { t.life.syncDatabase(); return nil })
}
