package informer

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

const (
	// sameMiscount is how many replies in a row have to tell a number of objects that differs from ours by as much. xapi:
	// an object that ends between the scan of a reply and its snapshots is counted and not told, once.
	sameMiscount = 3
	// manyMessages is how many deletions of messages in one reply may be more than there is a memory for. xapi: 1,024 are
	// kept, and cut to 512.
	manyMessages = 512
)

// errMiscounted is the end of a stream that has lost deletions.
var errMiscounted = errors.New("the pool has another number of objects")

// tally compares the number of objects with what event.from tells in every reply, which alone shows what it lost.
type tally struct {
	classes []xen.Class
	left    map[xen.Class]map[string]bool // that the pool has and we could not read, so that they may not be in the store
	unread  map[xen.Class]map[string]bool // of these, to be asked for again
	off     map[xen.Class]miscount
	blamed  map[xen.Class]int // differences that have cost a list
	hurried int               // replies that were asked for without waiting, in a row
}

// miscount is a difference that was seen in a number of replies in a row.
type miscount struct{ by, times int }

func newTally(classes []xen.Class) *tally {
	return &tally{
		classes: classes, left: map[xen.Class]map[string]bool{}, unread: map[xen.Class]map[string]bool{},
		off: map[xen.Class]miscount{}, blamed: map[xen.Class]int{},
	}
}

// begin starts anew from a whole list.
func (t *tally) begin(lists []xen.ObjectList) {
	clear(t.left)
	clear(t.unread)
	clear(t.off)
	t.hurried = 0
	for _, list := range lists {
		for _, o := range list.Skipped {
			put(t.left, list.Class, o.Ref)
		}
	}
}

// event notes what an event does to the objects that could not be read. There: the store has the object.
func (t *tally) event(e xen.Event, there bool) {
	if e.Operation != xen.EventDel && (e.Snapshot == nil || e.Err != nil) {
		put(t.unread, e.Class, e.Ref)
		if !there {
			put(t.left, e.Class, e.Ref)
		}
		return
	}
	delete(t.left[e.Class], e.Ref)
	delete(t.unread[e.Class], e.Ref)
}

// takeUnread takes out the objects of a class that have to be asked for.
func (t *tally) takeUnread(class xen.Class) []string {
	refs := slices.Sorted(maps.Keys(t.unread[class]))
	delete(t.unread, class)
	return refs
}

// read notes what came of asking.
func (t *tally) read(list xen.ObjectList) {
	for _, o := range list.Objects {
		delete(t.left[list.Class], o.Ref)
	}
	for _, o := range list.Skipped {
		put(t.left, list.Class, o.Ref)
	}
}

// check compares a reply's numbers with the store that it was applied to; an error once the same class has been off by the
// same number often enough. A list that mended nothing is not made again: the server counts what it does not tell of.
func (t *tally) check(counts xen.Map[string, int64], snap store.Snapshot) error {
	for _, class := range t.classes {
		n, told := counts.Get(class.EventWord())
		ours := store.Len(snap, class) + len(t.left[class])
		by := ours - int(n)
		if by == 0 {
			delete(t.blamed, class)
		}
		if !told || by == 0 || uncounted(class) || t.blamed[class] == by {
			delete(t.off, class)
			continue
		}
		m := t.off[class]
		if m.by != by {
			m = miscount{by: by}
		}
		if m.times++; m.times == sameMiscount {
			t.blamed[class] = by
			return fmt.Errorf("%w: %d of class %s, not %d; event.from lost what became of them", errMiscounted, n, class, ours)
		}
		t.off[class] = m
	}
	if len(t.off) == 0 {
		t.hurried = 0
	}
	return nil
}

// patience is how long the next reply may take: none while numbers differ, but for those that differ for ever.
func (t *tally) patience() time.Duration {
	if len(t.off) == 0 || t.hurried >= sameMiscount {
		return fromWait
	}
	t.hurried++
	return 0
}

// lostMessages reports a reply with so many deletions of messages that there may have been more.
func (t *tally) lostMessages(events []xen.Event) error {
	deleted := 0
	for _, e := range events {
		if e.Class == xen.ClassMessage && e.Operation == xen.EventDel {
			deleted++
		}
	}
	if deleted < manyMessages || !slices.Contains(t.classes, xen.ClassMessage) {
		return nil
	}
	return fmt.Errorf("%w: %d messages were deleted at once, which is as many as event.from remembers", errMiscounted, deleted)
}

func put(m map[xen.Class]map[string]bool, class xen.Class, ref string) {
	if m[class] == nil {
		m[class] = map[string]bool{}
	}
	m[class][ref] = true
}
