package record

import "hash/maphash"

const (
	maxRemembered = 256     // values a field
	maxRaw        = 4 << 10 // bytes a value
	tryOut        = 256     // tries after which a field is judged
	restFor       = 512     // records for which a field rests
)

// judge decides what is worth remembering: a value on its second sight, and nothing for a while of a field whose values
// hardly ever come again. The zero judge is ready for use.
type judge struct {
	seen  *[1 << 9]uint32 // half hashes of values that came once
	tries int
	hits  int
	rest  int
}

// Awake reports whether to ask for a value at all. To be called once a value.
func (j *judge) Awake() bool {
	if j.rest > 0 {
		j.rest--
		return false
	}
	if j.tries++; j.tries > tryOut {
		if j.hits*4 < j.tries {
			j.rest = restFor
		}
		j.tries, j.hits = 0, 0
	}
	return true
}

// admits notes that a value of a length and a hash was seen, and reports whether it is worth remembering.
func (j *judge) admits(length int, hash uint64) bool {
	if length > maxRaw {
		return false
	}
	if j.seen == nil {
		j.seen = new([1 << 9]uint32)
	}
	slot, half := &j.seen[hash%uint64(len(j.seen))], uint32(hash>>32)
	again := *slot == half
	*slot = half
	return again
}

var seed = maphash.MakeSeed() //nolint:gochecknoglobals // the same for all, so that sums can be compared

// sum is a 64-bit hash of a few bytes, the same for equal bytes within this process.
func sum(raw []byte) uint64 { return maphash.Bytes(seed, raw) }
