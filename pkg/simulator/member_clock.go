package simulator

import (
	"time"

	"github.com/xencontroller/xencontroller/internal/wire/xapid"
)

// xapi: a member whose clock is off by more than the first from the master's is an alert, again only after it was off by
// less than the second.
const (
	skewAlert = 300 * time.Second
	skewCalm  = 150 * time.Second
)

// clock is the time by the master's clock, which all stored dates are of.
func (l *life) clock() time.Time {
	if l.master == nil {
		return time.Now()
	}
	return time.Now().Add(l.master.skew)
}

// hostTime is the time by a host's own clock.
func (t *tx) hostTime(host string) time.Time {
	if m := t.memberOf(host); m != nil {
		return time.Now().Add(m.skew)
	}
	return t.life.clock()
}

// hostLocalTime is host.get_server_localtime, the only date of the API without a zone. Hosts of the simulator live in UTC.
func hostLocalTime(c *call) (any, error) {
	var now time.Time
	err := c.view(func(t *tx) error { now = t.hostTime(c.str(0)); return t.must("host", c.str(0)) })
	return xapid.Date(now.UTC().Format("20060102T15:04:05")), err
}

// compareClocks makes the alerts about clocks that are off.
func (t *tx) compareClocks() {
	for _, m := range t.life.pool.members {
		if !t.life.follower(m) {
			continue
		}
		off := (m.skew - t.life.master.skew).Abs()
		switch {
		case off > skewAlert && !m.skewTold:
			m.skewTold = true
			t.create("message", values{
				"name": "HOST_CLOCK_SKEW_DETECTED", "priority": int64(4), "cls": "Host", "obj_uuid": m.hostUUID,
				"timestamp": t.now(), "body": "Clock skew detected on host " + m.name,
			})
		case off < skewCalm:
			m.skewTold = false
		}
	}
}
