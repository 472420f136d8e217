package simulator

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/internal/wire/xapid"
)

// How event.from waits. xapi up to 25.4 waits after each wake-up, and half a second beyond the timeout; newer ones wait
// before the first look, unless only tasks are asked for, and then longer from look to look.
const (
	fromDelay   = 50 * time.Millisecond
	fromRelook  = 6250 * time.Microsecond // doubled at each look, up to fromDelay
	fromOverrun = 500 * time.Millisecond
	longestWait = 24 * time.Hour
)

// fromToken is the place of an event.from client: a generation of the database and one of the messages.
type fromToken struct{ database, messages int64 }

func parseToken(text string) (fromToken, error) {
	if text == "" {
		return fromToken{}, nil
	}
	first, second, ok := strings.Cut(text, ",")
	database, err1 := strconv.ParseInt(first, 10, 64)
	messages, err2 := strconv.ParseInt(second, 10, 64)
	if !ok || err1 != nil || err2 != nil {
		return fromToken{}, fail("EVENT_FROM_TOKEN_PARSE_FAILURE", text)
	}
	return fromToken{database, messages}, nil
}

// eventsFrom answers what changed since the token, or waits for it until the timeout. Nothing is remembered between calls.
func eventsFrom(c *call) (any, error) {
	since, err := parseToken(c.str(1))
	if err != nil {
		return nil, err
	}
	newer := c.pool.model.since(25, 5)
	atOnce := !newer && !(c.float(2) > 0) // NaN too
	timer := time.NewTimer(fromTimeout(c.float(2), newer))
	defer timer.Stop()
	var patterns []pattern
	for _, word := range wordsOf(c.members(0)) {
		patterns = append(patterns, newPattern(word))
	}
	pause := fromDelay
	if newer {
		if err := c.sleep(firstFromDelay(patterns)); err != nil {
			return nil, err
		}
		pause = fromRelook
	}
	for over := false; ; pause = min(2*pause, fromDelay) {
		s, wait, err := c.scan(patterns, since)
		if err != nil || over || len(s.events) > 0 || atOnce {
			return s.reply(), err
		}
		select {
		case <-wait:
		case <-timer.C:
			over = true
		case <-c.life.done():
			return nil, errLifeEnded
		}
		if err := c.sleep(pause); err != nil {
			return nil, err
		}
	}
}

// firstFromDelay is how long xapi since 25.5 waits before it looks at all.
func firstFromDelay(patterns []pattern) time.Duration {
	for _, p := range patterns {
		if p.class != "task" {
			return fromDelay
		}
	}
	return 0
}

func fromTimeout(seconds float64, newer bool) time.Duration {
	odd := seconds < 0 || math.IsNaN(seconds) || seconds > longestWait.Seconds()
	switch {
	case newer && odd:
		return longestWait
	case odd:
		return longestWait
	}
	d := time.Duration(seconds * float64(time.Second))
	if !newer {
		d += fromOverrun
	}
	return d
}

// fromScan is what event.from found.
type fromScan struct {
	events Set
	counts Map
	token  fromToken
}

// fromEvent is one event of event.from; a del has no snapshot.
type fromEvent struct {
	id       int64
	class    *class
	op       operation
	ref      string
	snapshot *record
}

// AppendXML appends the event as event.from sends it.
func (e fromEvent) AppendXML(dst []byte) []byte {
	dst = append(dst, `<value><struct>`...)
	dst = xapid.AppendMember(dst, "id", strconv.FormatInt(e.id, 10))
	dst = xapid.AppendMember(dst, "timestamp", "0.0")
	dst = xapid.AppendMember(dst, "class", e.class.EventClass)
	dst = xapid.AppendMember(dst, "operation", string(e.op))
	dst = xapid.AppendMember(dst, "ref", e.ref)
	if e.snapshot != nil {
		dst = xapid.AppendMember(dst, "snapshot", e.snapshot)
	}
	return append(dst, `</struct></value>`...)
}

func (s *fromScan) reply() Map {
	if s == nil {
		return nil
	}
	return Map{
		{Key: "events", Value: s.events},
		{Key: "valid_ref_counts", Value: s.counts},
		{Key: "token", Value: formatToken(s.token.database, s.token.messages)},
	}
}

func (c *call) scan(patterns []pattern, since fromToken) (s *fromScan, wait <-chan struct{}, err error) {
	err = c.view(func(t *tx) error {
		if !t.exists("session", c.session) && !c.member.local[c.session] {
			return fail("SESSION_INVALID", c.session)
		}
		s = t.scan(patterns, since)
		wait = t.life.events.written.next()
		return nil
	})
	return s, wait, err
}

// scan collects what changed: messages first, then all adds, all mods, all dels of the database, each by class.
func (t *tx) scan(patterns []pattern, since fromToken) *fromScan {
	s := &fromScan{token: fromToken{database: since.database}}
	var adds, mods, dels Set
	for _, c := range t.life.db.schema.ordered {
		if !c.GeneratesEvents || !wantsClass(patterns, c.EventClass) {
			continue
		}
		tab := t.table(c.Name)
		if c.Name == "message" {
			s.scanMessages(tab, since.messages)
			continue
		}
		if tab.changed <= since.database {
			continue
		}
		a, m := s.scanRows(tab, patterns, since.database)
		adds, mods = append(adds, a...), append(mods, m...)
		dels = append(dels, s.scanDeleted(tab, patterns, since.database)...)
	}
	s.events = slices.Concat(s.events, adds, mods, dels)
	if s.events == nil {
		s.events = Set{}
	}
	s.counts = t.refCounts()
	return s
}

func wantsClass(patterns []pattern, class string) bool {
	return slices.ContainsFunc(patterns, func(p pattern) bool { return p.class == "*" || p.class == class })
}

func (s *fromScan) scanMessages(tab *table, since int64) {
	var adds []*row
	for _, d := range tab.deleted {
		s.token.messages = max(s.token.messages, d.deleted)
		if d.deleted > since && d.created <= since {
			s.events = append(s.events, fromEvent{0, tab.class, opDel, d.ref, nil})
		}
	}
	for _, r := range tab.sorted() {
		s.token.messages = max(s.token.messages, r.created)
		if r.created > since {
			adds = append(adds, r)
		}
	}
	slices.SortFunc(adds, func(a, b *row) int { return cmp.Compare(a.created, b.created) })
	for _, r := range adds {
		s.events = append(s.events, fromEvent{0, tab.class, opAdd, r.now.ref, r.now})
	}
	s.token.messages = max(s.token.messages, since)
}

func (s *fromScan) scanRows(tab *table, patterns []pattern, since int64) (adds, mods Set) {
	rows := tab.sorted()
	for _, r := range slices.Backward(rows) { // ascending

		if r.modified <= since || !matchesAny(patterns, tab.class.EventClass, r.now.ref) {
			continue
		}
		s.token.database = max(s.token.database, r.modified)
		switch {
		case r.created > since:
			adds = append(adds, fromEvent{r.created, tab.class, opAdd, r.now.ref, r.now})
		default:
			mods = append(mods, fromEvent{r.modified, tab.class, opMod, r.now.ref, r.now})
		}
	}
	return adds, mods
}

func (s *fromScan) scanDeleted(tab *table, patterns []pattern, since int64) (dels Set) {
	for _, d := range slices.Backward(tab.deleted) { // newest first

		if d.deleted <= since || !matchesAny(patterns, tab.class.EventClass, d.ref) {
			continue
		}
		s.token.database = max(s.token.database, d.deleted)
		if d.created <= since {
			dels = append(dels, fromEvent{d.deleted, tab.class, opDel, d.ref, nil})
		}
	}
	return dels
}

// refCounts counts the rows of every table, also those without events, in descending order of the names; messages are
// in files and count as none.
func (t *tx) refCounts() Map {
	counts := make(Map, 0, len(t.life.db.names))
	for _, name := range t.life.db.names {
		if !t.life.db.tables[name].class.present {
			continue
		}
		n := len(t.life.db.tables[name].rows)
		if name == "message" {
			n = 0
		}
		counts = append(counts, Entry{Key: t.life.db.tables[name].class.EventClass, Value: xapid.I4(n)})
	}
	return counts
}
