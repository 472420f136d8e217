package xmlrpc

import "bytes"

// openStruct opens a struct: for d.openStruct(); d.nextMember(); d.endMember() { … }. Another value there is a
// mismatch, and reads as a struct without members.
func (d *decoder) openStruct() {
	d.name = nil
	start := d.pos
	if d.eat("<value>") {
		if d.eat("<struct>") {
			d.enter()
			return
		}
		if d.eat("<struct/>") {
			d.want("</value>")
			d.closeEmpty()
			return
		}
	}
	d.wrongKind(start, "a struct")
}

// closed is what nextMember and nextItem see after openStruct or openArray found nothing to walk over.
const closed = 1 << 30

// closeEmpty makes the loop that follows end at once.
func (d *decoder) closeEmpty() { d.depth += closed }

// wrongKind skips a value that is not what was expected.
func (d *decoder) wrongKind(start int, wanted string) {
	d.pos = start
	d.mismatch(start, "%s is expected, not %s", wanted, clip(d.data[start:min(start+16, len(d.data))]))
	d.skip()
	d.closeEmpty()
}

// done reports whether the loop over members or items is over: after an error, or with nothing to walk over.
func (d *decoder) done() bool {
	if d.depth >= closed {
		d.depth -= closed
		return true
	}
	return d.err != nil
}

// nextMember reads the name of the next member into d.name; false at the end of the struct.
func (d *decoder) nextMember() bool {
	if d.done() {
		return false
	}
	if d.eat("<member>") && d.want("<name>") {
		d.name = d.until("</name>")
		return d.err == nil
	}
	if d.want("</struct>") && d.want("</value>") {
		d.depth--
	}
	return false
}

// endMember closes a member.
func (d *decoder) endMember() { d.want("</member>") }

// memberName is the present member's name as text. xapi writes names as they are; a server that escapes them is
// understood too, and what is no entity stands for itself.
func (d *decoder) memberName() string {
	if bytes.IndexByte(d.name, '&') < 0 {
		return d.interned(d.name)
	}
	out := make([]byte, 0, len(d.name))
	for rest := d.name; len(rest) > 0; {
		if char, length := entity(rest); rest[0] == '&' && length > 0 {
			out = append(out, string(char)...)
			rest = rest[length:]
			continue
		}
		out = append(out, rest[0])
		rest = rest[1:]
	}
	return string(out)
}

// openArray opens an array: for d.openArray(); d.nextItem(); { … }.
func (d *decoder) openArray() {
	start := d.pos
	if d.eat("<value>") {
		if d.eat("<array>") {
			if d.eat("<data>") {
				d.enter()
				return
			}
			if !d.eat("<data/>") {
				d.fail("<data> expected")
				return
			}
			d.want("</array>")
			d.want("</value>")
			d.closeEmpty()
			return
		}
		if d.eat("<array/>") {
			d.want("</value>")
			d.closeEmpty()
			return
		}
	}
	d.wrongKind(start, "an array")
}

// nextItem reports whether another item follows; it closes the array where none does.
func (d *decoder) nextItem() bool {
	if d.done() {
		return false
	}
	if d.eat("</data>") {
		if d.want("</array>") && d.want("</value>") {
			d.depth--
		}
		return false
	}
	return true
}

// skip reads over a value of any kind, without recursion and without keeping anything.
func (d *decoder) skip() {
	if d.eat("<value/>") || !d.want("<value>") {
		return
	}
	d.skipBody()
}

// skipBody reads up to the </value> that closes an open <value>. Every step consumes bytes, so it ends.
func (d *decoder) skipBody() {
	for open := 1; open > 0 && d.err == nil; {
		d.run()
		switch {
		case d.err != nil:
		case d.at("<name>"): // may hold anything
			d.until("</name>")
		case d.eat("<value>"):
			open++
			if d.depth+open > 2*maxDepth {
				d.fail("values nest deeper than %d levels", maxDepth)
			}
		case d.eat("</value>"):
			open--
		default:
			d.skipTag()
		}
	}
}

// skipTag reads over one tag; only those of XML-RPC are known.
func (d *decoder) skipTag() {
	start := d.pos
	end := bytes.IndexByte(d.data[d.pos:min(len(d.data), d.pos+32)], '>')
	if end < 0 {
		d.fail("a tag of XML-RPC expected")
		return
	}
	switch name := string(bytes.Trim(d.data[d.pos+1:d.pos+end], "/")); name {
	case "value", "struct", "member", "array", "data", "string", "int", "i4", "i8", "double", "boolean", "dateTime.iso8601", "nil", "base64":
		d.pos += end + 1
	default:
		d.failAt(start, "<%s> is no tag of XML-RPC", clip([]byte(name)))
	}
}

// texts reads an array of strings or references.
func texts[T ~string](d *decoder) []T {
	var set []T
	for d.openArray(); d.nextItem(); {
		set = append(set, T(d.text()))
	}
	return set
}

// words reads an array of words of an enumeration.
func words[T ~string](d *decoder) []T {
	var set []T
	for d.openArray(); d.nextItem(); {
		set = append(set, T(d.word()))
	}
	return set
}
