package simulator

import (
	"fmt"
	"time"
)

// The methods of this file are faults of whole machines and of their daemons. Unlike KillMaster, which repairs what it
// breaks, they leave everything to the pool: what each host has in its pool.conf and on its disk decides what comes back.

// HostDies cuts a machine's power: nothing answers at its address, not even with a refusal. Without HA its VMs stay
// Running for the pool, and after ten minutes the host is no longer live. A master's database is left as it was last
// written to disk. The error is about the name.
func (p *Pool) HostDies(name string) error {
	return p.withMember(name, func(m *member) error {
		if m.state == memberSilent {
			return fmt.Errorf("simulator: %s is dead already", m.name)
		}
		m.lose()
		return nil
	})
}

// MasterDies is HostDies of the present master. Nobody takes over by itself, but for HA.
func (p *Pool) MasterDies() error {
	p.mu.Lock()
	master := p.master
	p.mu.Unlock()
	if master == nil {
		return fmt.Errorf("simulator: there is no master to die")
	}
	return p.HostDies(master.name)
}

// StartHost switches a machine on again that died or was shut down. Its xapi takes the role that its pool.conf names: a
// master whose pool has found another is a second one, with the database of its own disk.
func (p *Pool) StartHost(name string) error {
	return p.withMember(name, func(m *member) error {
		if m.state != memberSilent && m.state != memberDown {
			return fmt.Errorf("simulator: %s is %s already", m.name, m.state)
		}
		m.powerOn()
		return nil
	})
}

// CrashXapi kills the daemon of a host, which comes back by itself after Timing.Restart. VMs run on.
func (p *Pool) CrashXapi(name string) error {
	return p.withMember(name, func(m *member) error {
		if m.state == memberSilent || m.state == memberDown {
			return fmt.Errorf("simulator: no xapi runs on %s: it is %s", m.name, m.state)
		}
		m.restartXapi(false)
		return nil
	})
}

// DesignateMaster is pool.designate_new_master by somebody else: the named host becomes master ten seconds later, and what
// is written meanwhile is lost.
func (p *Pool) DesignateMaster(name string) error {
	return p.performOnHost("pool.designate_new_master", name)
}

// SkewClock sets a host's clock off by so much, for all times that its xapi gives out: a master's for the whole pool. Above
// five minutes the pool's alerts say so.
func (p *Pool) SkewClock(name string, by time.Duration) error {
	return p.withMember(name, func(m *member) error {
		m.skew = by
		return nil
	})
}

// withMember runs f on the member of that name under the lock.
func (p *Pool) withMember(name string, f func(*member) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over() {
		return errClosed
	}
	m := p.member(name)
	if m == nil {
		return fmt.Errorf("simulator: no host %q", name)
	}
	return f(m)
}

// lose ends all that runs on a machine. The lock must be held.
func (m *member) lose() {
	if l := m.life; l != nil && l.redoLog() && !m.stopping {
		m.pool.work.Go(l.elect)
	}
	m.leaveLife(false)
	m.die(memberSilent)
	m.powerCycled = true
}

// powerOn boots a machine. The lock must be held.
func (m *member) powerOn() {
	m.state, m.powerCycled = memberDown, true
	m.startAfter(m.pool.model.Timing.HostBoot.draw(m.pool.rng))
}
