package simulator

import (
	"cmp"
	"slices"
	"time"
)

// What xapi's collector goes by. It runs every 30 s on the master.
const (
	collectEvery      = 30 * time.Second
	finishedTaskKept  = 3900 * time.Second
	pendingTaskKept   = 24 * time.Hour
	tasksKept         = 200
	idleSessionKept   = 24 * time.Hour
	anonymousSessions = 400 // of root without an originator
	sessionsEach      = 500 // of one originator
	hostDeadAfter     = 600 * time.Second
)

// collect is the collector and the heartbeat of events, until the life ends.
func (l *life) collect() {
	tick := time.NewTicker(collectEvery)
	defer tick.Stop()
	progress := make(map[string]float64) // of pending tasks at the last pass
	for {
		select {
		case <-tick.C:
		case <-l.done():
			return
		}
		_ = l.update(func(t *tx) error {
			t.collectTasks(progress)
			t.collectSessions()
			t.declareDead()
			t.compareClocks()
			t.collectDevices()
			t.heartbeat()
			return nil
		}) // at the end of the life the next turn returns
	}
}

// heartbeat sends the pool, unchanged, to those who wait for events of it.
func (t *tx) heartbeat() {
	if r := t.record("pool", t.the("pool")); r != nil {
		t.life.enqueue(opMod, r)
		t.life.events.written.raise()
	}
}

// collectTasks deletes tasks: ended long ago, pending too long without progress, destroyed while pending, and those
// beyond 200.
func (t *tx) collectTasks(progress map[string]float64) {
	now := t.life.clock()
	var ended []string
	spared := 0
	for _, ref := range slices.Clone(t.all("task")) {
		pending := t.str("task", ref, "status") == "pending"
		_, marked := t.dict("task", ref, "current_operations").Get("task")
		old, known := progress[ref]
		moved := !known || old != t.float("task", ref, "progress")
		progress[ref] = t.float("task", ref, "progress")
		switch {
		case !pending && (marked || now.Sub(t.at("task", ref, "finished")) > finishedTaskKept),
			pending && now.Sub(t.at("task", ref, "created")) > pendingTaskKept && !moved:
			t.destroy("task", ref)
			delete(progress, ref)
			continue
		case !pending:
			ended = append(ended, ref)
		}
		spared++
	}
	t.flushTasks(ended, spared)
}

// flushTasks applies the rule of 200. xapi since 25.37 keeps 200 − (number of ended ones) ended tasks, none as soon as 200
// have ended; before, only the overflow went, oldest first.
func (t *tx) flushTasks(ended []string, spared int) {
	if spared <= tasksKept {
		return
	}
	slices.SortStableFunc(ended, func(a, b string) int { // oldest first
		return cmp.Or(t.at("task", a, "finished").Compare(t.at("task", b, "finished")), cmp.Compare(t.row("task", a).created, t.row("task", b).created))
	})
	drop := spared - tasksKept
	if t.life.pool.model.since(25, 37) {
		drop = len(ended) - max(0, tasksKept-len(ended))
	}
	for _, ref := range ended[:min(drop, len(ended))] {
		t.destroy("task", ref)
	}
}

// collectSessions ends idle sessions and the longest idle ones of a group that is too large. A session with tasks that
// have not ended is exempt.
func (t *tx) collectSessions() {
	now := t.life.clock()
	groups := make(map[string][]string)
	for _, ref := range slices.Clone(t.all("session")) {
		if t.busy(ref) {
			continue
		}
		if now.Sub(t.at("session", ref, "last_active")) > idleSessionKept {
			t.endSession(ref)
			continue
		}
		originator := t.str("session", ref, "originator")
		groups[originator] = append(groups[originator], ref)
	}
	for originator, refs := range groups {
		limit := sessionsEach
		if originator == "" {
			limit = anonymousSessions
		}
		slices.SortStableFunc(refs, func(a, b string) int {
			return cmp.Or(t.at("session", a, "last_active").Compare(t.at("session", b, "last_active")), cmp.Compare(t.row("session", a).created, t.row("session", b).created))
		})
		for _, ref := range refs[:max(0, len(refs)-limit)] {
			t.endSession(ref)
		}
	}
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
