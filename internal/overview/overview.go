// Package overview puts together what the web server shows of a pool, from the newest state of each part: the snapshot, the
// declared set, the status of each VM, the actions.
//
// It knows what the parts publish. It must not know how it came about, nor HTTP.
package overview

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

// Config is where an overview comes from. All of it is required; the functions are called from any goroutine.
type Config struct {
	Pool     string // as configured; the label "pool" of every metric
	DryRun   bool
	Snapshot func() store.Snapshot
	Session  func() *xapi.Session // nil while there is none
	Status   func() []reconcile.VMStatus
}

// Maker makes views of one pool. Its methods may be called from any goroutine.
type Maker struct {
	cfg Config

	mu       sync.Mutex
	declared web.Declared
	set      *desired.Set
	running  map[string]web.Action
	finished []web.Action // the newest first
}

// keptActions is how many finished actions are shown.
const keptActions = 100

// New returns a maker that was told nothing yet.
func New(cfg Config) *Maker { return &Maker{cfg: cfg, running: map[string]web.Action{}} }

// Declare remembers the set in force, or why the newest was refused.
func (m *Maker) Declare(set *desired.Set, err error) {
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

// Observe follows the actions; give it to reconcile.Config.
func (m *Maker) Observe(e reconcile.ActionEvent) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.running[e.ID]
	if !ok {
		a = web.Action{
			ID: e.ID, Pool: m.cfg.Pool, VM: e.Action.Key, Verb: string(e.Action.Verb), Host: e.Action.HostName,
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

// View makes the newest view.
func (m *Maker) View() web.View {
	snap := m.cfg.Snapshot()
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

func (m *Maker) poolView(snap store.Snapshot) web.Pool {
	m.mu.Lock()
	declared := m.declared
	m.mu.Unlock()
	p := web.Pool{Name: m.cfg.Pool, Synced: snap.Synced(), Revision: snap.Revision(), DryRun: m.cfg.DryRun, Declared: declared}
	if !p.Synced {
		since, reason := snap.Stale()
		p.Reason = reason
		if !since.IsZero() {
			p.StaleSince = &since
		}
	}
	if s := m.cfg.Session(); s != nil {
		p.Address = s.MasterAddress()
	}
	if _, pool, ok := snap.Pool(); ok {
		p.UUID, p.NameLabel, p.Master = pool.UUID, pool.NameLabel, hostName(snap, pool.Master)
	}
	return p
}

func (m *Maker) hosts(snap store.Snapshot) []web.Host {
	hosts := []web.Host{}
	_, pool, _ := snap.Pool()
	for ref, host := range store.All[xen.Host](snap) {
		h := web.Host{
			Pool: m.cfg.Pool, Name: host.NameLabel, UUID: host.UUID, Address: host.Address, Enabled: host.Enabled,
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
func (m *Maker) actions() []web.Action {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]web.Action, 0, len(m.running)+len(m.finished))
	for _, a := range m.running {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b web.Action) int { return b.Started.Compare(a.Started) })
	return append(list, m.finished...)
}
