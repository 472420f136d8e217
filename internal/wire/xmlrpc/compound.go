package xmlrpc

import "bytes"

// OpenStruct opens a struct and its first member: for ok := d.OpenStruct(); ok; ok = d.NextMember() { … }. Another value
// there is a mismatch, and reads as a struct without members.
func (d *decoder) OpenStruct() bool {
	if d.Pos != d.Held {
		if d.eat("<struct>") {
			d.Enter()
			return d.openMember()
		}
		if d.eat("<struct/>") {
			return false
		}
	}
	d.wrongKind("a struct")
	return false
}

// wrongKind skips a value that is not what was expected.
func (d *decoder) wrongKind(wanted string) {
	found := "a text"
	if d.Pos != d.Held {
		switch {
		case d.at("<struct"):
			found = "a struct"
		case d.at("<array"):
			found = "an array"
		}
	}
	if d.Err == nil {
		d.Mismatch(d.Pos, "%s is expected, not %s", wanted, found)
		d.Skip()
	}
}

// memberEnd stands between the value of a member and the name of the next one.
const memberEnd = "</value></member><member><name>"

// NextMember goes on to the next member; false at the end of the struct.
func (d *decoder) NextMember() bool {
	if d.Pass(memberEnd) {
		return d.openNamed()
	}
	if d.Pass("</value></member></struct>") {
		d.Leave()
		return false
	}
	return d.closeMember() && d.openMember()
}

// closeMember closes a member behind its value.
func (d *decoder) closeMember() bool { return d.closeValue() && d.want("</member>") }

// openMember opens a member, or closes the struct.
func (d *decoder) openMember() bool {
	if d.eat("<member>") {
		return d.want("<name>") && d.openNamed()
	}
	if d.want("</struct>") {
		d.Leave()
	}
	return false
}

// openNamed reads a member's name into d.Name, and opens its value.
func (d *decoder) openNamed() bool {
	const plain = "</name><value>"
	rest := d.Data[d.Pos:]
	if n := bytes.IndexByte(rest, '<'); n >= 0 && len(rest)-n > len(plain) && string(rest[n:n+len(plain)]) == plain {
		d.Name = rest[:n]
		d.Pos += n + len(plain)
		return true
	}
	d.Name = d.until("</name>")
	return d.Err == nil && d.openValue()
}

// openValue opens a value.
func (d *decoder) openValue() bool {
	if d.eat("<value/>") {
		d.space()
		d.Held = d.Pos
		return true
	}
	return d.want("<value>")
}

// closeValue closes a value. <value/> is closed already, if nothing was read for its content.
func (d *decoder) closeValue() bool {
	if d.Pos == d.Held && d.Err == nil {
		return true
	}
	return d.want("</value>")
}

// MemberName is the present member's name as text. xapi writes names as they are; a server that escapes them is
// understood too, and what is no entity stands for itself.
func (d *decoder) MemberName() string {
	if word, ok := d.Words.Find(d.Name); ok {
		return word
	}
	word := string(d.Name)
	if bytes.IndexByte(d.Name, '&') >= 0 {
		word = string(d.resolveLeniently(nil, d.Name))
	}
	d.Words.Add(d.Name, word)
	return word
}

// OpenArray opens an array and its first item: for ok := d.OpenArray(); ok; ok = d.NextItem() { … }.
func (d *decoder) OpenArray() bool {
	if d.Pos != d.Held && d.Pass("<array><data><value>") {
		d.Enter()
		return true
	}
	if d.Pos != d.Held {
		if d.eat("<array>") {
			if d.eat("<data>") {
				d.Enter()
				return d.openItem()
			}
			if d.want("<data/>") {
				d.want("</array>")
			}
			return false
		}
		if d.eat("<array/>") {
			return false
		}
	}
	d.wrongKind("an array")
	return false
}

// itemEnd stands between two items.
const itemEnd = "</value><value>"

// NextItem goes on to the next item; false at the end of the array.
func (d *decoder) NextItem() bool {
	if d.Pass(itemEnd) {
		return true
	}
	if d.Pass("</value></data></array>") {
		d.Leave()
		return false
	}
	return d.closeValue() && d.openItem()
}

// openItem opens an item, or closes the array.
func (d *decoder) openItem() bool {
	if d.eat("</data>") {
		if d.want("</array>") {
			d.Leave()
		}
		return false
	}
	return d.Err == nil && d.openValue()
}
