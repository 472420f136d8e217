package store

import (
	"iter"
	"slices"
	"sort"
)

// blockSize bounds what adding a reference to a set has to copy.
const blockSize = 128

// refSet is a persistent, sorted set of references: blocks of at most blockSize, each sorted, none empty. A changed set
// shares every block but one with the set before.
type refSet struct {
	blocks [][]string
	size   int
}

// sortedRefSet makes a set of references that are sorted and differ from each other.
func sortedRefSet(refs []string) refSet {
	s := refSet{size: len(refs)}
	for block := range slices.Chunk(refs, blockSize/2) { // half full: there is room to grow
		s.blocks = append(s.blocks, block)
	}
	return s
}

func (s refSet) len() int { return s.size }

func (s refSet) all() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, block := range s.blocks {
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
	if s.size == 0 {
		return refSet{blocks: [][]string{{ref}}, size: 1}
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

// without returns the set without ref.
func (s refSet) without(ref string) refSet {
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
func (s refSet) blockOf(ref string) int {
	return max(0, sort.Search(len(s.blocks), func(i int) bool { return s.blocks[i][0] > ref })-1)
}

// replaced is the set with other blocks in the place of one.
func (s refSet) replaced(at, size int, by ...[]string) refSet {
	blocks := make([][]string, 0, len(s.blocks)-1+len(by))
	blocks = append(append(append(blocks, s.blocks[:at]...), by...), s.blocks[at+1:]...)
	return refSet{blocks: blocks, size: size}
}
