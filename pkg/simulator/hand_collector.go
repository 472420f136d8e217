package simulator

import (
	"cmp"
	"fmt"
	"slices"
)

// EvictSession ends the session of an originator that has been idle longest, as the collector does once there are more than
// 500 of one: a program that forgets to log out does that to its neighbours of the same name. Sessions with work that has
// not ended are spared.
func (p *Pool) EvictSession(originator string) error {
	return p.update(func(t *tx) error {
		var idle []string
		for _, ref := range t.all("session") {
			if t.str("session", ref, "originator") == originator && !t.busy(ref) {
				idle = append(idle, ref)
			}
		}
		if len(idle) == 0 {
			return fmt.Errorf("simulator: no session of %q is without work", originator)
		}
		t.endSession(slices.MinFunc(idle, func(a, b string) int {
			return cmp.Or(t.at("session", a, "last_active").Compare(t.at("session", b, "last_active")), cmp.Compare(t.row("session", a).created, t.row("session", b).created))
		}))
		return nil
	})
}

// LeaveTasks adds n tasks of somebody else that have succeeded just now and that nobody destroys. Beyond 200 the collector
// drops ended ones, by a rule that spares nobody's.
func (p *Pool) LeaveTasks(n int) error {
	return p.update(func(t *tx) error {
		for range n {
			t.create("task", values{
				"name_label": "Async.VDI.copy", "status": "success", "progress": 1.0, "created": t.now(), "finished": t.now(),
				"resident_on": t.masterHost(), "type": "<none/>", "backtrace": "()",
			})
		}
		return nil
	})
}
