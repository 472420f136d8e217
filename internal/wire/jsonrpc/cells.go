package jsonrpc

import (
	"github.com/xencontroller/xencontroller/internal/wire/record"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// The readers of a record's members. What they read is set once the record is complete, see record.Text.

// keepRef reads a reference. Many objects refer to the same few hosts, networks, storage repositories.
func keepRef[T ~string](d *decoder, w *record.Walk, at *T) {
	raw, start := d.scalar()
	if known := &w.Known[w.Place].Part; len(raw) > len(xen.NullRef) && d.fine() && known.Awake() {
		var chain record.Chain
		if text, ok := d.Part(known, &chain, d.Data[start-1:d.Pos], raw, start, 0, ""); ok {
			*at = T(text)
			return
		}
	}
	record.KeepRaw(&d.Core, at, raw, start)
}

// keepWord reads a word of an enumeration. Most are the same as in the record before.
func keepWord[T ~string](d *decoder, w *record.Walk, at *T) {
	var chain record.Chain
	known := &w.Known[w.Place].Part
	item, n, whole := known.Follow(&chain, d.Data[d.Pos:])
	if whole {
		*at = T(item.Text)
		d.Pos += n
		return
	}
	start := d.Pos
	if raw, from := d.scalar(); len(raw) == 0 || !d.fine() {
		record.KeepRaw(&d.Core, at, raw, from)
	} else if text, ok := d.Part(known, &chain, d.Data[start:d.Pos], raw, from, 0, ""); ok {
		*at = T(text)
	} else {
		record.KeepRaw(&d.Core, at, raw, from)
	}
}

// longText is how long a text has to be before it is worth remembering, in bytes.
const longText = 64

// keepText reads a text that may be long, and the same in many records.
func keepText(d *decoder, w *record.Walk, at *string) {
	known := &w.Known[w.Place].Whole
	start, awake := d.Pos, known.Len() > 0 && known.Awake()
	if awake {
		if v, n := known.Find(d.Data[start:]); v != nil {
			*at = v.Text
			d.Pos += n
			return
		}
	}
	raw, from := d.scalar()
	if len(raw) >= longText && (awake || known.Len() == 0 && known.Awake()) && d.fine() {
		if whole := d.Data[start:d.Pos]; known.Admits(whole) {
			if text, ok := d.Own(raw, from); ok {
				known.Add(whole, record.Value{Text: text})
				*at = text
			}
			return
		}
	}
	record.KeepRaw(&d.Core, at, raw, from)
}

// fine reports whether a value was read without any misfit.
func (d *decoder) fine() bool { return d.Err == nil && d.Bad == nil }

const (
	emptySet = "[]"
	emptyMap = "{}"
)

// keepRefs reads a set of references.
func keepRefs[T ~string](d *decoder, at *[]T) {
	if d.Pass(emptySet) {
		*at = nil
		return
	}
	from := d.Text.Cells()
	for ok := d.OpenArray(); ok; ok = d.NextItem() {
		raw, start := d.scalar()
		d.Text.CellText(raw, start)
	}
	record.KeepSet(&d.Text, at, from)
}

// keepTexts reads a set of texts, or of words of an enumeration.
func keepTexts[T ~string](d *decoder, w *record.Walk, at *[]T) {
	if cells, ok := d.Recall(w, emptySet); ok {
		*at = record.Set[T](cells)
		return
	}
	mark, start := d.Text.Mark(), d.Pos
	var chain record.Chain
	for ok := d.OpenArray(); ok; ok = d.NextItem() {
		d.item(&w.Known[w.Place].Part, &chain)
	}
	if cells, ok := d.Remember(w, mark, start); ok {
		*at = record.Set[T](cells)
		return
	}
	record.KeepSet(&d.Text, at, mark.Cells)
}

// keepMap reads a map of texts.
func keepMap[K, V ~string](d *decoder, w *record.Walk, at *xen.Map[K, V]) {
	if cells, ok := d.Recall(w, emptyMap); ok {
		*at = record.Pairs[K, V](cells)
		return
	}
	mark, start := d.Text.Mark(), d.Pos
	d.pairs(&w.Known[w.Place].Part)
	if cells, ok := d.Remember(w, mark, start); ok {
		*at = record.Pairs[K, V](cells)
		return
	}
	record.KeepMap(&d.Text, at, mark.Cells)
}

// item reads an item of a set into a cell.
func (d *decoder) item(known *record.Table, chain *record.Chain) {
	start, awake := d.Pos, known.Awake()
	if awake {
		if item, n, whole := known.Follow(chain, d.Data[start:]); whole {
			d.Text.Cell(item.Text)
			d.Pos += n
			return
		}
	}
	raw, from := d.scalar()
	if awake && d.fine() {
		if text, ok := d.Part(known, chain, d.Data[start:d.Pos], raw, from, 0, ""); ok {
			d.Text.Cell(text)
			return
		}
	}
	d.Text.CellText(raw, from)
}

// pairs reads the pairs of a map into cells.
func (d *decoder) pairs(known *record.Table) {
	named := d.Ahead(`{"`) // what comes next is a name
	if named {
		d.Pos++
		d.Enter()
	} else if !d.OpenStruct() {
		return
	}
	var chain record.Chain
	for {
		d.pair(known, &chain, named)
		if named = d.Ahead(`,"`); named {
			d.Pos++
		} else if !d.NextMember() {
			return
		}
	}
}

// pair reads a pair from its name on, or from its value on where the name was read.
func (d *decoder) pair(known *record.Table, chain *record.Chain, named bool) {
	start, awake, key := d.Pos, named && known.Awake(), ""
	if awake {
		item, n, whole := known.Follow(chain, d.Data[start:])
		d.Pos += n
		if whole {
			d.Text.CellPair(item.Key, item.Text)
			return
		}
		if item != nil {
			key = item.Key
		}
	}
	if d.Pos == start {
		if named && !d.openNamed() {
			return
		}
		key = d.MemberName()
	}
	keyed := d.Pos - start
	raw, from := d.scalar()
	d.Text.Cell(key)
	if awake && d.fine() {
		if text, ok := d.Part(known, chain, d.Data[start:d.Pos], raw, from, keyed, key); ok {
			d.Text.Cell(text)
			return
		}
	}
	d.Text.CellText(raw, from)
}
