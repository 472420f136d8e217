package simulator

import (
	"cmp"
	"slices"
	"time"
)

// What xapi's collector goes by where sessions are concerned.
const (
	idleSessionKept  = 24 * time.Hour
	sessionsTogether = 400 // of root without an originator, and of members among themselves
	sessionsEach     = 500 // of one originator, and of one user who is not root
	revalidateEvery  = 300 * time.Second
)

// collectSessions ends idle sessions, the longest idle ones of a group that is too large, and those of users who have lost
// their rights. A session with tasks that have not ended is exempt from the first two.
func (t *tx) collectSessions() {
	now := t.life.clock()
	groups := make(map[sessionGroup][]string)
	for _, ref := range slices.Clone(t.all("session")) {
		switch {
		case t.revoked(ref):
			t.endSession(ref)
		case t.busy(ref):
		case now.Sub(t.at("session", ref, "last_active")) > idleSessionKept:
			t.endSession(ref)
		default:
			g := t.groupOf(ref)
			groups[g] = append(groups[g], ref)
		}
	}
	for g, refs := range groups {
		slices.SortStableFunc(refs, func(a, b string) int {
			return cmp.Or(t.at("session", a, "last_active").Compare(t.at("session", b, "last_active")), cmp.Compare(t.row("session", a).created, t.row("session", b).created))
		})
		for _, ref := range refs[:max(0, len(refs)-g.limit())] {
			t.endSession(ref)
		}
	}
}

// sessionGroup is who shares a number of sessions; the zero value is root without an originator.
type sessionGroup struct {
	pool             bool // members among themselves
	user, originator string
}

// groupOf is the group of a session. The originator of somebody who is not root does not count.
func (t *tx) groupOf(session string) sessionGroup {
	switch name := t.str("session", session, "auth_user_name"); {
	case t.flag("session", session, "pool"):
		return sessionGroup{pool: true}
	case name != "" && name != "root":
		return sessionGroup{user: name}
	}
	return sessionGroup{originator: t.str("session", session, "originator")}
}

func (g sessionGroup) limit() int {
	if g.user != "" || g.originator != "" {
		return sessionsEach
	}
	return sessionsTogether
}

// revoked looks, every five minutes, whether a user of a directory still has a role in the pool.
func (t *tx) revoked(session string) bool {
	subject, now := t.str("session", session, "subject"), t.life.clock()
	if subject == nullRef || now.Sub(t.at("session", session, "validation_time")) < revalidateEvery {
		return false
	}
	if !t.exists("subject", subject) || len(t.strs("subject", subject, "roles")) == 0 {
		return true
	}
	t.set("session", session, "validation_time", t.now())
	return false
}

// busy says whether a session has tasks that have not ended.
func (t *tx) busy(session string) bool {
	for _, task := range t.strs("session", session, "tasks") {
		if t.str("task", task, "status") == "pending" {
			return true
		}
	}
	return false
}
