package simulator

import (
	"strconv"
	"strings"
	"time"
)

// Model says which pool to make and how it behaves. The zero value is three hosts, 20 VMs, everything at once.
type Model struct {
	Hosts    int    // 0: 3
	VMs      int    // 0: 20; negative: none
	Password string // of user root; "": "xenroot"
	Seed     int64  // of every random choice: references, placement, faults
	Version  string // of xapi, as in host.software_version; "": "24.19.2", which the recordings are of
	Timing   Timing // how long things take; zero: no time

	HostMemory  int64         // bytes a host; 0: enough for the VMs, at least 64 GiB
	BadPassword time.Duration // before a refused login is answered; PAM takes about 2 s
	Boot        time.Duration // of a host that becomes master or comes back: it answers HOST_STILL_BOOTING meanwhile

	// StrictConflicts answers OTHER_OPERATION_IN_PROGRESS at once, where xapi would let the call wait.
	StrictConflicts bool
	// EventQueueBytes is the limit of event.next's queue in bytes of JSON; 0: 10,000,000, as in xapi.
	EventQueueBytes int
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
	if m.Version == "" {
		m.Version = "24.19.2"
	}
	if m.EventQueueBytes == 0 {
		m.EventQueueBytes = 10_000_000
	}
	return m
}

// since says whether the model's xapi is of version major.minor or newer.
func (m Model) since(major, minor int) bool {
	words := strings.SplitN(m.Version, ".", 3)
	gotMajor, _ := strconv.Atoi(words[0])
	gotMinor := 0
	if len(words) > 1 {
		gotMinor, _ = strconv.Atoi(words[1])
	}
	return gotMajor > major || gotMajor == major && gotMinor >= minor
}
