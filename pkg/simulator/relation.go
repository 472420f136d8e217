package simulator

import "time"

// link puts ref in front of the set that mirrors a reference to target, and returns the row that gained it.
func (t *tx) link(inv relation, target, ref string) *row {
	if t.bulk != nil && t.bulk.keep(inv, target, ref) {
		return nil
	}
	return t.mirror(inv, target, func(s Set) Set { return withMember(s, ref) })
}

// unlink takes ref out of the set that mirrors a reference to target, and returns the row that lost it.
func (t *tx) unlink(inv relation, target, ref string) *row {
	return t.mirror(inv, target, func(s Set) Set { return withoutMember(s, ref) })
}

func (t *tx) mirror(inv relation, target string, change func(Set) Set) *row {
	r := t.row(inv.class.Name, target)
	if r == nil {
		return nil // null or dangling
	}
	old := r.now.values[inv.field].(Set)
	if v := change(old); len(v) != len(old) {
		r.now = r.now.with(inv.field, v)
		t.touch(r)
	}
	return r
}

// relink keeps both sides of a many-to-many relation in step. xapi sends no event for the other side.
func (t *tx) relink(inv relation, ref string, old, now Set) {
	for _, e := range old {
		if !hasMember(now, e) {
			t.unlink(inv, e.(string), ref)
		}
	}
	for _, e := range now {
		if !hasMember(old, e) {
			t.link(inv, e.(string), ref)
		}
	}
}

// linkAll links a new row into every set that mirrors one of its references.
func (t *tx) linkAll(r *row) []*row {
	var gained []*row
	for _, i := range r.now.class.linked {
		inv := r.now.class.inverse[i]
		switch {
		case inv.many:
			t.relink(inv, r.now.ref, nil, r.now.values[i].(Set))
		default:
			gained = append(gained, t.link(inv, r.now.values[i].(string), r.now.ref))
		}
	}
	return gained
}

// unlinkAll takes a row that is gone out of every set that mirrored one of its references.
func (t *tx) unlinkAll(r *row) []*row {
	var lost []*row
	for _, i := range r.now.class.linked {
		inv := r.now.class.inverse[i]
		switch {
		case inv.many:
			t.relink(inv, r.now.ref, r.now.values[i].(Set), nil)
		default:
			lost = append(lost, t.unlink(inv, r.now.values[i].(string), r.now.ref))
		}
	}
	return lost
}

// goKind tells the Go types of values apart.
func goKind(v any) byte {
	switch v.(type) {
	case string:
		return 's'
	case int64:
		return 'i'
	case float64:
		return 'f'
	case bool:
		return 'b'
	case time.Time:
		return 't'
	case Set:
		return 'S'
	case Map:
		return 'M'
	}
	return 0
}
