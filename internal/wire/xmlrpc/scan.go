package xmlrpc

import (
	"bytes"
	"fmt"
)

// maxDepth is how deep values may nest. xapi: the deepest reply, event.from with a map of a record, has seven levels.
const maxDepth = 32

// decoder walks over one reply. Its methods read what comes next; after the first syntax error every one of them does
// nothing, so that callers check once, at the end.
type decoder struct {
	data []byte
	pos  int
	err  *SyntaxError // ends everything
	bad  *TypeError   // the first value of a wrong kind since it was last asked for
	name []byte       // of the current struct member; valid until the next one
	// depth counts the structs and arrays that are open.
	depth  int
	intern map[string]string
}

// fail notes a syntax error at the present place and ends reading.
func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = &SyntaxError{Offset: min(d.pos, len(d.data)), What: fmt.Sprintf(format, args...)}
	}
}

// failAt is fail at another place.
func (d *decoder) failAt(pos int, format string, args ...any) {
	d.pos = pos
	d.fail(format, args...)
}

// mismatch notes a value of a wrong kind that stood at pos; reading goes on behind it.
func (d *decoder) mismatch(pos int, format string, args ...any) {
	if d.bad == nil && d.err == nil {
		d.bad = &TypeError{Offset: pos, What: fmt.Sprintf(format, args...)}
	}
}

// takeBad returns the first mismatch since the last call, and forgets it.
func (d *decoder) takeBad() error {
	bad := d.bad
	d.bad = nil
	if bad == nil {
		return nil
	}
	return bad
}

// space skips white space between elements.
func (d *decoder) space() {
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

// eat consumes a tag if it comes next, after white space.
func (d *decoder) eat(tag string) bool {
	if d.err != nil {
		return false
	}
	if !d.at(tag) {
		d.space()
		if !d.at(tag) {
			return false
		}
	}
	d.pos += len(tag)
	return true
}

// at reports whether a tag stands at the present place.
func (d *decoder) at(tag string) bool {
	return len(d.data)-d.pos >= len(tag) && string(d.data[d.pos:d.pos+len(tag)]) == tag
}

// want consumes a tag that has to come next.
func (d *decoder) want(tag string) bool {
	if d.eat(tag) {
		return true
	}
	if rest := d.data[min(d.pos, len(d.data)):]; len(rest) < len(tag) && tag[:len(rest)] == string(rest) {
		d.failAt(len(d.data), "the reply ends where %s should come", tag)
	} else {
		d.fail("%s expected", tag)
	}
	return false
}

// until returns the bytes up to a closing tag, and consumes both. What stands between may hold any other tag.
func (d *decoder) until(tag string) []byte {
	if d.err != nil {
		return nil
	}
	for end := d.pos; ; end++ {
		n := bytes.IndexByte(d.data[end:], tag[0])
		if n < 0 {
			d.failAt(len(d.data), "the reply ends before %s", tag)
			return nil
		}
		if end += n; len(d.data)-end >= len(tag) && string(d.data[end:end+len(tag)]) == tag {
			raw := d.data[d.pos:end]
			d.pos = end + len(tag)
			return raw
		}
	}
}

// run returns the text up to the next tag.
func (d *decoder) run() []byte {
	if d.err != nil {
		return nil
	}
	n := bytes.IndexByte(d.data[d.pos:], '<')
	if n < 0 {
		d.failAt(len(d.data), "the reply ends in the middle of a value")
		return nil
	}
	raw := d.data[d.pos : d.pos+n]
	d.pos += n
	return raw
}

// enter counts one more open struct or array.
func (d *decoder) enter() {
	if d.depth++; d.depth > maxDepth {
		d.fail("values nest deeper than %d levels", maxDepth)
	}
}
