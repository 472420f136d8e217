package simulator

import (
	"fmt"
	"slices"
	"time"
)

// How long event.next of xapi since 25.5 collects: before its first look, and before each further one.
const (
	nextDelay   = 200 * time.Millisecond
	nextRelooks = 50 * time.Millisecond
)

// eventBehaviours are the calls of class event.
func eventBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"event.register":       registerEvents,
		"event.unregister":     unregisterEvents,
		"event.next":           nextEvents,
		"event.from":           eventsFrom,
		"event.get_current_id": currentEventID,
		"event.inject":         injectEvent,
	}
}

// subscription is the session's one, made by the first register or unregister with the cursor at the present.
func (t *tx) subscription(session string) *subscription {
	q := &t.life.events
	s := q.subs[session]
	if s == nil {
		s = &subscription{cursor: q.next}
		q.subs[session] = s
	}
	return s
}

func registerEvents(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		s := t.subscription(c.session)
		for _, word := range wordsOf(c.members(0)) {
			s.patterns = append(s.patterns, newPattern(word))
		}
		return nil
	})
}

// unregisterEvents removes equal entries: ["vm"] cuts no hole into "*".
func unregisterEvents(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		s := t.subscription(c.session)
		for _, word := range wordsOf(c.members(0)) {
			gone := newPattern(word)
			s.patterns = slices.DeleteFunc(s.patterns, func(p pattern) bool { return p.class == gone.class && p.ref == gone.ref })
		}
		return nil
	})
}

func currentEventID(c *call) (any, error) {
	var id int64
	err := c.view(func(t *tx) error { id = t.life.events.next; return nil })
	return id, err
}

// nextEvents blocks until there are events for the session. The cursor moves before the reply is written: whoever does
// not get the reply has lost its events. xapi since 25.5 also waits a little to collect more.
func nextEvents(c *call) (any, error) {
	collects, ticket := c.pool.model.since(25, 5), c.pool.ticket()
	for delay := nextDelay; ; delay = nextRelooks {
		if collects {
			if err := c.sleep(delay); err != nil {
				return nil, err
			}
		}
		batch, wait, err := c.takeEvents()
		if err != nil || len(batch) > 0 {
			return batch, err
		}
		select {
		case <-wait:
		case <-c.life.done():
			return nil, errLifeEnded
		}
		if err := c.letFinish(ticket); err != nil {
			return nil, err
		}
	}
}

// takeEvents takes what is there for the session, or says what to wait for.
func (c *call) takeEvents() (batch Set, wait <-chan struct{}, err error) {
	err = c.update(func(t *tx) error {
		q := &t.life.events
		if !t.exists("session", c.session) && !c.member.local[c.session] {
			return fail("SESSION_INVALID", c.session)
		}
		s := q.subs[c.session]
		if s == nil {
			return fail("SESSION_NOT_REGISTERED", trackID(c.session))
		}
		cursor := s.cursor
		s.cursor = q.next
		if q.lost >= cursor {
			return fail("EVENTS_LOST")
		}
		first, _ := slices.BinarySearchFunc(q.events, cursor, func(e *event, id int64) int { return int(e.id - id) })
		for _, e := range q.events[first:] {
			if matchesAny(s.patterns, e.now.class.EventClass, e.now.ref) {
				batch = append(batch, e)
			}
		}
		wait = q.queued.next()
		return nil
	})
	return batch, wait, err
}

// injectEvent touches an object: a mod event without a change. The class must be in API spelling.
func injectEvent(c *call) (any, error) {
	var token string
	err := c.update(func(t *tx) error {
		class, ref := c.str(0), c.str(1)
		tab := t.life.db.tables[class]
		if tab == nil || tab.rows[ref] == nil {
			return noSuch(class, ref)
		}
		token = formatToken(t.life.db.generation, 0)
		t.touch(tab.rows[ref])
		t.emitRow(tab.rows[ref])
		return nil
	})
	return token, err
}

func formatToken(generation, messages int64) string {
	return fmt.Sprintf("%020d,%020d", generation, messages)
}

// LoseEvents makes every subscriber of event.next lose events: its next call answers EVENTS_LOST.
func (p *Pool) LoseEvents() {
	p.view(func(t *tx) { t.life.events.loseAll() })
}
