package xen

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestEveryFieldIsCompared changes each field of each class alone, and every field has to be the only one that changed.
func TestEveryFieldIsCompared(t *testing.T) {
	classes := 0
	for _, class := range Classes() {
		record := NewRecord(class)
		if record == nil {
			continue
		}
		classes++
		typ := reflect.TypeOf(record).Elem()
		if typ.NumField() > 128 {
			t.Fatalf("%s has %d fields", class, typ.NumField())
		}
		if f := Changed(NewRecord(class), NewRecord(class)); !f.None() {
			t.Errorf("%s: two empty records differ in %q", class, f.Names(class))
		}
		if n := Changed(nil, record).Len(); n != typ.NumField() || Changed(record, nil).Len() != n {
			t.Errorf("%s: %d of %d fields of a new object changed", class, n, typ.NumField())
		}
		for i := range typ.NumField() {
			want, field := typ.Field(i).Tag.Get("json"), Field(i)
			if typ.Field(i).Name == "Unknown" {
				want, field = "unknown", FieldUnknown
			}
			for n, value := range samples(typ.Field(i).Type) {
				one := NewRecord(class)
				reflect.ValueOf(one).Elem().Field(i).Set(value)
				for _, f := range []Fields{Changed(one, NewRecord(class)), Changed(NewRecord(class), one)} {
					if names := f.Names(class); len(names) != 1 || names[0] != want || !f.Has(field) {
						t.Errorf("%s.%s, sample %d: changed %q", class, want, n, names)
					}
				}
				same := NewRecord(class)
				reflect.ValueOf(same).Elem().Field(i).Set(samples(typ.Field(i).Type)[n])
				if f := Changed(one, same); !f.None() {
					t.Errorf("%s.%s, sample %d: two that say the same differ in %q", class, want, n, f.Names(class))
				}
			}
		}
	}
	if classes < 60 {
		t.Errorf("%d classes: this compares nothing", classes)
	}
}

// samples are values of a type that differ from its zero value, each made anew.
func samples(t reflect.Type) []reflect.Value {
	v := reflect.New(t).Elem()
	switch {
	case t == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(1, 0)))
		return []reflect.Value{v}
	case t.Kind() == reflect.String:
		v.SetString("x")
	case t.Kind() == reflect.Int64:
		v.SetInt(1)
	case t.Kind() == reflect.Bool:
		v.SetBool(true)
	case t.Kind() == reflect.Float64:
		nan := reflect.New(t).Elem()
		nan.SetFloat(math.NaN())
		v.SetFloat(0.5)
		return []reflect.Value{v, nan}
	case t.Kind() == reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
	case t.Kind() == reflect.Slice:
		var all []reflect.Value
		empty := reflect.New(t.Elem()).Elem()
		for _, elem := range append(samples(t.Elem()), empty) {
			s := reflect.MakeSlice(t, 1, 1)
			s.Index(0).Set(elem)
			all = append(all, s)
		}
		return all
	case t.Kind() == reflect.Struct: // a pair: its key alone, and its value alone
		var all []reflect.Value
		for i := range t.NumField() {
			for _, field := range samples(t.Field(i).Type) {
				s := reflect.New(t).Elem()
				s.Field(i).Set(field)
				all = append(all, s)
			}
		}
		return all
	}
	return []reflect.Value{v}
}

func TestFields(t *testing.T) {
	older := &VM{NameLabel: "web", PowerState: Halted, OtherConfig: StringMap("a", "1")}
	newer := &VM{NameLabel: "web", PowerState: Running, OtherConfig: StringMap("a", "2")}
	f := Changed(older, newer)
	if !f.Has(VMFieldPowerState) || !f.Has(VMFieldNameLabel, VMFieldOtherConfig) || f.Has(VMFieldNameLabel, VMFieldVBDs) {
		t.Errorf("changed: %q", f.Names(ClassVM))
	}
	if got := strings.Join(f.Names(ClassVM), " "); got != "power_state other_config" {
		t.Errorf("names: %q", got)
	}
	if f := Changed(older, &Host{NameLabel: "web"}); f.Len() != reflect.TypeFor[Host]().NumField() {
		t.Errorf("records of two classes differ in %d fields", f.Len())
	}
	if n := testing.AllocsPerRun(100, func() { _ = Changed(older, newer) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestUnknownMembersAreOneField changes what no field of the datamodel holds.
func TestUnknownMembersAreOneField(t *testing.T) {
	a, b := &VM{Unknown: StringMap("mood", "1")}, &VM{Unknown: StringMap("mood", "2")}
	f := Changed(a, b)
	if !f.Has(FieldUnknown) || f.Len() != 1 || len(f.Names(ClassVM)) != 1 || f.Names(ClassVM)[0] != "unknown" {
		t.Error(f, f.Names(ClassVM))
	}
}
