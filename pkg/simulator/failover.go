package simulator

import (
	"errors"
	"fmt"
	"time"
)

var errClosed = errors.New("simulator: the pool is closed")

// KillMaster ends the master's xapi and host: its connections break, and connections to it are refused. promote names a
// host that becomes master (name_label, uuid or address): a new life with the stored database, without sessions,
// tasks or event subscriptions, and event ids from 0; the other members follow it. With "" nobody is promoted: members
// go on naming the dead master, and calls with a session hang on them. The new master answers HOST_STILL_BOOTING for
// Model.Boot; KillMaster does not wait for it.
func (p *Pool) KillMaster(promote string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.master
	next := p.member(promote)
	switch {
	case p.over():
		return errClosed
	case promote != "" && next == nil:
		return fmt.Errorf("simulator: no host %q to promote", promote)
	case next != nil && next == old:
		return fmt.Errorf("simulator: %s is the master: name another host to promote", promote)
	case next != nil && next.state != memberUp:
		return fmt.Errorf("simulator: %s is %s: name a host that is up", promote, next.state)
	case old == nil && next == nil:
		return fmt.Errorf("simulator: there is no master to kill")
	}
	if old != nil {
		old.stopXapi(!p.model.StaleCopies)
	}
	if next != nil {
		p.promote(next)
	}
	return nil
}

// promote makes a member the master of all others, at once: the pool's own tools have done it. The lock must be held.
func (p *Pool) promote(next *member) {
	source := p.life.db
	if p.model.StaleCopies {
		source = next.disk
	}
	for _, m := range p.members {
		if m.apart {
			continue
		}
		m.leaveLife(true)
		if m.state != memberDown && m.state != memberSilent {
			m.die(memberUp)
		}
		m.conf, m.follows = slaveOf(next.address), next.address
	}
	t := next.lead(source)
	for _, m := range p.members {
		switch {
		case m.apart:
		case !p.model.StaleCopies:
			m.home = next.life
		case m.state == memberUp:
			t.syncDomains(m)
		}
		if !m.apart {
			t.set("host", m.host, "enabled", m.state == memberUp)
		}
	}
	p.restarted(t)
	next.life.syncDatabase()
	next.life.start()
	p.boot(next)
	p.linked.raise()
}

// boot lets a member answer HOST_STILL_BOOTING for as long as the model says. The lock must be held.
func (p *Pool) boot(m *member) {
	if p.model.Boot <= 0 {
		return
	}
	m.state = memberBooting
	run := m.run
	p.work.Go(func() { p.booted(m, run) })
}

func (p *Pool) booted(m *member, run *extent) {
	timer := time.NewTimer(p.model.Boot)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-run.done():
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.state == memberBooting && !run.over() {
		m.state = memberUp
	}
}

// StopMember ends the xapi of a member that is not the master; connections to it are refused from then on.
func (p *Pool) StopMember(name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.member(name)
	switch m {
	case nil:
		return fmt.Errorf("simulator: no host %q", name)
	case p.master:
		return fmt.Errorf("simulator: %s is the master: use KillMaster", name)
	}
	m.die(memberDown)
	m.unlisten()
	return nil
}

// StartMember brings a member back that was stopped or killed. It follows the present master; if it is the master that
// its own pool.conf still names and nobody else was promoted, it becomes master again with a new life.
func (p *Pool) StartMember(name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.member(name)
	switch {
	case p.over():
		return errClosed
	case m == nil:
		return fmt.Errorf("simulator: no host %q", name)
	case m.state != memberDown && m.state != memberSilent:
		return fmt.Errorf("simulator: %s is %s already", name, m.state)
	}
	if err := m.relisten(); err != nil {
		return fmt.Errorf("simulator: %s comes back: %w", name, err)
	}
	m.state = memberUp
	if p.master == nil && m.conf.master {
		p.promote(m)
		return nil
	}
	if p.master != nil {
		m.conf, m.follows = slaveOf(p.master.address), p.master.address
		(&tx{life: p.life}).hello(m)
	}
	p.boot(m)
	return nil
}

// SilenceMember lets a machine vanish from the network: nothing answers, not even with a refusal. In memory a Dial to it
// waits for its context; on sockets the connection is closed without an answer.
func (p *Pool) SilenceMember(name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.member(name)
	if m == nil {
		return fmt.Errorf("simulator: no host %q", name)
	}
	m.leaveLife(!p.model.StaleCopies)
	m.die(memberSilent)
	return nil
}

// declareDead marks hosts that have not been heard of for ten minutes. xapi looks every 30 s; their VMs stay Running.
func (t *tx) declareDead() {
	l, now := t.life, time.Now()
	for _, m := range l.pool.members {
		host := t.hostOfMember(m)
		switch {
		case m == l.master || host == nullRef:
		case l.follower(m):
			l.heard[m] = now
		case now.Sub(l.heard[m]) > hostDeadAfter && t.hostLive(host):
			t.set("host_metrics", t.str("host", host, "metrics"), "live", false)
			t.refreshHost(host)
		}
	}
}
