package record

// Table remembers short values whose end is found before they are looked up: references, the items of sets, the pairs of
// maps. The rules are a [Memo]'s. The zero Table is ready for use.
type Table struct {
	judge

	entries []Item
	slots   *[2 * maxRemembered]uint16 // by hash: one more than the place in entries; 0: none
	first   int32                      // the entry that a chain began with when it was last asked
}

// Item is a value that a Table remembers.
type Item struct {
	// Text is the value; Key is the key before it, where it is that of a pair.
	Text, Key string

	raw   string
	keyed int // how many bytes of raw are the key, with all that stands before the value
	hash  uint64
	next  int32 // the entry that came behind this one when that was last asked
}

// Chain is the way through the items of a set, or the pairs of a map. What came behind an item the last time is looked at
// first, because most sets and maps have much in common. The zero Chain stands at the start.
type Chain struct {
	behind int32 // one more than the entry that was found last
	key    int32 // one more than the entry whose key was found since
}

// Follow looks whether the item that came next in the last such set or map comes next again; n is how many bytes it
// takes. Where only its key does, whole is false, and n is the length of that. Nil where neither does.
func (t *Table) Follow(c *Chain, data []byte) (item *Item, n int, whole bool) {
	at := *t.link(c)
	if int(at) >= len(t.entries) {
		return nil, 0, false
	}
	item = &t.entries[at]
	if n = len(item.raw); len(data) >= n && string(data[:n]) == item.raw {
		t.hits++
		c.behind = at + 1
		return item, n, true
	}
	if n = item.keyed; n > 0 && len(data) >= n && string(data[:n]) == item.raw[:n] {
		c.key = at + 1
		return item, n, false
	}
	return nil, 0, false
}

// link is where the guess is kept of what comes next.
func (t *Table) link(c *Chain) *int32 {
	if at := int(c.behind) - 1; at >= 0 && at < len(t.entries) {
		return &t.entries[at].next
	}
	return &t.first
}

// Find returns the item that is written as raw; nil where it is not remembered. The hash is Add's.
func (t *Table) Find(c *Chain, raw []byte) (item *Item, hash uint64) {
	hash = sum(raw)
	if t.slots == nil {
		return nil, hash
	}
	for slot := hash; ; slot++ {
		at := int32(t.slots[slot%uint64(len(t.slots))]) - 1
		if at < 0 {
			return nil, hash
		}
		if item = &t.entries[at]; item.hash == hash && item.raw == string(raw) {
			t.hits++
			t.follows(c, at)
			return item, hash
		}
	}
}

// follows notes what came next.
func (t *Table) follows(c *Chain, at int32) {
	*t.link(c) = at
	c.behind, c.key = at+1, 0
}

// Pass goes on behind an item that is not remembered.
func (c *Chain) pass() {
	if c.key != 0 {
		c.behind, c.key = c.key, 0
	}
}

// Admits notes that a value was seen, and reports whether it is worth remembering: on its second sight.
func (t *Table) Admits(raw []byte, hash uint64) bool { return t.admits(len(raw), hash) }

// Add remembers an item that Find does not. A full Table forgets everything first.
func (t *Table) Add(c *Chain, raw []byte, hash uint64, keyed int, item Item) {
	if t.slots == nil {
		t.slots = new([2 * maxRemembered]uint16)
	}
	if len(t.entries) == maxRemembered {
		t.entries, *c = t.entries[:0], Chain{}
		clear(t.slots[:])
	}
	at := int32(len(t.entries))
	item.raw, item.keyed, item.hash, item.next = string(raw), keyed, hash, at
	t.entries = append(t.entries, item)
	slot := hash
	for t.slots[slot%uint64(len(t.slots))] != 0 {
		slot++
	}
	t.slots[slot%uint64(len(t.slots))] = uint16(at) + 1
	t.follows(c, at)
}
