package store

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/xencontroller/xencontroller/pkg/store/internal/hamt"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// References of any kind come out in the order of strings: long and short ones, one the beginning of another, with bytes
// that are zero.
func TestDifferencesInOrder(t *testing.T) {
	part := rapid.StringOfN(rapid.RuneFrom([]rune{0, '-', '0', 'a', 'é'}), 0, 12, -1)
	rapid.Check(t, func(t *rapid.T) {
		begin := rapid.SampledFrom([]string{"", "OpaqueRef:", "OpaqueRef:00000000"}).Draw(t, "begin")
		refs := rapid.SliceOfNDistinct(part, 0, 40, rapid.ID).Draw(t, "refs")
		m := hamt.New[string, xen.Record](func(s string) uint64 { return uint64(len(s)) * 0x9E3779B97F4A7C15 })
		b := m.Batch()
		for i, ref := range refs {
			refs[i] = begin + ref
			b.Set(refs[i], &xen.Task{})
		}
		found := hamt.Diff(m, b.Map(), nil)
		var got []string
		for _, place := range inOrder(found) {
			got = append(got, found[place.at].Key())
		}
		if slices.Sort(refs); !slices.Equal(got, refs) {
			t.Fatalf("%q, want %q", got, refs)
		}
	})
}
