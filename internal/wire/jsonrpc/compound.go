package jsonrpc

import "bytes"

// OpenStruct opens an object and its first member: for ok := d.OpenStruct(); ok; ok = d.NextMember() { … }. Another
// value there is a mismatch, and reads as an object without members.
func (d *decoder) OpenStruct() bool {
	if d.peek() != '{' {
		d.wrongKind("an object")
		return false
	}
	d.Pos++
	d.Enter()
	if d.eat('}') {
		d.Leave()
		return false
	}
	return d.openNamed()
}

// NextMember goes on to the next member; false at the end of the object.
func (d *decoder) NextMember() bool {
	if d.eat(',') {
		return d.openNamed()
	}
	if d.eat('}') {
		d.Leave()
	} else {
		d.expected("a comma, or the end of the object,")
	}
	return false
}

// openNamed reads a member's name into d.Name, and the colon.
func (d *decoder) openNamed() bool {
	raw, start := d.quoted()
	d.Name, d.unescaped = raw, false
	if bytes.IndexByte(raw, '\\') >= 0 {
		name, _ := d.Own(raw, start)
		d.Name, d.unescaped = []byte(name), true
	}
	if d.Pos < len(d.Data) && d.Data[d.Pos] == ':' {
		d.Pos++
		return true
	}
	if !d.eat(':') {
		d.expected("a colon")
	}
	return d.Err == nil
}

// MemberName is the present member's name as text.
func (d *decoder) MemberName() string {
	if d.unescaped {
		return string(d.Name)
	}
	if word, ok := d.Words.Find(d.Name); ok {
		return word
	}
	word := string(d.Name)
	d.Words.Add(d.Name, word)
	return word
}

// OpenArray opens an array and its first item: for ok := d.OpenArray(); ok; ok = d.NextItem() { … }.
func (d *decoder) OpenArray() bool {
	if d.peek() != '[' {
		d.wrongKind("an array")
		return false
	}
	d.Pos++
	d.Enter()
	if d.eat(']') {
		d.Leave()
		return false
	}
	return d.Err == nil
}

// NextItem goes on to the next item; false at the end of the array.
func (d *decoder) NextItem() bool {
	if d.eat(',') {
		return true
	}
	if d.eat(']') {
		d.Leave()
	} else {
		d.expected("a comma, or the end of the array,")
	}
	return false
}

// wrongKind passes over a value that is not what was expected.
func (d *decoder) wrongKind(wanted string) {
	if c := d.peek(); d.Err == nil {
		d.Mismatch(d.Pos, "%s is expected, not %s", wanted, kind(c))
		d.Skip()
	}
}

// kind is what kind of value begins with a byte.
func kind(first byte) string {
	switch first {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	}
	return "a number"
}

// Skip reads over a value of any kind. How deep it recurses is bounded by how deep values may nest.
func (d *decoder) Skip() {
	switch d.peek() {
	case '{':
		for ok := d.OpenStruct(); ok; ok = d.NextMember() {
			d.Skip()
		}
	case '[':
		for ok := d.OpenArray(); ok; ok = d.NextItem() {
			d.Skip()
		}
	case '"':
		d.quoted()
	default:
		d.token()
	}
}

// Raw copies a value.
func (d *decoder) Raw() []byte {
	d.peek()
	start := d.Pos
	if d.Skip(); d.Err != nil {
		return nil
	}
	return bytes.Clone(d.Data[start:d.Pos])
}

// Absent passes over null.
func (d *decoder) Absent() bool {
	if d.peek() != 'n' {
		return false
	}
	start := d.Pos
	if string(d.token()) == "null" {
		return true
	}
	if d.Err == nil {
		d.Pos = start
	}
	return false
}
