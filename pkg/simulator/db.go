package simulator

import (
	"cmp"
	"slices"
)

// db is xapi's database: a table a class, every row at its newest version, and the generation that counts writes.
// It has no lock of its own: whoever touches it holds the pool's.
type db struct {
	schema     *schema
	tables     map[string]*table
	names      []string // of the tables, descending
	generation int64
	origin     *db // of a copy: what it is a copy of
}

type table struct {
	class   *class
	rows    map[string]*row
	order   []*row   // descending by reference; nil: to be sorted again
	deleted []buried // newest last
	changed int64    // generation of the last write, deletions included
	stamp   int64    // of a copy: the generation of the last change
}

type row struct {
	now      *record
	created  int64 // generation
	modified int64
}

// buried is a row that is gone. xapi keeps some of each table for event.from.
type buried struct {
	ref     string
	created int64
	deleted int64
}

// xapi keeps at least 256 and less than 512 deletions of a table, and twice as many of messages, which are in files.
const (
	deletionsKept = 512
	deletionsLeft = 256
)

func newDB(s *schema) *db {
	d := &db{schema: s, tables: make(map[string]*table)}
	for _, c := range s.ordered {
		d.tables[c.Name] = &table{class: c, rows: make(map[string]*row)}
	}
	d.names = sortedKeys(d.tables)
	slices.Reverse(d.names)
	return d
}

// sorted lists the rows as get_all does: in descending byte order of the reference.
func (t *table) sorted() []*row {
	if t.order == nil && len(t.rows) > 0 {
		t.order = make([]*row, 0, len(t.rows))
		for _, r := range t.rows {
			t.order = append(t.order, r)
		}
		slices.SortFunc(t.order, func(a, b *row) int { return cmp.Compare(b.now.ref, a.now.ref) })
	}
	return t.order
}

// bury notes the deletion for event.from.
func (t *table) bury(r *row, generation int64) {
	t.changed = generation
	t.deleted = append(t.deleted, buried{r.now.ref, r.created, generation})
	kept, left := deletionsKept, deletionsLeft
	if !t.class.InDatabase {
		kept, left = 2*kept, 2*left
	}
	if len(t.deleted) >= kept {
		t.deleted = slices.Clone(t.deleted[len(t.deleted)-left:])
	}
}

// restarted is what a new life of xapi finds: rows of the classes that are stored, their stored fields, and sets
// rebuilt from the other side. Every row counts as created and modified now; nothing tells of what vanished.
func (d *db) restarted() *db {
	fresh := newDB(d.schema)
	fresh.generation = d.generation
	for name, t := range d.tables {
		if !t.class.Persisted {
			continue
		}
		fresh.tables[name].changed = d.generation
		for ref, r := range t.rows {
			now := &record{class: t.class, ref: ref, values: slices.Clone(r.now.values)}
			for i, f := range t.class.fields {
				if !f.Persisted && f.Relation == nil {
					now.values[i] = t.class.initial[i]
				}
			}
			fresh.tables[name].rows[ref] = &row{now: now, created: d.generation, modified: d.generation}
		}
	}
	return fresh
}
