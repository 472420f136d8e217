package xen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"reflect"
	"strconv"
)

// Pair is one member of a [Map].
type Pair[K ~string | ~int64, V any] struct {
	Key   K
	Value V
}

// Map is an XAPI map in the order of the wire. A slice rather than a Go map: records are read far more often than
// searched, most maps have a handful of members, and a slice is a third of the memory. It is read-only for everybody
// who got it from a record.
type Map[K ~string | ~int64, V any] []Pair[K, V]

// Get returns the value of a key, and whether it is there.
func (m Map[K, V]) Get(key K) (value V, ok bool) {
	for i := range m {
		if m[i].Key == key {
			return m[i].Value, true
		}
	}
	return value, false
}

// Has reports whether a key is there.
func (m Map[K, V]) Has(key K) bool {
	_, ok := m.Get(key)
	return ok
}

// Keys returns the keys in the order of the wire.
func (m Map[K, V]) Keys() []K {
	keys := make([]K, len(m))
	for i := range m {
		keys[i] = m[i].Key
	}
	return keys
}

// All iterates over the members in the order of the wire.
func (m Map[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for i := range m {
			if !yield(m[i].Key, m[i].Value) {
				return
			}
		}
	}
}

// MarshalJSON writes the map as a JSON object, in the order of the wire.
func (m Map[K, V]) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i := range m {
		if i > 0 {
			out.WriteByte(',')
		}
		key, err := json.Marshal(keyText(m[i].Key))
		if err != nil {
			return nil, err
		}
		out.Write(key)
		out.WriteByte(':')
		value, err := json.Marshal(m[i].Value)
		if err != nil {
			return nil, fmt.Errorf("value of %s: %w", key, err)
		}
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// AppendKey adds a member at the end and returns a pointer to its value, for a decoder to fill before it adds the next
// one. It fails where the keys are numbers and the text is none.
func (m *Map[K, V]) AppendKey(text string) (value any, err error) {
	var key K
	switch k := any(&key).(type) {
	case *int64:
		if *k, err = strconv.ParseInt(text, 10, 64); err != nil {
			return nil, fmt.Errorf("map key %q is not a number", text)
		}
	default:
		reflect.ValueOf(k).Elem().SetString(text)
	}
	*m = append(*m, Pair[K, V]{Key: key})
	return &(*m)[len(*m)-1].Value, nil
}

// keyText is a key as it stands on the wire. xapi: keys of int, ref and enum type are text too.
func keyText[K ~string | ~int64](key K) string {
	switch k := any(key).(type) {
	case string:
		return k
	case int64:
		return strconv.FormatInt(k, 10)
	}
	return fmt.Sprint(key)
}

// StringMap makes a [Map] from pairs of words: key, value, key, value. A key without a value has the empty one.
func StringMap(words ...string) Map[string, string] {
	m := make(Map[string, string], 0, (len(words)+1)/2)
	for i := 0; i < len(words); i += 2 {
		pair := Pair[string, string]{Key: words[i]}
		if i+1 < len(words) {
			pair.Value = words[i+1]
		}
		m = append(m, pair)
	}
	return m
}
