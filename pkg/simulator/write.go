package simulator

import "slices"

// set writes one field. An equal value writes nothing and makes no event. Otherwise the generation advances and there
// are mod events: of the object that a reference pointed to before, of this one, and of the one it points to now.
// An object that is gone is left alone, as by xapi's late writes.
func (t *tx) set(class, ref, field string, v any) {
	tab := t.table(class)
	i := tab.class.at(field)
	r := tab.rows[ref]
	if r == nil || equal(r.now.values[i], v) {
		return
	}
	t.checkType(tab.class, i, v)
	old := r.now.values[i]
	r.now = r.now.with(i, v)
	if !tab.class.has(i) {
		return // the release does not have the field: nothing is written
	}
	t.touch(r)
	inv, related := tab.class.inverse[i]
	switch {
	case !related:
		t.emit(opMod, r.now)
	case inv.many:
		t.relink(inv, ref, old.(Set), v.(Set))
		t.emit(opMod, r.now)
	default:
		before := t.unlink(inv, old.(string), ref)
		after := t.link(inv, v.(string), ref)
		t.emitRow(before)
		t.emit(opMod, r.now)
		t.emitRow(after)
	}
}

// create adds an object with the given fields, the others at their initial values, a new uuid where the class has one,
// and a new reference, which it returns.
func (t *tx) create(class string, v values) string {
	ref := t.life.pool.newRef()
	t.createAs(class, ref, v)
	return ref
}

// createAs is create with a reference that the caller chose.
func (t *tx) createAs(class, ref string, v values) {
	tab := t.table(class)
	now := &record{class: tab.class, ref: ref, values: slices.Clone(tab.class.initial)}
	if i, ok := tab.class.position["uuid"]; ok {
		now.values[i] = t.life.pool.newUUID()
	}
	for name, value := range v {
		i := tab.class.at(name)
		t.checkType(tab.class, i, value)
		now.values[i] = value
	}
	r := &row{now: now}
	tab.rows[ref] = r
	tab.order = nil
	t.touch(r)
	r.created = r.modified
	gained := t.linkAll(r)
	t.emit(opAdd, now)
	for _, g := range gained {
		t.emitRow(g)
	}
}

// destroy removes an object: del with its last state, then mod of each object whose set lost it. References to it
// from elsewhere stay and dangle, as in xapi.
func (t *tx) destroy(class, ref string) {
	tab := t.table(class)
	r := tab.rows[ref]
	if r == nil {
		return
	}
	delete(tab.rows, ref)
	tab.order = nil
	t.life.db.generation++
	tab.bury(r, t.life.db.generation)
	lost := t.unlinkAll(r)
	t.emit(opDel, r.now)
	for _, l := range lost {
		t.emitRow(l)
	}
}

// addTo adds a key to a map field. xapi: MAP_DUPLICATE_KEY with the field's database name, even for an equal value.
func (t *tx) addTo(class, ref, field, key string, v any) error {
	if err := t.must(class, ref); err != nil {
		return err
	}
	if key == "" {
		return internalError("Db_exn.Empty_key_in_map")
	}
	m := t.dict(class, ref, field)
	if _, ok := m.Get(key); ok {
		c := t.table(class).class
		return fail("MAP_DUPLICATE_KEY", class, c.Field(field).DatabaseName(), ref, key)
	}
	t.set(class, ref, field, withKey(m, key, v))
	return nil
}

// removeFrom removes a key from a map field; an absent key is no error and no event.
func (t *tx) removeFrom(class, ref, field, key string) {
	t.set(class, ref, field, withoutKey(t.dict(class, ref, field), key))
}

// touch marks a row as modified now.
func (t *tx) touch(r *row) {
	t.life.db.generation++
	r.modified = t.life.db.generation
	t.table(r.now.class.Name).changed = r.modified
}

// checkType panics on a Go type that the field cannot hold: the mistake would otherwise show far away, on the wire.
func (t *tx) checkType(c *class, i int, v any) {
	if goKind(c.initial[i]) != goKind(v) {
		panic("simulator: wrong type for " + c.Name + "." + c.fields[i].Name)
	}
}
