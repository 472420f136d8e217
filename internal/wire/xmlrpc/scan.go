package xmlrpc

import (
	"bytes"

	"github.com/xencontroller/xencontroller/internal/wire/record"
)

// decoder walks over one reply after another. A value is read from behind its <value>, and what reads it stops before
// its </value>. A <value/> has no </value>: Held is where its content would be.
type decoder struct{ record.Core }

// clip shortens a value for a message.
func clip(raw []byte) string { return record.Clip(raw) }

// space skips white space between elements.
func (d *decoder) space() {
	for d.Pos < len(d.Data) {
		switch d.Data[d.Pos] {
		case ' ', '\t', '\n', '\r':
			d.Pos++
		default:
			return
		}
	}
}

// at reports whether a tag stands at the present place.
func (d *decoder) at(tag string) bool {
	rest := d.Data[d.Pos:]
	if len(rest) >= len(tag) {
		return string(rest[:len(tag)]) == tag
	}
	if !d.EOF && string(rest) == tag[:len(rest)] {
		d.Cut(tag)
	}
	return false
}

// eat consumes a tag if it comes next, after white space.
func (d *decoder) eat(tag string) bool {
	if d.Err != nil {
		return false
	}
	if !d.at(tag) {
		d.space()
		if d.Err != nil || !d.at(tag) {
			return false
		}
	}
	d.Pos += len(tag)
	return true
}

// want consumes a tag that has to come next.
func (d *decoder) want(tag string) bool {
	if d.eat(tag) {
		return true
	}
	if rest := d.Data[d.Pos:]; len(rest) < len(tag) && tag[:len(rest)] == string(rest) {
		d.Cut(tag)
	} else {
		d.Fail(d.Pos, "%s expected", tag)
	}
	return false
}

// until returns the bytes up to a closing tag, and consumes both. What stands between may hold any other tag.
func (d *decoder) until(tag string) []byte {
	for end := d.Pos; ; end++ {
		n := bytes.IndexByte(d.Data[end:], tag[0])
		if n < 0 {
			d.Cut(tag)
			return nil
		}
		if end += n; len(d.Data)-end >= len(tag) && string(d.Data[end:end+len(tag)]) == tag {
			raw := d.Data[d.Pos:end]
			d.Pos = end + len(tag)
			return raw
		}
	}
}

// run returns the text up to the next tag.
func (d *decoder) run() []byte {
	n := bytes.IndexByte(d.Data[d.Pos:], '<')
	if n < 0 {
		d.Cut("a tag")
		return nil
	}
	raw := d.Data[d.Pos : d.Pos+n]
	d.Pos += n
	return raw
}
