package simulator

// bulkLinks holds back what thousands of new objects add to the sets of a few others, so that each set is written once.
// What a host, a network or an SR contains can be read only after flush.
type bulkLinks struct {
	sets map[bulkKey][]any
}

type bulkKey struct {
	class, ref string
	field      int
}

func newBulkLinks() *bulkLinks { return &bulkLinks{sets: make(map[bulkKey][]any)} }

// keep takes a link over if it is one of many to the same object.
func (b *bulkLinks) keep(inv relation, target, ref string) bool {
	switch inv.class.Name {
	case "SR", "network", "host":
	default:
		return false
	}
	if target != nullRef {
		key := bulkKey{inv.class.Name, target, inv.field}
		b.sets[key] = append(b.sets[key], ref)
	}
	return true
}

// flush writes the sets, newest first as xapi keeps them, and ends the bulk.
func (b *bulkLinks) flush(t *tx) {
	t.bulk = nil
	for key, added := range b.sets {
		r := t.row(key.class, key.ref)
		if r == nil {
			continue
		}
		old := r.now.values[key.field].(Set)
		all := make(Set, 0, len(added)+len(old))
		for i := range added {
			all = append(all, added[len(added)-1-i])
		}
		r.now = r.now.with(key.field, append(all, old...))
		t.touch(r)
	}
}
