package xmlrpc

import (
	"io"

	"github.com/xencontroller/xencontroller/internal/wire/record"
)

// Decoder decodes replies, and remembers what values look like: the longer it lives, the faster it is. One a pool is
// meant. It may be used by several goroutines at once.
type Decoder struct {
	limits record.Limits
	idle   record.Idle[decoder]
}

// NewDecoder makes a Decoder that has seen nothing yet.
func NewDecoder(limits record.Limits) *Decoder { return &Decoder{limits: limits.WithDefaults()} }

// DecodeReply is [Decoder.DecodeReply] of a Decoder that lives for one reply.
func DecodeReply(r io.Reader, into any) error {
	return NewDecoder(record.Limits{}).DecodeReply(r, into)
}

// DecodeReply decodes a reply while it arrives, and puts its value into what into points to: the T of a xen.Message[T],
// or nil for a result that nobody wants. A xen.ObjectList has to say its Class; its Memory, if it has one, saves
// reading what has not changed. The target holds no part of any buffer.
//
// Lists, and events, are read one object at a time, in a buffer of 256 KiB; only a longer object needs more. After the
// last byte of the reply r is read once more, to its end.
//
// Errors: a failure that the server reports is an *xen.Error without Method; a reply that is not XML-RPC is a
// [*SyntaxError]; a value of another kind than wanted is a [*TypeError]; one beyond the limits is [ErrTooLong]; anything
// else is r's own. After an error the target is zero, but for what the caller set in a list.
func (c *Decoder) DecodeReply(r io.Reader, into any) error {
	d := c.idle.Take()
	if d == nil {
		d = new(decoder)
		d.Init(d, shapes)
	}
	err := d.Decode(r, c.limits, into, d.response)
	c.idle.Give(d)
	return err
}
