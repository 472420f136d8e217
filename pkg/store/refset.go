package store

import (
	"iter"
	"slices"
	"sort"
)

// blockSize bounds what adding a reference to a set has to copy.
const blockSize = 128

// refSet is a persistent, sorted set of references. Most sets of an index have one, which then stands in the set itself.
type refSet struct {
	one  string // if many is nil: the only reference, or "" for none
	many *refBlocks
}

// refBlocks are blocks of at most blockSize references, each sorted, none empty. A changed set shares every block but one
// with the set before.
type refBlocks struct {
	blocks [][]string
	size   int
}

// sortedRefSet makes a set of references that are sorted and differ from each other.
func sortedRefSet(refs []string) refSet {
	many := &refBlocks{size: len(refs)}
	for block := range slices.Chunk(refs, blockSize/2) { // half full: there is room to grow
		many.blocks = append(many.blocks, block)
	}
	return refSet{many: many}
}

func (s refSet) len() int {
	switch {
	case s.many != nil:
		return s.many.size
	case s.one != "":
		return 1
	}
	return 0
}

func (s refSet) all() iter.Seq[string] {
	return func(yield func(string) bool) {
		if s.many == nil {
			_ = s.one == "" || yield(s.one)
			return
		}
		for _, block := range s.many.blocks {
			for _, ref := range block {
				if !yield(ref) {
					return
				}
			}
		}
	}
}

// with returns the set with ref in it.
func (s refSet) with(ref string) refSet {
	switch {
	case s.many == nil && s.one == ref && ref != "":
		return s
	case s.many == nil && s.one == "" && ref != "":
		return refSet{one: ref}
	}
	return refSet{many: s.asBlocks().with(ref)}
}

// without returns the set without ref.
func (s refSet) without(ref string) refSet {
	if s.many != nil {
		return refSet{many: s.many.without(ref)}
	}
	if s.one == ref {
		return refSet{}
	}
	return s
}

func (s refSet) asBlocks() *refBlocks {
	switch {
	case s.many != nil:
		return s.many
	case s.one == "":
		return &refBlocks{}
	}
	return &refBlocks{blocks: [][]string{{s.one}}, size: 1}
}

func (s *refBlocks) with(ref string) *refBlocks {
	if s.size == 0 {
		return &refBlocks{blocks: [][]string{{ref}}, size: 1}
	}
	at := s.blockOf(ref)
	block := s.blocks[at]
	i, there := slices.BinarySearch(block, ref)
	if there {
		return s
	}
	grown := make([]string, 0, len(block)+1)
	grown = append(append(append(grown, block[:i]...), ref), block[i:]...)
	if len(grown) <= blockSize {
		return s.replaced(at, s.size+1, grown)
	}
	half := len(grown) / 2
	return s.replaced(at, s.size+1, slices.Clip(grown[:half]), grown[half:])
}

func (s *refBlocks) without(ref string) *refBlocks {
	if s.size == 0 {
		return s
	}
	at := s.blockOf(ref)
	block := s.blocks[at]
	i, there := slices.BinarySearch(block, ref)
	if !there {
		return s
	}
	if len(block) == 1 {
		return s.replaced(at, s.size-1)
	}
	shrunk := make([]string, 0, len(block)-1)
	return s.replaced(at, s.size-1, append(append(shrunk, block[:i]...), block[i+1:]...))
}

// blockOf is the block that holds ref, or would.
func (s *refBlocks) blockOf(ref string) int {
	return max(0, sort.Search(len(s.blocks), func(i int) bool { return s.blocks[i][0] > ref })-1)
}

// replaced is the set with other blocks in the place of one.
func (s *refBlocks) replaced(at, size int, by ...[]string) *refBlocks {
	blocks := make([][]string, 0, len(s.blocks)-1+len(by))
	blocks = append(append(append(blocks, s.blocks[:at]...), by...), s.blocks[at+1:]...)
	return &refBlocks{blocks: blocks, size: size}
}
