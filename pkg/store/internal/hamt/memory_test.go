package hamt

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"testing"
)

// Nodes of every size, in many versions, while the garbage collector runs: it must find what slots hold, and a version
// must not see what a later one wrote into memory that they share.
func TestManyVersionsUnderTheCollector(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	type version struct {
		m    Map[string, *[8]int]
		want map[string]int
	}
	last := version{m: New[string, *[8]int](hashes()["good"]), want: map[string]int{}}
	versions := []version{last}
	for n := range 60 {
		b, want := last.m.Batch(), maps.Clone(last.want)
		for range 1 + random.IntN(200) {
			key := fmt.Sprint("key ", random.IntN(3000))
			if random.IntN(3) == 0 {
				b.Delete(key)
				delete(want, key)
				continue
			}
			b.Set(key, &[8]int{n, n, n, n, n, n, n, n})
			want[key] = n
		}
		last = version{m: b.Map(), want: want}
		versions = append(versions, last)
		runtime.GC()
	}
	for i, v := range versions {
		seen := 0
		for key, value := range v.m.All() {
			seen++
			if n, ok := v.want[key]; !ok || *value != [8]int{n, n, n, n, n, n, n, n} {
				t.Fatalf("version %d has %v under %q, want %d (%v)", i, *value, key, n, ok)
			}
		}
		if seen != len(v.want) || v.m.Len() != seen {
			t.Fatalf("version %d has %d entries and says %d, want %d", i, seen, v.m.Len(), len(v.want))
		}
	}
}

// A version that nobody holds any more is collected, with what only it had.
func TestOldVersionsAreCollected(t *testing.T) {
	m := filled(t, 100)
	gone := make(chan struct{})
	func() {
		b := New[string, *[1024]byte](hashes()["good"])
		batch := b.Batch()
		value := new([1024]byte)
		runtime.AddCleanup(value, func(int) { close(gone) }, 0)
		batch.Set("key", value)
		old := batch.Map()
		next := old.Batch()
		next.Set("key", nil)
		kept := next.Map()
		t.Cleanup(func() { runtime.KeepAlive(&kept) })
	}()
	for {
		runtime.GC()
		select {
		case <-gone:
			runtime.KeepAlive(&m)
			return
		default:
		}
	}
}
