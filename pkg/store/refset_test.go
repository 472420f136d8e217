package store

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A set is a sorted list without doubles, and a set that was changed stays as it was.
func TestRefSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := numbered(rapid.SampledFrom([]int{0, 1, 100, 128, 129, 1500}).Draw(t, "begin"))
		set := sortedRefSet(slices.Clone(want))
		for range rapid.IntRange(0, 60).Draw(t, "writes") {
			before, was := set, slices.Collect(set.all())
			ref := fmt.Sprintf("OpaqueRef:%06d", rapid.IntRange(0, 3000).Draw(t, "ref"))
			i, there := slices.BinarySearch(want, ref)
			switch add := rapid.Bool().Draw(t, "add"); {
			case add && !there:
				want = slices.Insert(want, i, ref)
				fallthrough
			case add:
				set = set.with(ref)
			case there:
				want = slices.Delete(want, i, i+1)
				fallthrough
			default:
				set = set.without(ref)
			}
			if got := slices.Collect(before.all()); !slices.Equal(got, was) {
				t.Fatalf("the set before the write changed from %v to %v", was, got)
			}
		}
		if got := slices.Collect(set.all()); !slices.Equal(got, want) || set.len() != len(want) {
			t.Fatalf("len %d, refs %v, want %v", set.len(), got, want)
		}
	})
}

// Blocks stay bounded, or adding would copy more and more.
func TestRefSetBlocksAreBounded(t *testing.T) {
	var set refSet
	for _, ref := range numbered(5000) {
		set = set.with(ref)
	}
	for i, block := range set.many.blocks {
		if len(block) == 0 || len(block) > blockSize {
			t.Errorf("block %d of %d has %d references", i, len(set.many.blocks), len(block))
		}
	}
}

func TestRefSetStopsWhenTold(t *testing.T) {
	n := 0
	for range sortedRefSet(numbered(600)).all() {
		if n++; n == 5 {
			break
		}
	}
	if n != 5 {
		t.Errorf("%d references after a break at 5", n)
	}
}

// numbered is n references, every other number, sorted.
func numbered(n int) []string {
	refs := make([]string, n)
	for i := range refs {
		refs[i] = fmt.Sprintf("OpaqueRef:%06d", 2*i)
	}
	return refs
}
