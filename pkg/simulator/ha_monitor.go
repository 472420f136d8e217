package simulator

import (
	"strconv"
	"time"
)

// What HA goes by.
const (
	haLookEvery   = 20 * time.Second  // the master looks at the liveset
	haDeadAfter   = 60 * time.Second  // a host that is not in it
	haRetryAfter  = 120 * time.Second // a protected VM that could not be started
	haBestEfforts = 2                 // times that a VM with best effort is tried
)

// haMonitor looks after the hosts and the protected VMs of a life, while HA is on.
func (l *life) haMonitor() {
	tick := time.NewTicker(haLookEvery)
	defer tick.Stop()
	seen := make(map[*member]time.Time)
	r := &haRestarts{life: l, tried: map[string]time.Time{}, alerted: map[string]bool{}, efforts: map[string]int{}}
	begun := time.Now()
	for {
		select {
		case <-tick.C:
		case <-l.done():
			return
		}
		_ = l.update(func(t *tx) error {
			if !l.redoLog() {
				begun = time.Now()
				clear(seen)
				return nil
			}
			t.watchHosts(seen, begun, r.efforts)
			t.replan()
			r.plan(t)
			return nil
		}) // at the end of the life the next turn returns
		r.carryOut()
	}
}

// watchHosts declares hosts dead that have not been seen for a minute. efforts takes up their VMs that HA does its best for.
func (t *tx) watchHosts(seen map[*member]time.Time, begun time.Time, efforts map[string]int) {
	l, now := t.life, time.Now()
	for _, m := range l.pool.members {
		host := t.hostOfMember(m)
		switch {
		case host == nullRef || m == l.master || m.disarmed:
		case l.follower(m):
			seen[m] = now
		case now.Sub(seen[m]) < haDeadAfter || now.Sub(begun) < haDeadAfter || m.stopping:
		case t.hostLive(host) || len(t.guestsOn(host)) > 0:
			t.fence(m, host, efforts)
		}
	}
}

// fence is the end of a host for HA: the machine is made sure to be off, and its VMs do not run any more.
func (t *tx) fence(m *member, host string, efforts map[string]int) {
	if m.state != memberSilent {
		m.lose()
	}
	t.set("host_metrics", t.str("host", host, "metrics"), "live", false)
	for _, vm := range t.guestsOn(host) {
		if t.str("VM", vm, "ha_restart_priority") == "best-effort" {
			efforts[vm] = haBestEfforts
		}
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
		if m != dead && m.home == l && !m.disarmed && (m.state == memberUp || m.state == memberWaiting) {
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
