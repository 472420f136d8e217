package simulator

import (
	"fmt"
	"time"
)

// tx reads and writes the database under the pool's lock: it must neither block nor be kept. Each write is seen at
// once by others and has made its events when it returns, as in xapi: there is no rollback.
//
// A class or field that the datamodel does not have is a mistake of the program: tx panics.
type tx struct {
	life *life
	bulk *bulkLinks // while a model is built; nil otherwise
}

// values are fields of a new row, by name.
type values map[string]any

func (t *tx) table(class string) *table {
	tab := t.life.db.tables[class]
	if tab == nil {
		panic("simulator: no class " + class)
	}
	return tab
}

func (t *tx) row(class, ref string) *row { return t.table(class).rows[ref] }

// exists says whether there is such an object.
func (t *tx) exists(class, ref string) bool { return t.row(class, ref) != nil }

// must is HANDLE_INVALID unless there is such an object.
func (t *tx) must(class, ref string) error {
	if t.row(class, ref) == nil {
		return noSuch(class, ref)
	}
	return nil
}

// record is the newest version of an object, nil if there is none. It stays good after the transaction.
func (t *tx) record(class, ref string) *record {
	if r := t.row(class, ref); r != nil {
		return r.now
	}
	return nil
}

// get returns a field of an object, or the field's initial value if the object is gone.
func (t *tx) get(class, ref, field string) any {
	tab := t.table(class)
	i := tab.class.at(field)
	if r := tab.rows[ref]; r != nil {
		return r.now.values[i]
	}
	return tab.class.initial[i]
}

// str returns a field that is a string, an enum or a reference.
func (t *tx) str(class, ref, field string) string { return t.get(class, ref, field).(string) }

// num returns a field that is an integer.
func (t *tx) num(class, ref, field string) int64 { return t.get(class, ref, field).(int64) }

// float returns a field that is a float.
func (t *tx) float(class, ref, field string) float64 { return t.get(class, ref, field).(float64) }

// flag returns a field that is a bool.
func (t *tx) flag(class, ref, field string) bool { return t.get(class, ref, field).(bool) }

// at returns a field that is a time.
func (t *tx) at(class, ref, field string) time.Time { return t.get(class, ref, field).(time.Time) }

// dict returns a field that is a map. Read only.
func (t *tx) dict(class, ref, field string) Map { return t.get(class, ref, field).(Map) }

// members returns a field that is a set. Read only.
func (t *tx) members(class, ref, field string) Set { return t.get(class, ref, field).(Set) }

// strs returns a field that is a set of strings, enums or references.
func (t *tx) strs(class, ref, field string) []string { return wordsOf(t.members(class, ref, field)) }

// all lists the references of a class in descending order, as get_all does.
func (t *tx) all(class string) []string {
	rows := t.table(class).sorted()
	refs := make([]string, len(rows))
	for i, r := range rows {
		refs[i] = r.now.ref
	}
	return refs
}

// find lists the objects of a class that have this value in that field, in descending order of reference.
func (t *tx) find(class, field string, value any) []string {
	tab := t.table(class)
	i := tab.class.at(field)
	var refs []string
	for _, r := range tab.sorted() {
		if equal(r.now.values[i], value) {
			refs = append(refs, r.now.ref)
		}
	}
	return refs
}

// the returns the one object of a class that has one, such as the pool; nullRef where there is none.
func (t *tx) the(class string) string {
	if rows := t.table(class).sorted(); len(rows) > 0 {
		return rows[0].now.ref
	}
	return nullRef
}

// at returns the position of a field, and panics on a name that the class does not have.
func (c *class) at(field string) int {
	i, ok := c.position[field]
	if !ok {
		panic(fmt.Sprintf("simulator: class %s has no field %s", c.Name, field))
	}
	return i
}
