package record

import (
	"bytes"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// KeepRaw notes a text of a record. Two of them are worth a look, because most references of a record are one or the
// other.
func KeepRaw[T ~string](c *Core, at *T, raw []byte, start int) {
	switch string(raw) {
	case "":
		*at = ""
	case xen.NullRef:
		*at = xen.NullRef
	default:
		Keep(&c.Text, at, raw, start)
	}
}

// Recall returns what comes next if it is empty, which is written so, or remembered, and passes over it.
func (c *Core) Recall(w *Walk, empty string) (cells []string, ok bool) {
	if c.Pass(empty) {
		return nil, true
	}
	memo := &w.Known[w.Place].Whole
	if w.Awake = memo.Awake(); !w.Awake {
		return nil, false
	}
	v, n := memo.Find(c.Data[c.Pos:])
	if v == nil {
		return nil, false
	}
	c.Pos += n
	return v.Cells, true
}

// Remember takes the cells that were read since a mark, at start, out of the record, if they are worth remembering.
func (c *Core) Remember(w *Walk, mark Mark, start int) (cells []string, ok bool) {
	if !w.Awake || c.Err != nil || c.Bad != nil || c.Pos == start {
		return nil, false
	}
	memo, raw := &w.Known[w.Place].Whole, c.Data[start:c.Pos]
	if !memo.Admits(raw) || bytes.IndexByte(raw, 0) >= 0 {
		return nil, false
	}
	cells, bad := c.Text.Take(mark, c.lexer.Escape(), c.lexer.Resolve)
	if bad >= 0 {
		c.unreadable(bad)
		return nil, false
	}
	memo.Add(raw, Value{Cells: cells})
	return cells, true
}

// Part returns a text that was just read if it is remembered, or worth it from now on. It stands in the window at a
// place, as raw; whole is how the item is written that it is the value of, of which the first keyed bytes are the key.
func (c *Core) Part(known *Table, chain *Chain, whole, raw []byte, from, keyed int, key string) (text string, ok bool) {
	item, hash := known.Find(chain, whole)
	if item != nil {
		return item.Text, true
	}
	if !known.Admits(whole, hash) {
		chain.pass()
		return "", false
	}
	if text, ok = c.Own(raw, from); ok {
		known.Add(chain, whole, hash, keyed, Item{Key: key, Text: text})
	}
	return text, true // no text where it cannot be read: that ended reading
}
