package record

import (
	"bytes"
	"unsafe"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Text collects what a record keeps, and puts it into two allocations at the end: one block of text that all its
// strings are parts of, and one of strings that all its sets and maps are parts of. So a record never holds a buffer
// that a reply was read into, nor anything of its neighbours.
//
// Until Finish the strings are raw, as they stand on the wire; entities and escapes are resolved there, all at once.
// The targets must stay where they are until then.
type Text struct {
	raw    []byte
	other  []byte // room for raw once resolved
	fields []fieldPiece
	cells  []string
	pieces []cellPiece
	lists  []listPiece
}

// piece is a part of the text, and where in the window it came from.
type piece struct{ from, to, source uint32 }

type fieldPiece struct {
	piece
	at *string
}

type cellPiece struct {
	piece
	cell uint32
}

// listPiece is a set or a map: its cells, and the slice that is to be made of them.
type listPiece struct {
	from, to uint32
	set      *[]string
	pairs    *xen.Map[string, string]
}

// Keep sets a string to a raw text, once Finish is called.
func Keep[T ~string](t *Text, at *T, raw []byte, source int) {
	// A T is laid out as a string is.
	t.fields = append(t.fields, fieldPiece{piece: t.add(raw, source), at: (*string)(unsafe.Pointer(at))})
}

// add takes a text in.
func (t *Text) add(raw []byte, source int) piece {
	from := len(t.raw)
	t.raw = append(t.raw, raw...)
	return piece{from: uint32(from), to: uint32(len(t.raw)), source: uint32(source)}
}

// Cell adds an item, a key or a value that exists already.
func (t *Text) Cell(s string) { t.cells = append(t.cells, s) }

// CellPair adds a key and a value that exist already.
func (t *Text) CellPair(key, value string) { t.cells = append(t.cells, key, value) }

// CellText adds an item, a key or a value that is a raw text.
func (t *Text) CellText(raw []byte, source int) {
	t.pieces = append(t.pieces, cellPiece{piece: t.add(raw, source), cell: uint32(len(t.cells))})
	t.cells = append(t.cells, "")
}

// Cells is how many cells there are: the place of the next one.
func (t *Text) Cells() int { return len(t.cells) }

// KeepSet sets a set to the cells from a place on, once Finish is called.
func KeepSet[T ~string](t *Text, at *[]T, from int) {
	// A []T is laid out as a []string is.
	t.lists = append(t.lists, listPiece{from: uint32(from), to: uint32(len(t.cells)), set: (*[]string)(unsafe.Pointer(at))})
}

// KeepMap sets a map to the cells from a place on, key and value in turn, once Finish is called.
func KeepMap[K, V ~string](t *Text, at *xen.Map[K, V], from int) {
	// A Map[K, V] is laid out as a Map[string, string] is.
	t.lists = append(t.lists, listPiece{from: uint32(from), to: uint32(len(t.cells)), pairs: (*xen.Map[string, string])(unsafe.Pointer(at))})
}

// Set makes a set of cells.
func Set[T ~string](cells []string) []T {
	return *(*[]T)(unsafe.Pointer(&cells))
}

// Pairs makes a map of cells, key and value in turn.
func Pairs[K, V ~string](cells []string) xen.Map[K, V] {
	if len(cells) < 2 {
		return nil
	}
	// A pair is laid out as two strings are.
	return unsafe.Slice((*xen.Pair[K, V])(unsafe.Pointer(unsafe.SliceData(cells))), len(cells)/2)
}

// Mark is a place to go back to.
type Mark struct {
	// Cells is the place of the next cell.
	Cells int

	raw, fields, pieces, lists int
}

// Mark returns the present place.
func (t *Text) Mark() Mark {
	return Mark{len(t.cells), len(t.raw), len(t.fields), len(t.pieces), len(t.lists)}
}

// Back forgets everything since a mark.
func (t *Text) Back(m Mark) {
	clear(t.fields[m.fields:])
	clear(t.cells[m.Cells:])
	clear(t.lists[m.lists:])
	t.raw, t.fields, t.cells = t.raw[:m.raw], t.fields[:m.fields], t.cells[:m.Cells]
	t.pieces, t.lists = t.pieces[:m.pieces], t.lists[:m.lists]
}

// Resolver appends what a raw text stands for. Where it stands for nothing, bad is the offset in raw of what cannot be
// read; -1 otherwise.
type Resolver func(out, raw []byte) (text []byte, bad int)

// Finish sets all strings, sets and maps, and leaves the Text empty. Texts that hold the byte escape are resolved; NUL
// bytes are refused. Where one cannot be read, nothing is set, and bad is its place in the window; -1 otherwise.
func (t *Text) Finish(escape byte, resolve Resolver) (bad int) {
	defer t.Back(Mark{})
	if bytes.IndexByte(t.raw, escape) >= 0 || bytes.IndexByte(t.raw, 0) >= 0 {
		if bad := t.resolve(escape, resolve); bad >= 0 {
			return bad
		}
	}
	block := string(t.raw)
	for i := range t.fields {
		f := &t.fields[i]
		*f.at = block[f.from:f.to]
	}
	var cells []string
	if len(t.cells) > 0 {
		cells = make([]string, len(t.cells))
		copy(cells, t.cells)
	}
	for i := range t.pieces {
		p := &t.pieces[i]
		cells[p.cell] = block[p.from:p.to]
	}
	for i := range t.lists {
		l := &t.lists[i]
		var part []string // nil where it is empty
		if l.from < l.to {
			part = cells[l.from:l.to:l.to]
		}
		if l.set != nil {
			*l.set = part
		} else {
			*l.pairs = Pairs[string, string](part)
		}
	}
	return -1
}

// Take takes the cells since a mark out, as strings of their own, and goes back to the mark. Errors are Finish's.
func (t *Text) Take(m Mark, escape byte, resolve Resolver) (cells []string, bad int) {
	own := Text{raw: t.raw[m.raw:], cells: t.cells[m.Cells:]}
	for _, p := range t.pieces[m.pieces:] {
		p.from, p.to, p.cell = p.from-uint32(m.raw), p.to-uint32(m.raw), p.cell-uint32(m.Cells)
		own.pieces = append(own.pieces, p)
	}
	KeepSet(&own, &cells, 0)
	bad = own.Finish(escape, resolve)
	t.Back(m)
	return cells, bad
}

// maxKept is how much room, in bytes or pieces, a Text keeps for the next record.
const maxKept = 64 << 10

// Trim gives back what only an uncommonly large record needed.
func (t *Text) Trim() {
	if cap(t.raw) > maxKept || cap(t.cells) > maxKept || cap(t.fields) > maxKept {
		*t = Text{}
	}
}

// resolve replaces the raw texts by what they stand for.
func (t *Text) resolve(escape byte, resolve Resolver) (bad int) {
	raw := t.raw
	out := t.other[:0]
	one := func(p *piece) int {
		from := len(out)
		text := raw[p.from:p.to]
		if bad := bytes.IndexByte(text, 0); bad >= 0 {
			return int(p.source) + bad
		}
		if bytes.IndexByte(text, escape) < 0 {
			out = append(out, text...)
		} else if out, bad = resolve(out, text); bad >= 0 {
			return int(p.source) + bad
		}
		p.from, p.to = uint32(from), uint32(len(out))
		return -1
	}
	for i := range t.fields {
		if bad := one(&t.fields[i].piece); bad >= 0 {
			return bad
		}
	}
	for i := range t.pieces {
		if bad := one(&t.pieces[i].piece); bad >= 0 {
			return bad
		}
	}
	t.raw, t.other = out, raw
	return -1
}
