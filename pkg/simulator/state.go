package simulator

import (
	"cmp"
	"slices"
	"time"
)

// State is the whole pool at a glance, as GET /state of the admin handler shows it.
type State struct {
	Pool     PoolState      `json:"pool"`
	Hosts    []HostState    `json:"hosts"`
	VMs      []VMState      `json:"vms"` // without templates, snapshots and control domains; by name
	Tasks    []TaskState    `json:"tasks"`
	Sessions []SessionState `json:"sessions"`
	Calls    map[string]int `json:"calls"` // as called on the wire
}

// PoolState is the pool object, and who is its master.
type PoolState struct {
	Name   string `json:"name"`
	UUID   string `json:"uuid"`
	Master string `json:"master"` // name_label; "" while there is none
}

// HostState is one host, as the network sees it and as the pool does.
type HostState struct {
	Name      string `json:"name"`
	UUID      string `json:"uuid"`
	URL       string `json:"url"`
	Answers   string `json:"answers"` // up, down, silent, booting, waiting
	Role      string `json:"role"`    // of its xapi: master, slave; "apart": master of a pool of its own
	Enabled   bool   `json:"enabled"`
	Live      bool   `json:"live"`
	FreeBytes int64  `json:"freeBytes"`
	VMs       int    `json:"vms"` // resident, without the control domain
}

// VMState is one VM.
type VMState struct {
	Name       string   `json:"name"`
	UUID       string   `json:"uuid"`
	PowerState string   `json:"powerState"`
	Host       string   `json:"host,omitempty"`
	Operations []string `json:"operations,omitempty"` // in progress
}

// TaskState is one task.
type TaskState struct {
	Ref         string            `json:"ref"`
	Name        string            `json:"name"`
	Status      string            `json:"status"`
	Progress    float64           `json:"progress"`
	Error       []string          `json:"error,omitempty"`
	OtherConfig map[string]string `json:"otherConfig,omitempty"`
}

// SessionState is one session. Its reference is its password and stays out.
type SessionState struct {
	Originator string    `json:"originator"`
	LastActive time.Time `json:"lastActive"`
}

// State reads the whole pool at one instant.
func (p *Pool) State() State {
	s := State{Calls: p.Calls(), VMs: []VMState{}, Tasks: []TaskState{}, Sessions: []SessionState{}}
	p.view(func(t *tx) {
		s.Pool = t.poolState()
		for _, m := range p.members {
			s.Hosts = append(s.Hosts, t.seenFrom(m).hostState(m))
		}
		s.VMs = append(s.VMs, t.vmStates()...)
		for _, ref := range t.all("task") {
			s.Tasks = append(s.Tasks, t.taskState(ref))
		}
		for _, ref := range t.all("session") {
			s.Sessions = append(s.Sessions, SessionState{t.str("session", ref, "originator"), t.at("session", ref, "last_active")})
		}
	})
	slices.SortFunc(s.Sessions, func(a, b SessionState) int {
		return cmp.Or(cmp.Compare(a.Originator, b.Originator), a.LastActive.Compare(b.LastActive))
	})
	return s
}

func (t *tx) poolState() PoolState {
	pool := t.the("pool")
	s := PoolState{Name: t.str("pool", pool, "name_label"), UUID: t.str("pool", pool, "uuid")}
	if m := t.life.pool.master; m != nil {
		s.Master = m.name
	}
	return s
}

// seenFrom reads the database of a member that has left the pool, where that is asked for.
func (t *tx) seenFrom(m *member) *tx {
	if m.apart && m.life != nil {
		return &tx{life: m.life}
	}
	return t
}

func (t *tx) hostState(m *member) HostState {
	s := HostState{
		Name: t.str("host", m.host, "name_label"), UUID: m.hostUUID, URL: m.url, Answers: string(m.state), Role: m.role(),
		Enabled: t.flag("host", m.host, "enabled"), Live: t.hostLive(m.host), FreeBytes: t.hostMemory(m.host).free(countDynamicMin),
	}
	if !t.exists("host", m.host) { // the pool has forgotten it
		s.Name = m.name
	}
	for _, vm := range t.strs("host", m.host, "resident_VMs") {
		if !t.flag("VM", vm, "is_control_domain") {
			s.VMs++
		}
	}
	return s
}

// role is what a member takes itself for.
func (m *member) role() string {
	switch {
	case m.apart:
		return "apart"
	case m.life != nil:
		return "master"
	}
	return "slave"
}

func (t *tx) vmStates() []VMState {
	var list []VMState
	for _, ref := range t.all("VM") {
		if t.flag("VM", ref, "is_a_template") || t.flag("VM", ref, "is_control_domain") {
			continue
		}
		s := VMState{
			Name: t.str("VM", ref, "name_label"), UUID: t.str("VM", ref, "uuid"), PowerState: t.str("VM", ref, "power_state"),
			Host: t.str("host", t.str("VM", ref, "resident_on"), "name_label"),
		}
		for _, o := range t.currentOperations("VM", ref) {
			s.Operations = append(s.Operations, o.Operation)
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b VMState) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.UUID, b.UUID)) })
	return list
}

func (t *tx) taskState(ref string) TaskState {
	return TaskState{
		Ref: ref, Name: t.str("task", ref, "name_label"), Status: t.str("task", ref, "status"),
		Progress: t.float("task", ref, "progress"), Error: t.strs("task", ref, "error_info"),
		OtherConfig: textMap(t.dict("task", ref, "other_config")),
	}
}
