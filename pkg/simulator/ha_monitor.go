package simulator

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"time"
)

// What HA goes by.
const (
	haLookEvery  = 20 * time.Second  // the master looks at the liveset
	haDeadAfter  = 60 * time.Second  // a host that is not in it
	haRetryAfter = 120 * time.Second // a protected VM that could not be started
)

// haMonitor looks after the hosts and the protected VMs of a life, while HA is on.
func (l *life) haMonitor() {
	tick := time.NewTicker(haLookEvery)
	defer tick.Stop()
	seen := make(map[*member]time.Time)
	tried := make(map[string]time.Time) // VMs that could not be started
	begun := time.Now()
	for {
		select {
		case <-tick.C:
		case <-l.done():
			return
		}
		var start []string
		_ = l.update(func(t *tx) error {
			if !l.redoLog() {
				begun = time.Now()
				clear(seen)
				return nil
			}
			t.watchHosts(seen, begun)
			t.replan()
			start = t.toRestart(tried)
			return nil
		}) // at the end of the life the next turn returns
		for _, vm := range start {
			l.restartProtected(vm, tried)
		}
	}
}

// watchHosts declares hosts dead that have not been seen for a minute.
func (t *tx) watchHosts(seen map[*member]time.Time, begun time.Time) {
	l, now := t.life, time.Now()
	for _, m := range l.pool.members {
		host := t.hostOfMember(m)
		switch {
		case host == nullRef || m == l.master:
		case l.follower(m):
			seen[m] = now
		case now.Sub(seen[m]) < haDeadAfter || now.Sub(begun) < haDeadAfter || m.stopping:
		case t.hostLive(host) || len(t.guestsOn(host)) > 0:
			t.fence(m, host)
		}
	}
}

// fence is the end of a host for HA: the machine is made sure to be off, and its VMs do not run any more.
func (t *tx) fence(m *member, host string) {
	if m.state != memberSilent {
		m.lose(memberSilent)
	}
	t.set("host_metrics", t.str("host", host, "metrics"), "live", false)
	for _, vm := range t.guestsOn(host) {
		t.forgetDomain(vm)
	}
	t.refreshHost(host)
	t.alert("HA_HOST_FAILED", "Host", t.str("host", host, "uuid"), "Server '"+t.str("host", host, "name_label")+"' has failed")
}

func (t *tx) alert(name, class, uuid, body string) {
	t.create("message", values{
		"name": name, "priority": int64(1), "cls": class, "obj_uuid": uuid, "timestamp": t.now(), "body": body,
	})
}

// toRestart lists the VMs that are to run and do not, by ascending order of their own; those with best effort last.
func (t *tx) toRestart(tried map[string]time.Time) []string {
	if time.Now().Before(t.life.noRestarts) {
		return nil
	}
	var vms []string
	for _, vm := range t.all("VM") {
		failed, known := tried[vm]
		if t.str("VM", vm, "power_state") == halted && t.flag("VM", vm, "ha_always_run") && t.protected(vm) &&
			len(t.dict("VM", vm, "current_operations")) == 0 && (!known || time.Since(failed) >= haRetryAfter) {
			vms = append(vms, vm)
		}
	}
	slices.SortStableFunc(vms, func(a, b string) int { return cmp.Compare(t.num("VM", a, "order"), t.num("VM", b, "order")) })
	return vms
}

// restartProtected starts a VM as xapi does for HA. The next waits for it.
func (l *life) restartProtected(vm string, tried map[string]time.Time) {
	p := l.pool
	c := &call{
		pool: p, life: l, member: l.master, message: p.schema.calls["VM.start"], method: "VM.start", name: "VM.start",
		params: []any{vm, false, true},
	}
	if l.update(func(t *tx) error { c.session = t.newSession("HA"); return nil }) != nil {
		return // the life has ended
	}
	_, err := c.runSync(p.behaviours["VM.start"])
	_ = l.update(func(t *tx) error {
		t.endSession(c.session)
		delete(tried, vm)
		if err != nil && !errors.Is(err, errLifeEnded) {
			tried[vm] = time.Now()
			t.alert("HA_PROTECTED_VM_RESTART_FAILED", "VM", t.str("VM", vm, "uuid"),
				"HA failed to restart VM '"+t.str("VM", vm, "name_label")+"': "+asFailure(err).Code)
		}
		return nil
	}) // a life that ended has nobody to tell
}

// elect is what the members of a pool with HA do when their master has died: a survivor becomes master, with every write
// that the old one made, and the others follow it. The old one finds itself a slave when it comes back.
func (l *life) elect() {
	p, dead := l.pool, l.master
	timer := time.NewTimer(haDeadAfter)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.done():
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var survivors []*member
	for _, m := range p.members {
		if m != dead && m.home == l && (m.state == memberUp || m.state == memberWaiting) {
			survivors = append(survivors, m)
		}
	}
	if len(survivors) == 0 || dead.life != nil {
		return
	}
	next := survivors[0]
	dead.conf = slaveOf(next.address)
	for _, m := range survivors {
		m.disk, m.conf = dead.disk, slaveOf(next.address)
		if m == next {
			m.conf = masterConf()
		}
		m.lightFuse(fuseTime)
	}
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
