package simulator

import (
	"slices"

	"github.com/xencontroller/xencontroller/internal/wire/xapid"
)

// implicitBehaviour is what the messages that xapi generates for every class do, by the datamodel's kind; nil: not one.
func implicitBehaviour(kind string) behaviour {
	switch kind {
	case "field getter":
		return getField
	case "field setter":
		return setField
	case "field add":
		return addToField
	case "field remove":
		return removeFromField
	case "constructor":
		return construct
	case "destructor":
		return destruct
	case "get_record":
		return getRecord
	case "get_by_uuid":
		return getByUUID
	case "get_by_name_label":
		return getByNameLabel
	case "get_all":
		return getAll
	case "get_all_records":
		return getAllRecords
	case "get_all_where":
		return getAllWhere
	case "get_all_records_where":
		return getAllRecordsWhere
	}
	return nil
}

// behaviourOf finds what a message does; it is nil for an explicit message that nobody has written yet.
func (p *Pool) behaviourOf(m *message) behaviour {
	if b := p.behaviours[m.wire]; b != nil {
		return b
	}
	return implicitBehaviour(m.Kind)
}

// notImplemented answers a message that the simulator does not have yet.
func notImplemented(c *call) (any, error) { return nil, fail("NOT_IMPLEMENTED", c.method) }

func (c *call) object(t *tx) (*record, error) {
	r := t.record(c.message.class.Name, c.str(0))
	if r == nil {
		return nil, noSuch(c.message.class.Name, c.str(0))
	}
	return r, nil
}

func getField(c *call) (v any, err error) {
	err = c.view(func(t *tx) error {
		r, err := c.object(t)
		if err == nil {
			v = r.get(c.message.Field)
		}
		return err
	})
	return v, err
}

func setField(c *call) (any, error) { return nil, c.writeField(c.message.Field) }

func (c *call) writeField(field string) error {
	return c.update(func(t *tx) error {
		if _, err := c.object(t); err != nil {
			return err
		}
		t.set(c.message.class.Name, c.str(0), field, c.params[1])
		return nil
	})
}

func addToField(c *call) (any, error) { return nil, c.addField(c.message.Field) }

// addField adds a key to a map (three parameters) or a member to a set (two).
func (c *call) addField(field string) error {
	return c.update(func(t *tx) error {
		if _, err := c.object(t); err != nil {
			return err
		}
		class, ref := c.message.class.Name, c.str(0)
		if len(c.params) == 3 {
			return t.addTo(class, ref, field, c.str(1), c.params[2])
		}
		t.set(class, ref, field, withMember(t.members(class, ref, field), c.params[1]))
		return nil
	})
}

func removeFromField(c *call) (any, error) { return nil, c.removeField(c.message.Field) }

func (c *call) removeField(field string) error {
	return c.update(func(t *tx) error {
		r, err := c.object(t)
		if err != nil {
			return err
		}
		class, ref := c.message.class.Name, c.str(0)
		if _, isMap := r.get(field).(Map); isMap {
			t.removeFrom(class, ref, field, c.str(1))
		} else {
			t.set(class, ref, field, withoutMember(t.members(class, ref, field), c.params[1]))
		}
		return nil
	})
}

// construct is a generated constructor: one parameter, the record.
func construct(c *call) (any, error) {
	given := givenValues(c.dict(0))
	var ref string
	err := c.update(func(t *tx) error { ref = t.create(c.message.class.Name, given); return nil })
	return ref, err
}

// givenValues are the fields of a record that a constructor was given; the uuid is xapi's to choose.
func givenValues(record Map) values {
	given := values{}
	for _, e := range record {
		if e.Key != "uuid" {
			given[e.Key] = e.Value
		}
	}
	return given
}

func destruct(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if _, err := c.object(t); err != nil {
			return err
		}
		t.destroy(c.message.class.Name, c.str(0))
		return nil
	})
}

func getRecord(c *call) (v any, err error) {
	err = c.view(func(t *tx) error {
		r, err := c.object(t)
		v = r
		return err
	})
	return v, err
}

func getByUUID(c *call) (any, error) {
	found, err := c.find("uuid")
	if err == nil && len(found) == 0 {
		err = fail("UUID_INVALID", c.message.class.Name, c.str(0))
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

func getByNameLabel(c *call) (any, error) {
	found, err := c.find("name_label")
	return setOf(found...), err
}

func (c *call) find(field string) (refs []string, err error) {
	err = c.view(func(t *tx) error { refs = t.find(c.message.class.Name, field, c.str(0)); return nil })
	return refs, err
}

func getAll(c *call) (any, error) {
	list, err := c.records(func(*record) (bool, error) { return true, nil })
	return refList(list), err
}

func getAllRecords(c *call) (any, error) {
	list, err := c.records(func(*record) (bool, error) { return true, nil })
	return recordList(list), err
}

func getAllWhere(c *call) (any, error) {
	list, err := c.where()
	return refList(list), err
}

func getAllRecordsWhere(c *call) (any, error) {
	list, err := c.where()
	return recordList(list), err
}

func (c *call) where() ([]*record, error) {
	f, err := parseFilter(c.str(0))
	if err != nil {
		return nil, err
	}
	return c.records(func(r *record) (bool, error) { return f.matches(r) })
}

// records lists the class in descending order of reference.
func (c *call) records(keep func(*record) (bool, error)) (list []*record, err error) {
	err = c.view(func(t *tx) error {
		for _, r := range t.table(c.message.class.Name).sorted() {
			ok, err := keep(r.now)
			if err != nil {
				return err
			}
			if ok {
				list = append(list, r.now)
			}
		}
		return nil
	})
	return list, err
}

// recordList is the result of get_all_records: a struct from reference to record, written from kept bytes.
type recordList []*record

// AppendXML appends the list, one member a record.
func (l recordList) AppendXML(dst []byte) []byte {
	size := 64
	for _, r := range l {
		size += len(r.encoded()) + 96
	}
	dst = slices.Grow(dst, size)
	dst = append(dst, `<value><struct>`...)
	for _, r := range l {
		dst = xapid.AppendMember(dst, r.ref, r)
	}
	return append(dst, `</struct></value>`...)
}

func refList(l []*record) Set {
	refs := make(Set, len(l))
	for i, r := range l {
		refs[i] = r.ref
	}
	return refs
}
