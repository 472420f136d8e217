package simulator

import (
	"slices"
	"strconv"

	"github.com/xencontroller/xencontroller/internal/wire/xapid"
)

// AppendJSON appends the record as an object of all public fields in the datamodel's order.
func (r *record) AppendJSON(dst []byte) []byte { return append(dst, r.encodedJSON()...) }

// encodedJSON is kept for this version of the row, as the XML is.
func (r *record) encodedJSON() []byte {
	if b := r.json.Load(); b != nil {
		return *b
	}
	b := make([]byte, 0, r.jsonSize()+64)
	b = append(b, '{')
	for i, f := range r.class.Fields {
		b = xapid.AppendJSONMember(b, i, f.Name, r.values[i])
	}
	b = append(b, '}')
	r.json.Store(&b)
	return b
}

// AppendJSON appends the list, one member a record.
func (l recordList) AppendJSON(dst []byte) []byte {
	size := 64
	for _, r := range l {
		size += len(r.encodedJSON()) + len(r.ref) + 4
	}
	dst = append(slices.Grow(dst, size), '{')
	for i, r := range l {
		dst = xapid.AppendJSONMember(dst, i, r.ref, r)
	}
	return append(dst, '}')
}

// AppendJSON appends the event as event.next sends it.
func (e *event) AppendJSON(dst []byte) []byte {
	dst = appendEventJSON(dst, e.id, strconv.FormatInt(e.at.Unix(), 10)+".", e.now.class, e.op, e.now.ref)
	dst = xapid.AppendJSONMember(dst, 5, "snapshot", e.now)
	return append(dst, '}')
}

// AppendJSON appends the event as event.from sends it.
func (e fromEvent) AppendJSON(dst []byte) []byte {
	dst = appendEventJSON(dst, e.id, "0.0", e.class, e.op, e.ref)
	if e.snapshot != nil {
		dst = xapid.AppendJSONMember(dst, 5, "snapshot", e.snapshot)
	}
	return append(dst, '}')
}

func appendEventJSON(dst []byte, id int64, timestamp string, c *class, op operation, ref string) []byte {
	dst = append(dst, '{')
	for i, m := range [...]struct{ name, text string }{
		{"id", strconv.FormatInt(id, 10)},
		{"timestamp", timestamp},
		{"class", c.EventClass},
		{"operation", string(op)},
		{"ref", ref},
	} {
		dst = xapid.AppendJSONMember(dst, i, m.name, m.text)
	}
	return dst
}
