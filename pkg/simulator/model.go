package simulator

import (
	"crypto/rsa"
	"time"
)

// Model says which pool to make and how it behaves. The zero value is three hosts, 20 VMs, everything at once.
type Model struct {
	Hosts    int    // 0: 3
	VMs      int    // 0: 20; negative: none
	Password string // of user root; "": "xenroot"
	Users    []User // besides root
	Dump     *Dump  // objects of another pool, instead of Hosts and VMs; its version unless one is given
	Seed     int64  // of every random choice: references, placement, faults
	Version  string // of xapi: "8.2", "24.19", "26" or a whole one; "": "24.19.2", which the recordings are of
	Timing   Timing // how long things take; zero: no time

	HostMemory  int64         // bytes a host; 0: enough for the VMs, at least 64 GiB
	BadPassword time.Duration // before a refused login is answered; PAM takes about 2 s
	Boot        time.Duration // of a host that becomes master or comes back: it answers HOST_STILL_BOOTING meanwhile

	// StaleCopies lets KillMaster promote with the new master's own copy of the database, up to 300 s times the members
	// old, and a killed master come back with its last flush, as without HA. Otherwise both have the database of the end.
	StaleCopies bool
	// StrictConflicts answers OTHER_OPERATION_IN_PROGRESS at once, where xapi would let the call wait.
	StrictConflicts bool
	// Key returns the private key for a new certificate of a host (name_label); nil: a new one of 2,048 bits each time, which
	// takes some 30 ms and is not of the seed. Called concurrently.
	Key func(host string) (*rsa.PrivateKey, error)
	// EventQueueBytes is the limit of event.next's queue in bytes of JSON; 0: 10,000,000, as in xapi.
	EventQueueBytes int

	parsed release // of Version, once the defaults are in
}

// defaults fills what was left zero.
func (m Model) defaults() Model {
	if m.Hosts == 0 {
		m.Hosts = 3
	}
	switch {
	case m.VMs == 0:
		m.VMs = 20
	case m.VMs < 0:
		m.VMs = 0
	}
	if m.Password == "" {
		m.Password = "xenroot"
	}
	m.Version = wholeVersion(m.Version)
	m.parsed = parseRelease(m.Version)
	if m.EventQueueBytes == 0 {
		m.EventQueueBytes = 10_000_000
	}
	return m
}

// since says whether the model's xapi is of version major.minor or newer.
func (m *Model) since(major, minor int) bool { return m.release().atLeast(release{major, minor}) }
