package simulator

import (
	"fmt"
	"time"
)

// proposalLasts is how long a host stands by a new master that it has agreed to.
const proposalLasts = 10 * time.Minute

// proposal is the new master that a host's xapi has agreed to: the first of two phases.
type proposal struct {
	address string // "": none
	at      time.Time
}

// haEmergencyBehaviours are calls by which the hosts of a pool agree on a master, and by which a person takes one of them
// out of HA. They ask the host that they came in on, and work in emergency mode.
func haEmergencyBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"host.propose_new_master":   proposeMaster,
		"host.commit_new_master":    commitMaster,
		"host.abort_new_master":     abortMaster,
		"host.emergency_ha_disable": emergencyDisableHA,
		"host.local_assert_healthy": func(*call) (any, error) { return nil, nil },
		"host.ha_xapi_healthcheck":  func(*call) (any, error) { return true, nil },
	}
}

func proposeMaster(c *call) (any, error) {
	return c.onMember(func(m *member) (any, error) { return nil, m.agree(c.str(0)) })
}

// agree notes a new master, or says that the host stands by another. The lock must be held.
func (m *member) agree(address string) error {
	if err := m.standsBy(address); err != nil {
		return err
	}
	m.proposed = proposal{address, time.Now()}
	return nil
}

// standsBy is HA_ABORT_NEW_MASTER while the host has agreed to another master. The lock must be held.
func (m *member) standsBy(address string) error {
	ago := time.Since(m.proposed.at)
	if m.proposed.address == "" || m.proposed.address == address || ago > proposalLasts {
		return nil
	}
	return fail("HA_ABORT_NEW_MASTER", fmt.Sprintf("Already agreed to commit host address '%s' at %s ('%f' secs ago)",
		m.proposed.address, m.proposed.at.UTC().Format("20060102T15:04:05Z"), ago.Seconds()))
}

// commitMaster is the second phase: the host writes down its new role and takes it up after the fuse.
func commitMaster(c *call) (any, error) {
	address := c.str(0)
	return c.onMember(func(m *member) (any, error) {
		switch m.proposed.address {
		case address:
		case "":
			return nil, fail("HA_ABORT_NEW_MASTER", "Received commit_new_master("+address+") but never received a proposal")
		default:
			return nil, fail("HA_ABORT_NEW_MASTER",
				"Received commit_new_master("+address+") but previously received proposal for "+m.proposed.address)
		}
		m.conf = slaveOf(address)
		if address == m.address {
			m.conf = masterConf()
		}
		m.lightFuse(fuseTime)
		return nil, nil
	})
}

func abortMaster(c *call) (any, error) {
	return c.onMember(func(m *member) (any, error) { m.proposed = proposal{}; return nil, nil })
}

// emergencyDisableHA takes one host out of HA, whatever the pool says: it neither fences itself nor becomes master by
// election, and it can be made master by hand. Softly, only until its xapi starts again.
func emergencyDisableHA(c *call) (any, error) {
	return c.onMember(func(m *member) (any, error) {
		if !m.armed() {
			return nil, fail("HA_NOT_ENABLED")
		}
		m.disarmed = true
		m.disarmedSoftly = c.flag(0)
		return nil, nil
	})
}

// armMembers tells every host that can be reached that HA is on or off. They write it down for themselves.
func (t *tx) armMembers(yes bool) {
	for _, m := range t.life.pool.members {
		if t.life.follower(m) || m == t.life.master {
			m.armedHA, m.disarmed = yes, false
		}
	}
}
