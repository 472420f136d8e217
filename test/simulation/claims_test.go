package simulation

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/web"
)

// recent is how old what is shown may be without being marked stale: a stream that died without a word is noticed after two
// minutes.
const recent = 3 * time.Minute

// contradicts is what the pool's history says against what a process shows of it, by what is claimed.
func (w *witness) contradicts(e entry) map[string]string {
	c := &claims{witness: w, sight: e.sight, at: e.At, from: e.At.Add(-recent), found: map[string]string{}}
	if e.sight.broken != "" {
		c.say("what is shown can be read", "%s", e.sight.broken)
		return c.found
	}
	pool := e.sight.pool()
	c.marked = !pool.Synced
	if c.marked && pool.StaleSince != nil {
		c.from = pool.StaleSince.Add(-recent)
	}
	c.syncs(pool)
	for _, vm := range e.sight.vms {
		c.vm(vm)
	}
	for _, h := range e.sight.hosts {
		c.host(h)
	}
	for _, a := range e.sight.actions {
		c.action(a)
	}
	c.counts()
	return c.found
}

type claims struct {
	*witness
	*sight
	at     time.Time
	from   time.Time // what was so before does not count any more
	marked bool      // as stale
	found  map[string]string
}

func (c *claims) say(rule, format string, args ...any) {
	if c.found[rule] == "" {
		c.found[rule] = fmt.Sprintf(format, args...)
	}
}

// views are the databases that the process may have heard of; with two masters there are two.
func (c *claims) seen(f func(v *view) bool) bool {
	for _, host := range slices.Sorted(maps.Keys(c.views)) {
		if v := c.views[host]; v.uuid == c.uuid && f(v) {
			return true
		}
	}
	return false
}

// syncs holds against the history that the pool is said to be in sync, or not to be.
func (c *claims) syncs(p web.Pool) {
	if c.ready != 0 && (c.ready == http.StatusOK) != p.Synced {
		c.say("ready is in sync", "/readyz says %d, the pool is in sync: %v", c.ready, p.Synced)
	}
	if c.synced && !p.Synced && p.StaleSince == nil || p.StaleSince != nil && p.StaleSince.After(c.at) {
		c.say("what is old is marked with its age", "the pool is not in sync since %v", p.StaleSince)
	}
	if want := c.declared.Hash(); c.declared != nil && p.Declared.Revision != want {
		c.say("the declared set is the one in force", "%s is shown, %s is in force", p.Declared.Revision, want)
	}
	if !p.Synced {
		return
	}
	s := c.newest
	switch {
	case s == nil:
		c.say("in sync means listed", "there is no session yet")
	case !slices.ContainsFunc(slices.Collect(maps.Values(c.sessions)), func(s *seenSession) bool { return s.life == c.life && !s.listed.IsZero() }):
		c.say("in sync means listed", "nothing was listed in this life of the process")
	case s.lost.IsZero() || c.at.Sub(s.lost) < recent || s.listed.After(s.lost):
	default:
		c.say("in sync means listed", "events were lost %v ago", c.at.Sub(s.lost))
	}
	if p.Master != "" && !c.seen(func(v *view) bool { return v.host == p.Master }) {
		c.say("the master is the master", "%s never was it", p.Master)
	}
}

// find looks for a VM in all databases, also where it has been until lately.
func (c *claims) find(uuid string, f func(v *view, vm *seenVM) bool) bool {
	return c.seen(func(v *view) bool {
		for _, vms := range []map[string]*seenVM{v.vms, v.former} {
			for _, vm := range vms {
				if vm.uuid == uuid && (vm.gone.IsZero() || vm.gone.After(c.from)) && f(v, vm) {
					return true
				}
			}
		}
		return false
	})
}

func (c *claims) vm(vm web.VirtualMachine) {
	ready := vm.Ready()
	if !c.synced && !c.pool().Synced && c.pool().StaleSince == nil {
		if vm.Managed && ready.Status != "Unknown" {
			c.say("nothing is known before the first list", "%s is said to be Ready=%s (%s)", vm.Name, ready.Status, ready.Reason)
		}
		return
	}
	if vm.UUID != "" && vm.PowerState != "" {
		c.whereabouts(vm)
	}
	switch {
	case !vm.Managed || c.marked:
	case ready.Status == "True":
		c.isReady(vm)
	case ready.Reason == "NotFound":
		c.isNotFound(vm)
	case ready.Reason == "HostLost":
		c.isLost(vm)
	}
}

// whereabouts holds the power state and the host of a VM against the pool's.
func (c *claims) whereabouts(vm web.VirtualMachine) {
	if !c.find(vm.UUID, func(_ *view, s *seenVM) bool { return s.power.was(vm.PowerState, c.from) }) {
		c.say("a VM's power state is the pool's", "%s is said to be %s, and was not since %v", vm.Name, vm.PowerState, c.at.Sub(c.from))
		return
	}
	if vm.Host != "" && vm.Host != "-" && !c.find(vm.UUID, func(v *view, s *seenVM) bool {
		return slices.ContainsFunc(s.host.during(c.from), func(ref string) bool { return v.hosts[ref] != nil && v.hosts[ref].name == vm.Host })
	}) {
		c.say("a VM's host is the pool's", "%s is said to be on %s, and was not since %v", vm.Name, vm.Host, c.at.Sub(c.from))
	}
}

// isReady holds against the pool that a VM is as declared.
func (c *claims) isReady(vm web.VirtualMachine) {
	aim := vm.Spec.PowerState
	if aim != "" && c.at.Sub(c.changed) > recent && !c.find(vm.UUID, func(_ *view, s *seenVM) bool { return s.power.was(aim, c.from) }) {
		c.say("ready is as declared", "%s is said to be ready, is declared %s and was not that since %v", vm.Name, aim, c.at.Sub(c.from))
	}
}

func (c *claims) isNotFound(vm web.VirtualMachine) {
	decl, ok := c.declared.VM(vm.Name)
	if !ok || decl.Spec.UUID != "" || c.at.Sub(c.changed) < recent {
		return
	}
	for ref := range c.ours.names[decl.Spec.NameLabel] {
		if since := c.ours.vms[ref].named; since.Before(c.from) {
			c.say("what is missing is not there", "%s is said not to be found, and is there since %v", vm.Name, c.at.Sub(since))
		}
	}
}

func (c *claims) isLost(vm web.VirtualMachine) {
	if !c.find(vm.UUID, func(v *view, s *seenVM) bool {
		return slices.ContainsFunc(s.host.during(c.from), func(ref string) bool { return v.hosts[ref] != nil && v.alive[v.hosts[ref].metrics].was("no", c.from) })
	}) {
		c.say("a lost host is dead", "the host of %s is said to be, and was not since %v", vm.Name, c.at.Sub(c.from))
	}
}

func (c *claims) host(h web.Host) {
	if !c.seen(func(v *view) bool {
		for _, s := range v.hosts {
			if s.name == h.Name && s.enabled.was(yesNo(h.Enabled), c.from) && v.alive[s.metrics].was(yesNo(h.Live), c.from) {
				return true
			}
		}
		return false
	}) {
		c.say("a host is as the pool says", "%s is said to be enabled: %v, live: %v", h.Name, h.Enabled, h.Live)
	}
}

// action holds against the history that an action is under way.
func (c *claims) action(a web.Action) {
	decl, ok := c.declared.VM(a.VM)
	if a.Finished != nil || !ok || c.marked || c.at.Sub(a.Started) < recent {
		return
	}
	if !c.seen(func(v *view) bool {
		for ref := range v.names[decl.Spec.NameLabel] {
			if op := c.last[ref]; op != nil && op.answered.IsZero() && c.at.Sub(op.at) < recent || v.worked(v.vms[ref].uuid, c.from) {
				return true
			}
		}
		return false
	}) {
		c.say("what is in flight runs", "%s of %s is said to, since %v", a.Verb, a.VM, c.at.Sub(a.Started))
	}
}

// worked reports whether a task of ours was at a VM at any time since then.
func (v *view) worked(uuid string, since time.Time) bool {
	for _, t := range v.tasks {
		if t.ours && t.vm == uuid && (!t.ended || t.endedAt.After(since)) {
			return true
		}
	}
	return false
}

// successIsSeen is why an action is said to have succeeded that has not; "": it has, or does not say so.
func (w *witness) successIsSeen(e entry) string {
	a := e.action
	if a.Type != reconcile.ActionFinished || a.Result != "success" {
		return ""
	}
	from := a.Time.Add(-recent)
	method := "Async." + a.Action.Request().Method
	c := &claims{witness: w, at: e.At, from: from}
	aim := verbs[method]
	if aim == "Running" && a.Action.Paused {
		aim = "Paused"
	}
	if !c.find(a.Action.VMUUID, func(_ *view, vm *seenVM) bool {
		if aim == "" {
			return vm.power.was("Running", from) && vm.host.was(string(a.Action.Host), from)
		}
		return vm.power.was(aim, from)
	}) {
		return fmt.Sprintf("%s of %s is said to have succeeded", a.Action.Verb, a.Action.Key)
	}
	return ""
}
