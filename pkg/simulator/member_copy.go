package simulator

import (
	"slices"
	"time"
)

// backupEvery is how often a master writes its own file, if something has changed, and sends its database to one
// member, each in turn: the copy of a member is up to that times the members old.
const backupEvery = 300 * time.Second

// backUp sends the copies until the life ends.
func (l *life) backUp() {
	tick := time.NewTicker(backupEvery)
	defer tick.Stop()
	for turn := 0; ; turn++ {
		select {
		case <-tick.C:
		case <-l.done():
			return
		}
		_ = l.update(func(*tx) error {
			l.master.disk = l.db.stored(l.master.disk)
			var followers []*member
			for _, m := range l.pool.members {
				if l.follower(m) {
					followers = append(followers, m)
				}
			}
			if len(followers) > 0 {
				followers[turn%len(followers)].disk = l.master.disk
			}
			return nil
		}) // at the end of the life the next turn returns
	}
}

// syncDatabase gives every member that can be reached the database of now. The lock must be held.
func (l *life) syncDatabase() {
	l.master.disk = l.db.stored(l.master.disk)
	for _, m := range l.pool.members {
		if l.follower(m) {
			m.disk = l.master.disk
		}
	}
}

// stored is the database as it is written to disk: nobody writes to it any more. Tables that have not changed since the
// copy before are shared with it; nil is none.
func (d *db) stored(before *db) *db {
	if before != nil && before.origin == d && before.generation == d.generation {
		return before
	}
	copied := &db{schema: d.schema, tables: make(map[string]*table, len(d.tables)), generation: d.generation, origin: d}
	for name, t := range d.tables {
		stamp := t.newest()
		if before != nil && before.origin == d && before.tables[name].stamp == stamp {
			copied.tables[name] = before.tables[name]
			continue
		}
		c := &table{class: t.class, rows: make(map[string]*row), stamp: stamp}
		if t.class.Persisted {
			for ref, r := range t.rows {
				kept := *r
				c.rows[ref] = &kept
			}
		}
		copied.tables[name] = c
	}
	return copied
}

// newest is the generation of the last change in a table.
func (t *table) newest() int64 {
	var newest int64
	for _, r := range t.rows {
		newest = max(newest, r.modified)
	}
	if n := len(t.deleted); n > 0 {
		newest = max(newest, t.deleted[n-1].deleted)
	}
	return newest
}

// domain is a VM that runs on a host, whatever a database says.
type domain struct {
	vm    string // reference
	state string // power_state
}

// noteDomains remembers what runs on each host of a life that ends.
func (l *life) noteDomains() {
	t := &tx{life: l}
	for _, m := range l.pool.members {
		if m.home != l {
			continue
		}
		m.domains = nil
		for _, vm := range t.strs("host", t.hostOfMember(m), "resident_VMs") {
			if !t.flag("VM", vm, "is_control_domain") {
				m.domains = append(m.domains, domain{vm, t.str("VM", vm, "power_state")})
			}
		}
	}
}

// syncDomains writes what runs on a host that reports to a master: an older database may tell otherwise. xapi: a VM that
// is not there is Halted, one that is there runs.
func (t *tx) syncDomains(m *member) {
	if m.home == t.life && !m.powerCycled {
		return
	}
	if m.powerCycled {
		m.domains, m.powerCycled = nil, false
	}
	m.home = t.life
	for _, vm := range slices.Clone(t.strs("host", m.host, "resident_VMs")) {
		there := slices.ContainsFunc(m.domains, func(d domain) bool { return d.vm == vm })
		if !there && !t.flag("VM", vm, "is_control_domain") {
			t.forgetDomain(vm)
		}
	}
	for _, d := range m.domains {
		if !t.exists("VM", d.vm) || t.str("VM", d.vm, "resident_on") == m.host && t.str("VM", d.vm, "power_state") == d.state {
			continue
		}
		if t.str("VM", d.vm, "power_state") == halted {
			t.bringUp(d.vm, m.host, d.state)
		} else {
			t.reside(d.vm, m.host)
			t.set("VM", d.vm, "power_state", d.state)
		}
		t.refreshAll(d.vm)
	}
}
