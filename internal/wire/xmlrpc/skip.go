package xmlrpc

import (
	"bytes"
	"slices"

	"github.com/xencontroller/xencontroller/internal/wire/record"
)

// Skip reads over a value of any kind, without recursion and without keeping anything. Every step consumes bytes, so it
// ends.
func (d *decoder) Skip() {
	if d.Pos == d.Held {
		return
	}
	for open := 0; d.Err == nil; {
		d.run()
		switch {
		case d.Err != nil || d.at("</value>") && open == 0:
			return
		case d.eat("</value>"):
			open--
		case d.eat("<value>"):
			if open++; d.Depth()+open > 2*record.MaxDepth {
				d.TooDeep()
			}
		case d.at("<name>"): // may hold anything
			d.until("</name>")
		default:
			d.skipTag()
		}
	}
}

// Raw copies a value, from <value> to </value>.
func (d *decoder) Raw() []byte {
	start := d.Pos
	if d.Skip(); d.Err != nil {
		return nil
	}
	return slices.Concat([]byte("<value>"), d.Data[start:d.Pos], []byte("</value>"))
}

// Absent is false: what is not there has no member in XML-RPC.
func (d *decoder) Absent() bool { return false }

// skipTag reads over one tag; only those of XML-RPC are known.
func (d *decoder) skipTag() {
	const longest = 32
	rest := d.Data[d.Pos:]
	end := bytes.IndexByte(rest[:min(len(rest), longest)], '>')
	if end < 0 {
		if len(rest) < longest {
			d.Cut(">")
		} else {
			d.Fail(d.Pos, "a tag of XML-RPC expected")
		}
		return
	}
	switch name := string(bytes.Trim(rest[1:end], "/")); name {
	case "value", "struct", "member", "array", "data", "string", "int", "i4", "i8", "double", "boolean", "dateTime.iso8601", "nil", "base64":
		d.Pos += end + 1
	default:
		d.Fail(d.Pos, "<%s> is no tag of XML-RPC", clip([]byte(name)))
	}
}
