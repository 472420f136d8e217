package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Lexer is a protocol: how it writes values. Its methods read what comes next; after the first error the window is at
// its end, and every one of them does nothing.
//
// Structs and arrays are walked over by
//
//	for ok := l.OpenStruct(); ok; ok = l.NextMember() { read the value of Core.Name }
//	for ok := l.OpenArray(); ok; ok = l.NextItem() { read the item }
//
// A value of another kind than the method wants is a mismatch, see [Core.Mismatch]: it is skipped, and reads as zero.
type Lexer interface {
	OpenStruct() bool
	NextMember() bool
	OpenArray() bool
	NextItem() bool
	// Skip reads over a value of any kind.
	Skip()
	// MemberName is Core.Name as text.
	MemberName() string
	// String reads a string, Word one that is likely to come again.
	String() string
	Word() string
	Int() int64
	Float() float64
	Bool() bool
	Time() time.Time
	// Absent reads over the value that says that there is none, if it comes next.
	Absent() bool
	// Raw copies a value as it is written.
	Raw() []byte
	// KeepText reads a string into a target that stays where it is; it is set by Core.Close.
	KeepText(at *string)
	// Fields reads the members of a record of any class.
	Fields(r xen.Record)
	// Resolve replaces what the protocol escapes in a raw text, if it holds the byte Escape.
	Resolve(out, raw []byte) (text []byte, bad int)
	Escape() byte
	// Unreadable says what is wrong with a text at a place in the window.
	Unreadable(pos int)
}

// Core is what decoders of both protocols are made of: it decodes one reply after another with the help of a Lexer,
// which is the decoder that it is a part of. It is not for concurrent use.
type Core struct {
	Window
	// Err ends the attempt if it is ErrCut, otherwise everything.
	Err error
	// Bad is the first value of a wrong kind since it was last asked for.
	Bad *TypeError
	// Name is the name of the present member as it is written; valid until the next one.
	Name []byte
	// Text is what the open record keeps.
	Text Text
	// Words are the words seen so far.
	Words Words

	lexer   Lexer
	depth   int            // structs and arrays that are open
	open    int            // records that are open
	object  xen.Remembered // the present object of a list: targets of Text must not move
	event   xen.Event      // the present event
	classes []*class       // what is remembered of each
	lesson  lesson         // the record that is to be learned from
}

// Init makes a Core ready, for a datamodel with so many classes.
func (c *Core) Init(lexer Lexer, classes int) {
	c.lexer, c.classes = lexer, make([]*class, classes)
}

// Decode reads one reply, within limits: envelope reads all of it, and returns the failure that the server reports, if any.
func (c *Core) Decode(r io.Reader, limits Limits, into any, envelope func(into any) error) error {
	c.Open(r, limits)
	c.Err, c.Bad, c.depth, c.open = nil, nil, 0, 0
	fault := envelope(into)
	if c.Err == nil && !c.EOF {
		c.Pos = len(c.Data)
		c.Err = c.More(len(c.Data) + 1)
	}
	err := c.outcome(fault)
	c.Close()
	c.Text.Back(Mark{})
	c.Text.Trim()
	c.object, c.event, c.lesson, c.Name, c.Err, c.Bad = xen.Remembered{}, xen.Event{}, lesson{}, nil, nil, nil
	if err != nil {
		Clear(into)
	}
	return err
}

func (c *Core) outcome(fault error) error {
	if c.Err != nil {
		return c.Err
	}
	if fault != nil {
		return fault
	}
	return c.TakeBad()
}

// Clear takes back what was decoded before an error: half a result is worse than none.
func Clear(into any) {
	if list, ok := into.(*xen.ObjectList); ok {
		*list = xen.ObjectList{Class: list.Class, Memory: list.Memory}
		return
	}
	if into != nil {
		reflect.ValueOf(into).Elem().SetZero()
	}
}

// Attempt reads what has to be in the window as a whole, at most so many bytes. Where the window cuts it, it is read
// again from its start once there is more; so read must not do anything that cannot be done twice.
func (c *Core) Attempt(most int, read func()) {
	if c.Err != nil {
		return
	}
	start, held, depth, open, bad := c.Pos, c.Held, c.depth, c.open, c.Bad
	for read(); errors.Is(c.Err, ErrCut); read() {
		c.Text.Back(Mark{})
		c.Pos, c.Held, c.depth, c.open, c.Bad = start, held, depth, open, bad
		if c.Err = c.More(most); c.Err != nil {
			c.Pos = len(c.Data)
			return
		}
		start, held = c.Pos, c.Held
	}
}

// maxFrame is how long a part of the envelope may be, in bytes: the head with white space, a member's name.
const maxFrame = 64 << 10

// Frame is Attempt for a part of the envelope.
func (c *Core) Frame(read func()) {
	if c.Err != nil {
		return
	}
	if c.Attempt(maxFrame, read); errors.Is(c.Err, errLongPart) {
		c.Err = &SyntaxError{Offset: c.Offset(0), What: fmt.Sprintf("no end of this within %d KiB", maxFrame>>10)}
	}
}

// Single is Attempt for a value that is not a list.
func (c *Core) Single(read func()) { c.Attempt(c.limits.Record, read) }

// Fail notes a syntax error at a place in the window and ends reading.
func (c *Core) Fail(pos int, format string, args ...any) {
	if c.Err == nil {
		c.Err = &SyntaxError{Offset: c.Offset(pos), What: fmt.Sprintf(format, args...)}
	}
	c.Pos = len(c.Data)
}

// Cut notes that what is read goes on behind the window. At the end of the reply that is a syntax error.
func (c *Core) Cut(missing string) {
	if c.EOF {
		c.Fail(len(c.Data), "the reply ends where %s should come", missing)
		return
	}
	if c.Err == nil {
		c.Err = ErrCut
	}
	c.Pos = len(c.Data)
}

// Mismatch notes a value of a wrong kind that stood at pos; reading goes on behind it.
func (c *Core) Mismatch(pos int, format string, args ...any) {
	if c.Bad == nil && c.Err == nil {
		c.Bad = &TypeError{Offset: c.Offset(pos), What: fmt.Sprintf(format, args...)}
	}
}

// TakeBad returns the first mismatch since the last call, and forgets it.
func (c *Core) TakeBad() error {
	bad := c.Bad
	c.Bad = nil
	if bad == nil {
		return nil
	}
	return bad
}

// Enter counts one more open struct or array, Leave one less.
func (c *Core) Enter() {
	if c.depth++; c.depth > MaxDepth {
		c.TooDeep()
	}
}

// Leave is the opposite of Enter.
func (c *Core) Leave() { c.depth-- }

// Depth is how many structs and arrays are open.
func (c *Core) Depth() int { return c.depth }

// TooDeep ends reading.
func (c *Core) TooDeep() { c.Fail(c.Pos, "values nest deeper than %d levels", MaxDepth) }

// Ahead reports whether a text comes next, and something behind it.
func (c *Core) Ahead(text string) bool {
	rest := c.Data[c.Pos:]
	return len(rest) > len(text) && string(rest[:len(text)]) == text
}

// Pass passes over a text that is expected next, if it is all there, and something behind it.
func (c *Core) Pass(text string) bool {
	if rest := c.Data[c.Pos:]; len(rest) > len(text) && string(rest[:len(text)]) == text {
		c.Pos += len(text)
		return true
	}
	return false
}

// Own is a raw text, that started at a place in the window, as a string of its own.
func (c *Core) Own(raw []byte, from int) (text string, ok bool) {
	bad := bytes.IndexByte(raw, 0)
	if bad < 0 && bytes.IndexByte(raw, c.lexer.Escape()) < 0 {
		return string(raw), true
	}
	var out []byte
	if bad < 0 {
		out, bad = c.lexer.Resolve(nil, raw)
	}
	if bad >= 0 {
		c.unreadable(from + bad)
		return "", false
	}
	return string(out), true
}

// unreadable ends reading at a place in a text, or near it: of a member's name only the end is known.
func (c *Core) unreadable(pos int) { c.lexer.Unreadable(min(pos, len(c.Data)-1)) }
