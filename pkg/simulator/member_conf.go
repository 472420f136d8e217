package simulator

import "time"

// poolConf is a host's pool.conf: its own role, as it lies on its disk. xapi reads it once, at its start.
type poolConf struct {
	master  bool
	address string // of the master that a slave follows
}

// String is the file as xapi writes it: "master" or "slave:ADDRESS".
func (c poolConf) String() string {
	if c.master {
		return "master"
	}
	return "slave:" + c.address
}

// masterConf is the role of a master.
func masterConf() poolConf { return poolConf{master: true} }

// slaveOf is the role of a member that follows a master.
func slaveOf(address string) poolConf { return poolConf{address: address} }

// lifeOf is the database that a call on a member reaches: the member's own where it is a master, that of the master
// which it follows where it has reached one, and otherwise one that is over. The lock must be held.
func (p *Pool) lifeOf(m *member) *life {
	if m.life != nil {
		return m.life
	}
	if m.state != memberWaiting {
		if m.home != nil && !m.home.over() {
			return m.home
		}
		if to := p.member(m.follows); to != nil && to.life != nil {
			return to.life
		}
	}
	return p.nowhere
}

// lockedLifeOf is lifeOf without the lock.
func (p *Pool) lockedLifeOf(m *member) *life {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lifeOf(m)
}

// leaveLife ends the life of a member that is a master; of others it does nothing. clean is an orderly end, which
// writes the database to disk first; otherwise the last flush is what is left. The lock must be held.
func (m *member) leaveLife(clean bool) {
	if m.life == nil {
		return
	}
	p := m.pool
	if clean || m.life.redoLog() {
		m.disk = m.life.db.stored(m.disk)
	}
	m.life.noteDomains()
	m.life.end()
	m.life = nil
	if p.master == m {
		p.master = nil
		p.adoptMaster()
	}
}

// adoptMaster makes another living master of this pool, if there is one, the one that the pool's own tools speak to.
// The lock must be held.
func (p *Pool) adoptMaster() {
	for _, m := range p.members {
		if p.master == nil && m.life != nil && !m.apart {
			p.master, p.life = m, m.life
		}
	}
}

// lead makes a member a master with a new life from a database as it was stored. The lock must be held.
func (m *member) lead(source *db) *tx {
	p := m.pool
	m.conf, m.follows, m.state, m.trouble = masterConf(), m.address, memberUp, nil
	m.life = newLife(p, source.restarted())
	m.life.master = m
	for _, each := range p.members {
		m.life.heard[each] = time.Now() // it counts from now
	}
	p.adoptMaster()
	t := &tx{life: m.life}
	if ref := t.hostOfMember(m); ref != nullRef {
		m.host = ref
		t.set("host", ref, "address", m.address)
	}
	t.set("pool", t.the("pool"), "master", m.host)
	return t
}

// hostOfMember is the host that a member is in this database, nullRef if none.
func (t *tx) hostOfMember(m *member) string {
	if found := t.find("host", "uuid", m.hostUUID); len(found) > 0 {
		return found[0]
	}
	return nullRef
}

// follower reports whether a member is one of this life's pool, up, and in touch with its master.
func (l *life) follower(m *member) bool {
	return m != l.master && (m.state == memberUp || m.state == memberBooting) && l.pool.lifeOf(m) == l
}

// firstMaster makes a new pool's first host its master. The pool's life is there already.
func (p *Pool) firstMaster(m *member) {
	p.master, m.conf, m.life, p.life.master = m, masterConf(), p.life, m
	for _, each := range p.members {
		each.home, p.life.heard[each] = p.life, time.Now()
	}
}

// redoLog reports whether each write of a life is on the shared disk at once, so that its end loses nothing: with HA.
func (l *life) redoLog() bool {
	t := &tx{life: l}
	return t.flag("pool", t.the("pool"), "ha_enabled")
}
