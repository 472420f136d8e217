package simulator

import (
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"time"
)

// memberState is what answers at a member's address.
type memberState string

const (
	memberUp      memberState = "up"
	memberDown    memberState = "down"    // xapi does not run: connections are refused
	memberSilent  memberState = "silent"  // the machine is dead: packets vanish
	memberBooting memberState = "booting" // HOST_STILL_BOOTING to every call
	memberWaiting memberState = "waiting" // its xapi has started and has not reached its master yet
)

// member is one host as seen from the network: its xapi, with its own address, its own idea of who the master is, and
// its local sessions. All fields but the first are guarded by the pool's lock.
type member struct {
	pool     *Pool
	index    int
	name     string // name_label of its host
	host     string // reference of its host
	hostUUID string

	address string // management address, as in host.address
	state   memberState
	follows string // address of the master, as its xapi read it at its start
	local   map[string]bool
	run     *extent // of its xapi
	power   *extent // of the machine

	password       string        // of its root: each host has a file of its own
	conf           poolConf      // what its xapi will read at its next start
	disk           *db           // the database as it lies on its disk; never written to
	life           *life         // of its xapi while that is a master; nil otherwise
	home           *life         // that it last belonged to
	domains        []domain      // that ran on it when its home ended
	trouble        *Failure      // why it waits for its master, where a human has to help
	obstacle       *Failure      // that keeps it from its master, whatever else; nil: nothing
	proposed       proposal      // the new master that it has agreed to
	armedHA        bool          // HA is on, by its own account
	disarmed       bool          // somebody has taken it out of HA
	disarmedSoftly bool          // only until its xapi starts again
	keptDisabled   bool          // somebody disabled it for longer than the next start
	skew           time.Duration // of its clock
	skewTold       bool          // there is an alert about it
	stopping       bool          // the machine shuts down
	powerCycled    bool          // the machine has been off since its xapi last reported
	apart          bool          // it has left the pool and is one of its own

	conns    map[net.Conn]struct{}
	slots    slots        // of the connections that are served
	listener net.Listener // on sockets; nil in memory, and while down
	socket   string       // its address; "" in memory
	url      string
	tls      *tls.Config // of its socket; nil: plain. Set before anybody connects

	certs sync.Mutex   // guards cert, which is made without the pool's lock
	cert  *certificate // nil: nobody has needed it yet
}

// newMember makes host number i of the pool; i counts from 0 and the first is the master.
func newMember(p *Pool, i int) *member {
	m := &member{
		pool: p, index: i, name: fmt.Sprintf("xen-%d", i+1), address: fmt.Sprintf("10.0.0.%d", i+1),
		state: memberUp, follows: "10.0.0.1", conf: slaveOf("10.0.0.1"), local: make(map[string]bool), conns: make(map[net.Conn]struct{}),
		host: p.newRef(), hostUUID: p.newUUID(), password: p.model.Password,
	}
	m.url = "http://" + m.address
	m.run, m.power = newExtent(), newExtent()
	m.slots = newSlots()
	return m
}

// hangUp breaks every connection of the member.
func (m *member) hangUp() {
	for c := range m.conns {
		_ = c.Close() // the other side learns of it, which is the purpose
	}
	clear(m.conns)
}

// unlisten closes the member's socket, so that connections are refused.
func (m *member) unlisten() {
	if m.listener != nil {
		_ = m.listener.Close()
		m.listener = nil
	}
}

// relisten opens the member's socket again, if it had one.
func (m *member) relisten() error {
	if m.socket == "" || m.listener != nil {
		return nil
	}
	ln, err := net.Listen("tcp", m.socket) //nolint:noctx // binding an address of this machine does not wait
	if err != nil {
		return err
	}
	m.listener = ln
	m.pool.work.Go(func() { m.acceptAll(ln, (*httpConn).secure) })
	return nil
}

// die ends the member's xapi: connections break, local sessions are forgotten, calls that wait end.
func (m *member) die(state memberState) {
	m.state = state
	m.run.end()
	m.run = newExtent()
	if state == memberSilent {
		m.power.end()
		m.power = newExtent()
	}
	m.local = make(map[string]bool)
	m.proposed = proposal{}
	m.disarmed = m.disarmed && !m.disarmedSoftly
	m.hangUp()
}

// member finds a member by name_label, uuid or address; "" and unknown names give nil. The lock must be held.
func (p *Pool) member(name string) *member {
	for _, m := range p.members {
		if name != "" && (m.name == name || m.hostUUID == name || m.address == name) {
			return m
		}
	}
	return nil
}
