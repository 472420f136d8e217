package simulator

import (
	"cmp"
	"slices"
	"time"
)

// What xapi's collector goes by. It runs every 30 s on the master.
const (
	collectEvery     = 30 * time.Second
	finishedTaskKept = 3900 * time.Second
	pendingTaskKept  = 24 * time.Hour
	tasksKept        = 200
	messagesKept     = 10_000
	hostDeadAfter    = 600 * time.Second
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
			t.collectMessages()
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

// collectMessages deletes the oldest alerts beyond the number that xapi keeps.
func (t *tx) collectMessages() {
	rows := t.table("message").sorted()
	if len(rows) <= messagesKept {
		return
	}
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b *row) int { return cmp.Compare(a.created, b.created) })
	for _, r := range rows[:len(rows)-messagesKept] {
		t.destroy("message", r.now.ref)
	}
}
