package simulator

import "fmt"

// Strand restarts the xapi of a member, which from then on does not get to its master: it is in emergency mode, with this
// error for every call that does not work there, until Mend. xapi: HOST_MASTER_CANNOT_TALK_BACK[address],
// HOST_HAS_NO_MANAGEMENT_IP, HOST_BROKEN, HOST_XAPI_VERSION_HIGHER_THAN_COORDINATOR[version], and those of an HA that does
// not start. A master does not ask anybody, and cannot be stranded.
func (p *Pool) Strand(name, code string, params ...string) error {
	return p.withMember(name, func(m *member) error {
		if m.conf.master {
			return fmt.Errorf("simulator: %s is a master: its xapi comes up by itself", m.name)
		}
		m.obstacle = fail(code, params...)
		m.restartXapi(true)
		return nil
	})
}

// Mend takes away what Strand has put in the way of a member, whose xapi starts again.
func (p *Pool) Mend(name string) error {
	return p.withMember(name, func(m *member) error {
		if m.obstacle == nil {
			return fmt.Errorf("simulator: nothing is in the way of %s", m.name)
		}
		m.obstacle = nil
		m.restartXapi(true)
		return nil
	})
}
