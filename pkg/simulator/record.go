package simulator

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/xencontroller/xencontroller/internal/wire/xapid"
)

// record is one version of a row. It never changes, so that replies and events hold it without a copy or a lock; its
// encoded bytes are made once, when somebody first asks.
type record struct {
	class  *class
	ref    string
	values []any // by position in class.fields
	xml    atomic.Pointer[[]byte]
	json   atomic.Pointer[[]byte]
	size   atomic.Int64 // of the JSON text
}

// AppendXML appends the record as a struct of all public fields in the datamodel's order.
func (r *record) AppendXML(dst []byte) []byte { return append(dst, r.encoded()...) }

func (r *record) encoded() []byte {
	if b := r.xml.Load(); b != nil {
		return *b
	}
	b := make([]byte, 0, 96*r.class.public())
	b = append(b, `<value><struct>`...)
	for i, f := range r.class.Fields {
		b = xapid.AppendMember(b, f.Name, r.values[i])
	}
	b = append(b, `</struct></value>`...)
	r.xml.Store(&b)
	return b
}

// with is the next version of the row, one field changed.
func (r *record) with(field int, v any) *record {
	values := make([]any, len(r.values))
	copy(values, r.values)
	values[field] = v
	next := &record{class: r.class, ref: r.ref, values: values}
	if size := r.size.Load(); size > 0 && field < r.class.public() {
		next.size.Store(size + int64(jsonSize(v)-jsonSize(r.values[field])))
	}
	return next
}

// get returns the value of a field by name, nil where the class has none of that name.
func (r *record) get(field string) any {
	if i, ok := r.class.position[field]; ok {
		return r.values[i]
	}
	return nil
}

// jsonSize is the length of the record as JSON, which is what xapi's limit on queued events counts.
func (r *record) jsonSize() int {
	if n := r.size.Load(); n > 0 {
		return int(n)
	}
	n := 2 // braces
	for i, f := range r.class.Fields {
		n += len(f.Name) + 4 + jsonSize(r.values[i]) // quotes, colon, comma
	}
	r.size.Store(int64(n))
	return n
}

func jsonSize(v any) int {
	switch v := v.(type) {
	case string:
		return 2 + jsonTextSize(v)
	case int64:
		return len(strconv.FormatInt(v, 10))
	case float64:
		return len(xapid.FormatFloat(v)) + 2
	case bool:
		return 5
	case time.Time:
		return len(xapid.TimeLayout) + 2
	case Set:
		n := 2
		for _, e := range v {
			n += 1 + jsonSize(e)
		}
		return n
	case Map:
		n := 2
		for _, e := range v {
			n += 4 + jsonTextSize(e.Key) + jsonSize(e.Value)
		}
		return n
	}
	return 2
}

func jsonTextSize(s string) int {
	n := len(s)
	for i := range len(s) {
		if c := s[i]; c == '"' || c == '\\' || c < 0x20 {
			n++
		}
	}
	return n
}
