package simulator

import (
	"strconv"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/internal/wire/xapid"
)

type operation string

const (
	opAdd operation = "add"
	opMod operation = "mod"
	opDel operation = "del"
)

// eventQueue is the one queue of event.next: an event gets a number and a place only if some session wants it.
type eventQueue struct {
	events  []*event
	bytes   int   // of the events' JSON
	next    int64 // id of the next event
	lost    int64 // highest id that was dropped; -1: none
	subs    map[string]*subscription
	queued  signal // an event was queued, or a session ended
	written signal // something was written, or a session ended: for event.from
}

// event is one entry of the queue.
type event struct {
	id   int64
	at   time.Time
	op   operation
	now  *record
	size int
}

// subscription is what a session registered for; one a session.
type subscription struct {
	patterns []pattern
	cursor   int64 // id of the first event that it has not had
}

// pattern is "*", a class, or an object of a class. Classes compare without case.
type pattern struct {
	text  string
	class string // lower case; "*": all
	ref   string // "": all of the class
}

func newPattern(text string) pattern {
	class, ref, _ := strings.Cut(text, "/")
	return pattern{text: text, class: strings.ToLower(class), ref: ref}
}

func (p pattern) matches(class, ref string) bool {
	return p.class == "*" || p.class == class && (p.ref == "" || p.ref == ref)
}

func matchesAny(patterns []pattern, class, ref string) bool {
	for _, p := range patterns {
		if p.matches(class, ref) {
			return true
		}
	}
	return false
}

func (q *eventQueue) init() {
	q.lost = -1
	q.subs = make(map[string]*subscription)
}

// emit makes the events of one write.
func (t *tx) emit(op operation, now *record) {
	t.life.tellWrite(op, now)
	if !now.class.GeneratesEvents {
		return
	}
	t.life.events.written.raise()
	t.life.enqueue(op, now)
}

// emitRow makes a mod event of a row that a relation touched, nil being none.
func (t *tx) emitRow(r *row) {
	if r != nil {
		t.emit(opMod, r.now)
	}
}

// enqueue puts an event in the queue if a subscription matches.
func (l *life) enqueue(op operation, now *record) {
	q := &l.events
	if !q.wanted(now) {
		return
	}
	e := &event{id: q.next, at: l.clock(), op: op, now: now, size: now.jsonSize() + 120}
	q.next++
	q.events = append(q.events, e)
	q.bytes += e.size
	for q.bytes > l.pool.model.EventQueueBytes && len(q.events) > 0 {
		q.lost = q.events[0].id
		q.bytes -= q.events[0].size
		q.events[0] = nil
		q.events = q.events[1:]
	}
	q.queued.raise()
}

func (q *eventQueue) wanted(now *record) bool {
	for _, s := range q.subs {
		if matchesAny(s.patterns, now.class.EventClass, now.ref) {
			return true
		}
	}
	return false
}

// loseAll drops every queued event and one more that never was, so that each subscriber has lost something.
func (q *eventQueue) loseAll() {
	q.lost = q.next
	q.next++
	q.events, q.bytes = nil, 0
	q.queued.raise()
}

// AppendXML appends the event as event.next sends it; a del has its last state.
func (e *event) AppendXML(dst []byte) []byte {
	dst = append(dst, `<value><struct>`...)
	dst = xapid.AppendMember(dst, "id", strconv.FormatInt(e.id, 10))
	dst = xapid.AppendMember(dst, "timestamp", strconv.FormatInt(e.at.Unix(), 10)+".")
	dst = xapid.AppendMember(dst, "class", e.now.class.EventClass)
	dst = xapid.AppendMember(dst, "operation", string(e.op))
	dst = xapid.AppendMember(dst, "ref", e.now.ref)
	dst = xapid.AppendMember(dst, "snapshot", e.now)
	return append(dst, `</struct></value>`...)
}
