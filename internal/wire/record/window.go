package record

import (
	"errors"
	"io"
	"sync"
)

// Window is the part of a reply that is in memory. What was read and is done with makes room for what comes next; what
// is only begun stays, and is read again from its start once there is more of it.
//
// It belongs to one decoding.
type Window struct {
	// Data is what is there. It is valid until the next call of More.
	Data []byte
	// Pos is the place in Data that was reached.
	Pos int
	// Held is a place in Data that a codec wants to recognise; it moves with the Data. -1: none.
	Held int
	// EOF says that nothing comes behind Data.
	EOF bool

	base   int // offset in the reply of Data[0]
	limits Limits
	source io.Reader
	buffer *[]byte // from the pool of buffers; nil: not from there
	room   []byte  // what Data is a part of
}

// The buffer of a decoding: small at first, because most replies are, and no larger than the second unless a single
// value is.
const (
	firstRoom = 8 << 10
	fullRoom  = 256 << 10
)

var rooms = sync.Pool{New: func() any { b := make([]byte, fullRoom); return &b }} //nolint:gochecknoglobals // buffers without contents

// Open starts on a reply.
func (w *Window) Open(source io.Reader, limits Limits) {
	w.source, w.limits = source, limits.WithDefaults()
	w.Data, w.Pos, w.Held, w.EOF, w.base = nil, 0, -1, false, 0
	if w.room == nil {
		w.room = make([]byte, min(firstRoom, w.limits.Window))
	}
}

// Close gives the buffer back.
func (w *Window) Close() {
	w.source, w.Data = nil, nil
	if w.buffer != nil {
		rooms.Put(w.buffer)
		w.buffer, w.room = nil, nil
	}
	if len(w.room) > firstRoom {
		w.room = nil
	}
}

// Offset is where a place in Data stands in the reply.
func (w *Window) Offset(pos int) int { return w.base + min(max(pos, 0), len(w.Data)) }

// More reads on. It keeps Data[Pos:], moves it to the front, and fills the buffer; where what is kept takes more than
// half of it, the buffer grows to twice its length. So whoever reads again from Pos after each call spends time in
// proportion to the length of the reply, however it arrives.
//
// What is kept may not be longer than most bytes. Errors are ErrTooLong or the source's; at the end of the reply EOF is
// set instead.
func (w *Window) More(most int) error {
	kept := w.Data[w.Pos:]
	if len(kept) >= most {
		return errLongPart
	}
	n := w.makeRoom(kept)
	room := w.room
	w.base += w.Pos
	w.Held = max(w.Held-w.Pos, -1)
	w.Pos = 0
	for empty := 0; n < len(room) && !w.EOF; {
		got, err := w.source.Read(room[n:])
		n += got
		switch {
		case errors.Is(err, io.EOF):
			w.EOF = true
		case err != nil:
			w.Data = room[:n]
			return err
		case got > 0:
			empty = 0
		default:
			if empty++; empty > 100 {
				return io.ErrNoProgress
			}
		}
		if w.base+n > w.limits.Reply {
			return ErrTooLong
		}
	}
	w.Data = room[:n]
	return nil
}

// makeRoom moves what is kept to the front of a buffer with enough room behind it.
func (w *Window) makeRoom(kept []byte) (n int) {
	if 2*len(kept) <= len(w.room) && (len(w.Data) < len(w.room) || len(w.room) >= w.limits.Window) {
		return copy(w.room, kept)
	}
	old := w.buffer
	switch size := 2 * max(len(w.room), len(kept)); {
	case size > w.limits.Window || w.limits.Window != fullRoom:
		w.buffer, w.room = nil, make([]byte, size)
	default:
		w.buffer, _ = rooms.Get().(*[]byte)
		w.room = *w.buffer
	}
	n = copy(w.room, kept)
	if old != nil {
		rooms.Put(old)
	}
	return n
}
