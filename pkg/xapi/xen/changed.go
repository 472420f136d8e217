package xen

import (
	"math"
	"math/bits"
)

// Field is the number of a field within its class: VMFieldPowerState, HostFieldEnabled. Numbers of different classes say
// nothing of each other, and may be others with the next datamodel.
type Field uint8

// Fields is a set of fields of one class. No class has more than 127.
type Fields [2]uint64

// FieldUnknown stands for the members of any class that the datamodel lacks, all together.
const FieldUnknown Field = 127

// Has reports whether any of these fields is in the set.
func (f Fields) Has(any ...Field) bool {
	for _, field := range any {
		if f[field/64]&(1<<(field%64)) != 0 {
			return true
		}
	}
	return false
}

// None reports whether the set is empty.
func (f Fields) None() bool { return f == Fields{} }

// Len is the number of fields in the set.
func (f Fields) Len() int { return bits.OnesCount64(f[0]) + bits.OnesCount64(f[1]) }

// Names returns the names of the fields as the API spells them, in the order of the wire, and "unknown" at the end if
// members changed that the datamodel lacks; c is the class that they are of.
func (f Fields) Names(c Class) []string {
	var names []string
	for n, name := range fieldNames[c] {
		if f.Has(Field(n)) {
			names = append(names, name)
		}
	}
	if f.Has(FieldUnknown) {
		names = append(names, "unknown")
	}
	return names
}

func (f *Fields) add(field Field) { f[field/64] |= 1 << (field % 64) }

// Changed returns the fields in which two records of one class differ. Where there is only one record, the other being
// nil, or where they are of two classes, that is all of them. The order within sets and maps counts. xapi: it is that of
// the database and does not change by itself. It allocates nothing.
func Changed(older, newer Record) Fields {
	if older == newer {
		return Fields{}
	}
	if older != nil && newer != nil {
		if f, alike := changed(older, newer); alike {
			return f
		}
	}
	if newer == nil {
		newer = older
	}
	var all Fields
	all.add(FieldUnknown)
	for n := range fieldNames[newer.Class()] {
		all.add(Field(n))
	}
	return all
}

// sameList compares sets, and maps of simple values.
func sameList[E comparable](a, b []E) bool {
	if len(a) != len(b) {
		return false
	}
	if len(a) == 0 || &a[0] == &b[0] { // a decoder may share equal values
		return true
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func sameMap[K ~string | ~int64, V any](a, b Map[K, V], same func(x, y V) bool) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Key != b[i].Key || !same(a[i].Value, b[i].Value) {
			return false
		}
	}
	return true
}

// sameFloat compares bits: what is no number is news once.
func sameFloat(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

func sameOption[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// sameSRStat compares the records within probe results.
func sameSRStat(a, b *SRStat) bool {
	return a == b || a != nil && b != nil && changedSRStat(a, b).None()
}
