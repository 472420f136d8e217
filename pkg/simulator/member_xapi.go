package simulator

import (
	"time"
)

// How a member's xapi comes and goes.
const (
	fuseTime      = 10 * time.Second // from a change of role until xapi restarts to take it up
	linkLookEvery = 3 * time.Second  // how often a member that is to be master looks whether the old one has gone
	retryMaster   = 5 * time.Second  // of a member that waits for its master
	retryTrouble  = time.Minute      // the same, where a human has to help
)

// stopXapi ends a member's xapi: clean as a service is stopped, or killed. The lock must be held.
func (m *member) stopXapi(clean bool) {
	m.leaveLife(clean)
	m.die(memberDown)
	m.unlisten()
}

// restartXapi stops a member's xapi and lets it start again after Timing.Restart. The lock must be held.
func (m *member) restartXapi(clean bool) {
	m.stopXapi(clean)
	m.startAfter(m.pool.model.Timing.Restart.draw(m.pool.rng))
}

// startAfter starts a member's xapi after some time, unless somebody else did so before. The lock must be held.
func (m *member) startAfter(d time.Duration) {
	if d <= 0 {
		m.startXapi()
		return
	}
	run := m.run
	m.pool.work.Go(func() {
		if m.waits(d, run) {
			m.pool.mu.Lock()
			defer m.pool.mu.Unlock()
			if !run.over() && m.state == memberDown {
				m.startXapi()
			}
		}
	})
}

// waits waits d. It says false when the run or the pool has ended before.
func (m *member) waits(d time.Duration, run *extent) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-run.done():
	case <-m.pool.done():
	}
	return false
}

// startXapi starts a member's xapi in the role that its pool.conf gives it. A socket that cannot be had again leaves it
// down. The lock must be held.
func (m *member) startXapi() {
	p := m.pool
	if p.over() || m.relisten() != nil {
		return
	}
	m.stopping = false
	if !m.conf.master {
		m.follows, m.state, m.trouble = m.conf.address, memberWaiting, nil
		run := m.run
		p.work.Go(func() { m.seekMaster(run) })
		return
	}
	t := m.lead(m.disk)
	for _, host := range t.all("host") {
		t.set("host", host, "enabled", false)
		if host != m.host {
			t.set("host_metrics", t.str("host", host, "metrics"), "live", false)
		}
	}
	p.restarted(t)
	t.hello(m)
	m.life.start()
	p.boot(m)
	for _, other := range p.members {
		if m.life.follower(other) {
			other.greet()
		}
	}
	p.linked.raise()
}

// greet lets a member whose xapi runs on notice that its master has started anew. The lock must be held.
func (m *member) greet() {
	run, l := m.run, m.pool.lifeOf(m)
	d := m.pool.model.Timing.Hello.draw(m.pool.rng)
	m.pool.work.Go(func() {
		if !m.waits(d, run) {
			return
		}
		_ = l.update(func(t *tx) error { // a master that has gone again will be greeted at its next start
			switch {
			case run.over():
			case t.hostOfMember(m) == nullRef:
				m.restartXapi(true) // and finds itself unknown
			default:
				t.hello(m)
			}
			return nil
		})
	})
}

// seekMaster is the start of a slave's xapi: it waits until its master answers and knows it.
func (m *member) seekMaster(run *extent) {
	for {
		m.pool.mu.Lock()
		if run.over() {
			m.pool.mu.Unlock()
			return
		}
		l, pause := m.findMaster()
		if l != nil {
			m.state, m.trouble = memberBooting, nil
			pause = m.pool.model.Timing.Hello.draw(m.pool.rng)
		}
		m.pool.mu.Unlock()
		if !m.waits(pause, run) {
			return
		}
		if l != nil && m.joined(l, run) {
			return
		}
	}
}

// findMaster looks for the master's life. Where there is none it says how long to wait until the next look, and what is
// wrong. The lock must be held.
func (m *member) findMaster() (*life, time.Duration) {
	to := m.pool.member(m.follows)
	switch {
	case m.obstacle != nil:
		m.trouble = m.obstacle
		return nil, retryTrouble
	case to == m:
		m.trouble = fail("HOST_ITS_OWN_SLAVE")
		return nil, retryTrouble
	case to == nil || to.life == nil || to.state != memberUp:
		m.trouble = nil
		return nil, retryMaster
	}
	t := &tx{life: to.life}
	if t.hostOfMember(m) == nullRef {
		m.trouble = fail("HOST_UNKNOWN_TO_MASTER", m.hostUUID)
		return nil, retryTrouble
	}
	return to.life, 0
}

// joined ends a slave's start: it is a member like any other from now on. It says false when its master has gone again.
func (m *member) joined(l *life, run *extent) bool {
	p := m.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case run.over():
		return true
	case l.over():
		m.state = memberWaiting
		return false
	}
	m.state = memberUp
	(&tx{life: l}).hello(m)
	m.enableLater(l, run)
	m.disk = l.db.stored(l.master.disk)
	p.linked.raise()
	return true
}

// enableLater keeps VMs away from a host whose xapi has started until it has done all that it does at its start.
func (m *member) enableLater(l *life, run *extent) {
	d := m.pool.model.Timing.Hello.draw(m.pool.rng)
	if d == 0 || m.keptDisabled {
		return
	}
	(&tx{life: l}).set("host", m.host, "enabled", false)
	m.pool.work.Go(func() {
		if !m.waits(d, run) {
			return
		}
		_ = l.update(func(t *tx) error { // the next master enables it itself
			if !run.over() && !m.keptDisabled {
				t.set("host", m.host, "enabled", true)
				t.refreshHost(m.host)
			}
			return nil
		})
	})
}

// hello is what a master does when a host reports at its start: work that was under way there is forgotten, the host
// is alive, and it takes VMs again unless somebody disabled it for good.
func (t *tx) hello(m *member) {
	m.host = t.hostOfMember(m)
	if t.str("host", m.host, "address") != m.address {
		t.set("host", m.host, "address", m.address)
	}
	if m != t.life.master {
		m.password = t.life.master.password
		m.armedHA = t.life.redoLog()
		t.wipeTasks(m.host)
	}
	t.life.heard[m] = time.Now()
	t.set("host", m.host, "current_operations", Map{}) // a shutdown that has led here
	t.set("host_metrics", t.str("host", m.host, "metrics"), "live", true)
	t.syncDomains(m)
	t.set("host", m.host, "enabled", !m.keptDisabled)
	t.refreshHost(m.host)
}

// wipeTasks deletes the tasks that have not ended and ran on a host whose xapi has started anew. They never fail: they
// are gone.
func (t *tx) wipeTasks(host string) {
	for _, task := range t.find("task", "resident_on", host) {
		if t.str("task", task, "status") == "pending" {
			t.destroy("task", task)
		}
	}
}

// lightFuse restarts a member's xapi after some time, to take up a new role. The lock must be held.
func (m *member) lightFuse(d time.Duration) {
	run := m.run
	m.pool.work.Go(func() {
		if m.waits(d, run) {
			m.pool.mu.Lock()
			defer m.pool.mu.Unlock()
			if !run.over() && !m.pool.over() {
				m.restartXapi(true)
			}
		}
	})
}
