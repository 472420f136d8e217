package simulator

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

// Whatever is created, re-referenced and destroyed, in whatever order: every mirrored set holds exactly those that
// refer to its owner, each once; rows, order and generation agree.
func TestRelationsStayInStep(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, err := New(Model{VMs: -1, Hosts: 1})
		if err != nil {
			rt.Fatal(err)
		}
		defer p.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		tx := &tx{life: p.life}
		p.life.db.tables = newDB(p.schema).tables
		rt.Repeat(map[string]func(*rapid.T){
			"VM":      func(rt *rapid.T) { tx.create("VM", values{"resident_on": someRef(rt, tx, "host")}) },
			"host":    func(*rapid.T) { tx.create("host", values{}) },
			"group":   func(*rapid.T) { tx.create("VM_group", values{}) },
			"VBD":     func(rt *rapid.T) { tx.create("VBD", values{"VM": someRef(rt, tx, "VM")}) },
			"move":    func(rt *rapid.T) { tx.set("VM", someRef(rt, tx, "VM"), "resident_on", someRef(rt, tx, "host")) },
			"regroup": func(rt *rapid.T) { tx.set("VM", someRef(rt, tx, "VM"), "groups", setOf(someRef(rt, tx, "VM_group"))) },
			"destroy": func(rt *rapid.T) {
				class := rapid.SampledFrom([]string{"VM", "host", "VBD", "VM_group"}).Draw(rt, "class")
				tx.destroy(class, someRef(rt, tx, class))
			},
			"restart": func(*rapid.T) { p.life.db = p.life.db.restarted() },
			"":        func(rt *rapid.T) { checkRelations(rt, p.life.db) },
		})
	})
}

func someRef(rt *rapid.T, tx *tx, class string) string {
	return rapid.SampledFrom(append(tx.all(class), nullRef)).Draw(rt, class)
}

func checkRelations(rt *rapid.T, d *db) {
	for _, t := range d.tables {
		if len(t.sorted()) != len(t.rows) || !slices.IsSortedFunc(t.sorted(), func(a, b *row) int { return cmp.Compare(b.now.ref, a.now.ref) }) {
			rt.Fatalf("%s: %d rows, %d in order", t.class.Name, len(t.rows), len(t.sorted()))
		}
		for i, inv := range t.class.inverse {
			if inv.many {
				continue
			}
			wantMirror(rt, d, t, i, inv)
		}
	}
	for _, vm := range d.tables["VM"].rows {
		for _, g := range vm.now.get("groups").(Set) {
			if group := d.tables["VM_group"].rows[g.(string)]; group != nil && !hasMember(group.now.get("VMs").(Set), vm.now.ref) {
				rt.Fatalf("%s is in group %s, which does not know", vm.now.ref, g)
			}
		}
	}
}

func wantMirror(rt *rapid.T, d *db, t *table, field int, inv relation) {
	want := make(map[string][]string)
	for ref, r := range t.rows {
		target := r.now.values[field].(string)
		want[target] = append(want[target], ref)
	}
	for ref, owner := range d.tables[inv.class.Name].rows {
		got := wordsOf(owner.now.values[inv.field].(Set))
		got = slices.DeleteFunc(got, func(r string) bool { return t.rows[r] == nil })
		slices.Sort(got)
		slices.Sort(want[ref])
		if !slices.Equal(got, want[ref]) {
			rt.Fatalf("%s.%s of %s: %v, want %v", inv.class.Name, inv.class.fields[inv.field].Name, ref, got, want[ref])
		}
	}
}

// Every default of the datamodel has the Go type that its field needs.
func TestInitialValuesFitTheirTypes(t *testing.T) {
	s, err := theSchema()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range s.ordered {
		for i, f := range c.fields {
			want := goKind(zero(f.Parsed))
			if got := goKind(c.initial[i]); got != want {
				t.Errorf("%s.%s starts as %#v, want a %s", c.Name, f.Name, c.initial[i], f.Type)
			}
			if f.Parsed.Kind == datamodel.EnumKind && !slices.Contains(s.enums[f.Parsed.Name], c.initial[i].(string)) {
				t.Errorf("%s.%s starts as %v, which is no %s", c.Name, f.Name, c.initial[i], f.Type)
			}
		}
	}
}

func TestWrongTypesAndNamesPanic(t *testing.T) {
	p := Start(t, Model{VMs: 2})
	for name, f := range map[string]func(*tx){
		"class":       func(t *tx) { t.all("vm") },
		"field":       func(t *tx) { t.set("VM", t.the("VM"), "nope", "") },
		"type":        func(t *tx) { t.set("VM", t.the("VM"), "domid", 5) },
		"type of new": func(t *tx) { t.create("VM", values{"tags": "x"}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a wrong %s was accepted", name)
				}
			}()
			p.view(f)
		}()
	}
}

func TestSameSeedSamePool(t *testing.T) {
	list := func(seed int64) string {
		p := Start(t, Model{VMs: 6, Seed: seed})
		var refs []string
		p.view(func(t *tx) { refs = t.all("VM") })
		return fmt.Sprint(refs)
	}
	if first, again := list(1), list(1); first != again || first == list(2) {
		t.Error("references do not follow from the seed")
	}
}
