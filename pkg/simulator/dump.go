package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/xencontroller/xencontroller/internal/wire/xapid"
)

// dumpFormat is the first member of a dump.
const dumpFormat = "xencontroller.io/dump/v1"

// Dump is what a pool had at one moment: the records of each class. It is made with Add from replies of a pool and
// written with WriteTo, or read with Load and played as Model.Dump. Not safe for concurrent use.
//
// As a file it is JSON: {"format": …, "objects": {CLASS: {REFERENCE: RECORD}}}, in the order that the pool answered.
type Dump struct {
	classes []dumpedClass
}

type dumpedClass struct {
	name string
	rows Map // reference: Map
}

// DumpedClasses are the classes that a dump has, as far as a pool knows them: all that have get_all_records, but for
// sessions and tasks, which die with xapi, users, which nothing uses, roles, which are part of xapi, and events.
func DumpedClasses() ([]string, error) {
	s, err := theSchema()
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	var names []string
	for _, c := range s.ordered {
		m := s.calls[c.Name+".get_all_records"]
		if m != nil && !m.Removed() && !slices.Contains([]string{"session", "task", "user", "role", "event"}, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names, nil
}

// Add takes the result of CLASS.get_all_records, as the XML-RPC or JSON value that a pool answered, and redacts it: the values
// of secrets, and whatever stands in a map under a key that speaks of a password, secret, token, key, credential or
// session, become "redacted".
func (d *Dump) Add(class string, result []byte) error {
	value, err := readResult(bytes.TrimSpace(result))
	if err != nil {
		return fmt.Errorf("records of %s: %w", class, err)
	}
	rows, ok := value.(Map)
	if !ok {
		return fmt.Errorf("records of %s: not a struct", class)
	}
	for _, row := range rows {
		record, ok := row.Value.(Map)
		if !ok {
			return fmt.Errorf("records of %s: %s is not a struct", class, row.Key)
		}
		redact(class, record)
	}
	d.classes = append(d.classes, dumpedClass{class, rows})
	return nil
}

// readResult reads a value as one of the two protocols writes it.
func readResult(b []byte) (any, error) {
	if !bytes.HasPrefix(b, []byte("<")) {
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.UseNumber()
		return readOrdered(dec)
	}
	call := slices.Concat([]byte("<methodCall><methodName>a</methodName><params><param>"), b, []byte("</param></params></methodCall>"))
	parsed, err := xapid.ParseCall(call)
	if err != nil {
		return nil, err
	}
	return parsed.Params[0], nil
}

const redacted = "redacted"

// redact overwrites what nobody else should read.
func redact(class string, record Map) {
	for i, field := range record {
		switch v := field.Value.(type) {
		case string:
			if v != "" && (class == "secret" && field.Key == "value" || secretive(field.Key)) {
				record[i].Value = redacted
			}
		case Map:
			for k, entry := range v {
				if text, ok := entry.Value.(string); ok && text != "" && secretive(entry.Key) {
					v[k].Value = redacted
				}
			}
		}
	}
}

// secretive says whether a name speaks of something secret.
func secretive(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"password", "passwd", "passphrase", "secret", "token", "credential", "session", "private_key", "privatekey", "apikey", "api_key"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// WriteTo writes the dump as JSON, a record a line.
func (d *Dump) WriteTo(w io.Writer) (int64, error) {
	b := []byte(`{"format":"` + dumpFormat + `","objects":{`)
	for i, c := range d.classes {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, "\n"...)
		b = xapid.AppendJSONText(b, c.name)
		b = append(b, ":{"...)
		for j, row := range c.rows {
			if j > 0 {
				b = append(b, ',')
			}
			b = append(b, "\n "...)
			b = xapid.AppendJSONText(b, row.Key)
			b = append(b, ':')
			b = xapid.AppendJSON(b, row.Value)
		}
		b = append(b, '}')
	}
	n, err := w.Write(append(b, "\n}}\n"...))
	return int64(n), err
}

// Load reads a dump. The error says what about it is wrong.
func Load(r io.Reader) (*Dump, error) {
	dec := json.NewDecoder(r)
	dec.UseNumber()
	v, err := readOrdered(dec)
	if err == nil {
		if _, extra := dec.Token(); !errors.Is(extra, io.EOF) {
			err = errors.New("something follows its end")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("a dump is wanted: %w", err)
	}
	top, _ := v.(Map)
	if format, _ := top.Get("format"); format != dumpFormat {
		return nil, fmt.Errorf("a dump is wanted: its format is %v, not %q", format, dumpFormat)
	}
	objects, _ := top.Get("objects")
	classes, ok := objects.(Map)
	if !ok {
		return nil, errors.New("a dump is wanted: it has no objects")
	}
	d := &Dump{}
	for _, c := range classes {
		rows, ok := c.Value.(Map)
		if !ok {
			return nil, fmt.Errorf("the dump's %s is no object of records", c.Key)
		}
		d.classes = append(d.classes, dumpedClass{c.Key, rows})
	}
	return d, nil
}

// readOrdered reads a JSON value and keeps the order of objects.
func readOrdered(dec *json.Decoder) (any, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		m := Map{}
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			v, err := readOrdered(dec)
			if err != nil {
				return nil, err
			}
			m = append(m, Entry{Key: key.(string), Value: v})
		}
		_, err = dec.Token()
		return m, err
	case json.Delim('['):
		s := Set{}
		for dec.More() {
			v, err := readOrdered(dec)
			if err != nil {
				return nil, err
			}
			s = append(s, v)
		}
		_, err = dec.Token()
		return s, err
	}
	switch v := token.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		return v.Float64()
	case nil:
		return nil, errors.New("null is no value of the API")
	default:
		return token, nil
	}
}
