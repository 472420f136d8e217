package hamt

import (
	"fmt"
	"hash/maphash"
	"maps"
	"testing"

	"pgregory.net/rapid"
)

// version is one version of a map and what a plain map said it holds at that time.
type version struct {
	m    Map[string, int]
	want map[string]int
}

// hashes are a good one and some that are as bad as can be: every kind of collision must happen.
func hashes() map[string]func(string) uint64 {
	seed := maphash.MakeSeed()
	good := func(s string) uint64 { return maphash.String(seed, s) }
	return map[string]func(string) uint64{
		"good":           good,
		"constant":       func(string) uint64 { return 42 },
		"top bits only":  func(s string) uint64 { return good(s) << 60 },
		"low bits only":  func(s string) uint64 { return good(s) & 7 },
		"two of a group": func(s string) uint64 { return good(s) & 0xF00000000000001F },
	}
}

func TestLikeAPlainMap(t *testing.T) {
	for name, hash := range hashes() {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { checkBatches(t, hash) })
		})
	}
}

// checkBatches plays random batches, each on a random older version, and looks at every version at the end.
func checkBatches(t *rapid.T, hash func(string) uint64) {
	keys := rapid.SampledFrom(keyNames(rapid.IntRange(1, 60).Draw(t, "keys")))
	versions := []version{{New[string, int](hash), map[string]int{}}}
	for range rapid.IntRange(1, 12).Draw(t, "batches") {
		from := versions[rapid.IntRange(0, len(versions)-1).Draw(t, "from")]
		b, want := from.m.Batch(), maps.Clone(from.want)
		for range rapid.IntRange(0, 40).Draw(t, "writes") {
			key := keys.Draw(t, "key")
			switch rapid.IntRange(0, 9).Draw(t, "write") {
			case 0, 1, 2, 3, 4, 5:
				value := rapid.IntRange(0, 1000).Draw(t, "value")
				if there := b.Find(key); there != nil && value%2 == 0 {
					b.Update(there, value)
				} else {
					b.Set(key, value)
				}
				want[key] = value
			case 6, 7, 8:
				_, there := want[key]
				delete(want, key)
				if got := b.Delete(key); got != there {
					t.Fatalf("Delete(%q) = %v, want %v", key, got, there)
				}
			case 9: // a version out of the middle of a batch must not change by what the batch does after it
				versions = append(versions, version{b.Map(), maps.Clone(want)})
			}
			if got, ok := b.Get(key); ok != has(want, key) || got != want[key] {
				t.Fatalf("batch: Get(%q) = %v, %v, want %v", key, got, ok, want[key])
			}
		}
		versions = append(versions, version{b.Map(), want})
	}
	for i, v := range versions {
		checkVersion(t, i, v)
	}
	older := versions[rapid.IntRange(0, len(versions)-1).Draw(t, "older")]
	newer := versions[rapid.IntRange(0, len(versions)-1).Draw(t, "newer")]
	checkDiff(t, older, newer)
}

func checkVersion(t *rapid.T, i int, v version) {
	got := maps.Collect(v.m.All())
	if !maps.Equal(got, v.want) || v.m.Len() != len(v.want) {
		t.Fatalf("version %d: Len %d, entries %v, want %v", i, v.m.Len(), got, v.want)
	}
	for key, want := range v.want {
		if value, ok := v.m.Get(key); !ok || value != want {
			t.Fatalf("version %d: Get(%q) = %v, %v, want %v", i, key, value, ok, want)
		}
	}
	if _, ok := v.m.Get("never set"); ok {
		t.Fatalf("version %d has a key that was never set", i)
	}
}

// checkDiff applies a diff to the older version's plain map, which must give the newer's.
func checkDiff(t *rapid.T, older, newer version) {
	got := maps.Clone(older.want)
	seen := map[string]bool{}
	for _, d := range Diff(older.m, newer.m, nil) {
		key := d.Key()
		if seen[key] {
			t.Fatalf("%q is in the diff twice", key)
		}
		seen[key] = true
		if value, ok := got[key]; ok != (d.Old != nil) || ok && (value != d.Old.Value || d.Old.Key != key) {
			t.Fatalf("diff says %+v, the older version has %v, %v", d.Old, value, ok)
		}
		delete(got, key)
		if d.New != nil {
			got[key] = d.New.Value
		}
	}
	if !maps.Equal(got, newer.want) {
		t.Fatalf("older version and diff make %v, want %v", got, newer.want)
	}
}

// A diff of a few writes names those and nothing else, in a map of any size.
func TestDiffNamesOnlyWhatChanged(t *testing.T) {
	m := filled(t, 10_000)
	b := m.Batch()
	for i := range 200 {
		b.Set(fmt.Sprint("key ", i*50), -1)
	}
	changes := Diff(m, b.Map(), nil)
	for _, d := range changes {
		if d.Old == nil || d.New == nil || d.New.Value != -1 {
			t.Errorf("diff names %+v, %+v", d.Old, d.New)
		}
	}
	if len(changes) != 200 {
		t.Errorf("diff names %d changes, want 200", len(changes))
	}
}

// The shape must depend on the entries alone, or maps that grew and shrank would stay deep for ever.
func TestDeletingShrinks(t *testing.T) {
	m := filled(t, 1000)
	b := m.Batch()
	for i := 1; i < 1000; i++ {
		b.Delete(fmt.Sprint("key ", i))
	}
	if root := b.m.root; root.single(0) == nil {
		t.Errorf("a map of one entry has %d branches in its root, kids %b", root.len(), root.kidMap)
	}
	b.Delete("key 0")
	if b.m.root != nil {
		t.Error("an empty map has a root")
	}
}

func TestAllStopsWhenTold(t *testing.T) {
	n, m := 0, filled(t, 1000)
	for range m.All() {
		if n++; n == 7 {
			break
		}
	}
	if n != 7 {
		t.Errorf("%d entries after a break at 7", n)
	}
}

func filled(tb testing.TB, n int) Map[string, int] {
	tb.Helper()
	m := New[string, int](hashes()["good"])
	b := m.Batch()
	for i := range n {
		b.Set(fmt.Sprint("key ", i), i)
	}
	return b.Map()
}

func keyNames(n int) (keys []string) {
	for i := range n {
		keys = append(keys, fmt.Sprint("key ", i))
	}
	return keys
}

func has(m map[string]int, key string) bool { _, ok := m[key]; return ok }
