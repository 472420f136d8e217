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
		old.die(memberDown)
		old.unlisten()
		p.life.end()
		p.master = nil
	}
	if next != nil {
		p.promote(next)
	}
	return nil
}

// promote makes a member the master. The lock must be held.
func (p *Pool) promote(next *member) {
	p.life.end()
	p.life = newLife(p, p.life.db.restarted())
	p.master = next
	for _, m := range p.members {
		if m.state == memberUp {
			m.die(memberUp)
		}
		m.follows = next.address
	}
	t := &tx{life: p.life}
	t.set("pool", t.the("pool"), "master", next.host)
	for _, m := range p.members {
		t.set("host", m.host, "enabled", m.state == memberUp)
	}
	p.restarted(t)
	p.life.start()
	p.boot(next)
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
	switch {
	case m == nil:
		return fmt.Errorf("simulator: no host %q", name)
	case m == p.master:
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
	if p.master == nil && m.follows == m.address {
		p.promote(m)
		return nil
	}
	p.boot(m)
	if !p.life.over() {
		t := &tx{life: p.life}
		t.set("host_metrics", t.str("host", m.host, "metrics"), "live", true)
		t.set("host", m.host, "enabled", true)
	}
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
	m.die(memberSilent)
	if m == p.master {
		p.life.end()
		p.master = nil
	}
	return nil
}

// declareDead marks hosts that have been away for ten minutes. xapi looks every 30 s; their VMs stay Running.
func (t *tx) declareDead() {
	for _, m := range t.life.pool.members {
		if m.state != memberDown && m.state != memberSilent {
			continue
		}
		if time.Since(m.since) > hostDeadAfter {
			t.set("host_metrics", t.str("host", m.host, "metrics"), "live", false)
		}
	}
}
