package main

import (
	"slices"
	"sync"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/web"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// viewMaker puts together what the web server shows, from the newest state of each part.
type viewMaker struct {
	pool     string
	dryRun   bool
	snapshot func() store.Snapshot
	session  func() *xapi.Session
	status   func() []reconcile.VMStatus

	mu       sync.Mutex
	declared web.Declared
	set      *desired.Set
	running  map[string]web.Action
	finished []web.Action // the newest first
}

// keptActions is how many finished actions are shown.
const keptActions = 100

func newViewMaker(pool string, dryRun bool, snapshot func() store.Snapshot, session func() *xapi.Session) *viewMaker {
	return &viewMaker{pool: pool, dryRun: dryRun, snapshot: snapshot, session: session, running: map[string]web.Action{}}
}

// declare remembers the set in force, or why the newest was refused.
func (m *viewMaker) declare(set *desired.Set, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		m.declared.Error = err.Error()
		return
	}
	now := time.Now().UTC()
	m.set = set
	m.declared = web.Declared{Revision: set.Hash(), Objects: len(set.VMs()), LoadedAt: &now}
}

// observe follows the actions.
func (m *viewMaker) observe(e reconcile.ActionEvent) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.running[e.ID]
	if !ok {
		a = web.Action{
			ID: e.ID, Pool: m.pool, VM: e.Action.Key, Verb: string(e.Action.Verb), Host: e.Action.HostName,
			Reason: string(e.Action.Reason), Because: e.Action.Because, Started: e.Time.UTC(),
		}
	}
	a.Progress = e.Progress
	if e.Type != reconcile.ActionFinished {
		m.running[e.ID] = a
		return
	}
	delete(m.running, e.ID)
	end := e.Time.UTC()
	a.Finished, a.Outcome = &end, e.Result
	if e.Err != nil {
		a.Error = e.Err.Error()
	}
	m.finished = append([]web.Action{a}, m.finished[:min(len(m.finished), keptActions-1)]...)
}

// view makes the newest view. It may be called from any goroutine.
func (m *viewMaker) view() web.View {
	snap := m.snapshot()
	v := web.View{
		Time:            time.Now().UTC(),
		Pools:           []web.Pool{m.poolView(snap)},
		Hosts:           m.hosts(snap),
		VirtualMachines: m.vms(snap),
		Actions:         m.actions(),
	}
	for _, vm := range v.VirtualMachines {
		if !vm.Managed {
			v.Pools[0].Unmanaged++
		}
	}
	return v
}

func (m *viewMaker) poolView(snap store.Snapshot) web.Pool {
	m.mu.Lock()
	declared := m.declared
	m.mu.Unlock()
	p := web.Pool{Name: m.pool, Synced: snap.Synced(), Revision: snap.Revision(), DryRun: m.dryRun, Declared: declared}
	if !p.Synced {
		since, reason := snap.Stale()
		p.Reason = reason
		if !since.IsZero() {
			p.StaleSince = &since
		}
	}
	if s := m.session(); s != nil {
		p.Address = s.MasterAddress()
	}
	if _, pool, ok := snap.Pool(); ok {
		p.UUID, p.NameLabel, p.Master = pool.UUID, pool.NameLabel, hostName(snap, pool.Master)
	}
	return p
}

func (m *viewMaker) hosts(snap store.Snapshot) []web.Host {
	hosts := []web.Host{}
	_, pool, _ := snap.Pool()
	for ref, host := range store.All[xen.Host](snap) {
		h := web.Host{
			Pool: m.pool, Name: host.NameLabel, UUID: host.UUID, Address: host.Address, Enabled: host.Enabled,
			Master: pool != nil && string(pool.Master) == ref,
		}
		if metrics, ok := store.Get[xen.HostMetrics](snap, string(host.Metrics)); ok {
			h.Live, h.MemoryTotalBytes, h.MemoryFreeBytes = metrics.Live, metrics.MemoryTotal, metrics.MemoryFree
		}
		hosts = append(hosts, h)
	}
	slices.SortFunc(hosts, func(a, b web.Host) int { return natural(a.Name, b.Name) })
	return hosts
}

// actions are those in flight, then the newest finished ones.
func (m *viewMaker) actions() []web.Action {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]web.Action, 0, len(m.running)+len(m.finished))
	for _, a := range m.running {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b web.Action) int { return b.Started.Compare(a.Started) })
	return append(list, m.finished...)
}
