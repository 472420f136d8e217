package record

import (
	"errors"
	"fmt"
)

// SyntaxError is a reply that cannot be read: cut, ill-formed, or not of the protocol at all.
type SyntaxError struct {
	// Offset is where reading stopped, in bytes from the start of the reply.
	Offset int
	// What was wrong there.
	What string
}

// Error says where reading stopped, and why.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("the reply cannot be read: byte %d: %s", e.Offset, e.What)
}

// TypeError is a well-formed reply that holds another kind of value than the call returns.
type TypeError struct {
	// Offset is where the value stands, in bytes from the start of the reply.
	Offset int
	// What was expected and what came.
	What string
}

// Error says where the value stands, and what is wrong with it.
func (e *TypeError) Error() string {
	return fmt.Sprintf("the reply holds an unexpected value: byte %d: %s", e.Offset, e.What)
}

// ErrTooLong is a reply, or one value in it, beyond the [Limits].
var ErrTooLong = errors.New("the reply is longer than is allowed")

// errLongPart is a part of a reply beyond its limit.
var errLongPart = fmt.Errorf("one value in it: %w", ErrTooLong)

// ErrCut says that the window ends before what is read does: there is more to come. It never leaves a codec.
var ErrCut = errors.New("the window ends here")

// Limits bound what a server can make us hold.
type Limits struct {
	// Reply is the longest reply, in bytes; 0: 1 GiB. The record of a VM takes some 12,000 as XML.
	Reply int
	// Record is the longest object or event within a list, and the longest value that is not a list, in bytes;
	// 0: 16 MiB.
	Record int
	// Window is how much of a reply is in memory at once, in bytes, unless a single object is longer; 0: 256 KiB.
	Window int
}

// WithDefaults fills in what is not set.
func (l Limits) WithDefaults() Limits {
	if l.Reply <= 0 {
		l.Reply = 1 << 30
	}
	if l.Record <= 0 {
		l.Record = 16 << 20
	}
	if l.Window <= 0 {
		l.Window = fullRoom
	}
	return l
}

// MaxDepth is how deep values may nest. xapi: the deepest reply, event.from with a map of a record, has seven levels.
const MaxDepth = 32

// Clip shortens a value for a message.
func Clip(raw []byte) string {
	const most = 40
	if len(raw) <= most {
		return string(raw)
	}
	return string(raw[:most]) + "…"
}
