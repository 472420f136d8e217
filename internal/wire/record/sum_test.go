package record

import (
	"bytes"
	"testing"
)

// TestSumTellsBytesApart changes each byte of texts of many lengths, and moves them, and looks for equal sums.
func TestSumTellsBytesApart(t *testing.T) {
	seen := map[uint64]string{}
	note := func(raw []byte) {
		if Sum(raw) != Sum(bytes.Clone(raw)) {
			t.Fatal("equal bytes have two sums")
		}
		seen[Sum(raw)] = string(raw)
	}
	for n := range 300 {
		raw := bytes.Repeat([]byte{0}, n)
		note(raw)
		for i := range raw {
			raw[i] = 1
			note(raw)
			raw[i] = 0
		}
	}
	for n := range 200 {
		lanes := bytes.Repeat([]byte("16 bytes a lane."), 20)
		copy(lanes[n:], "ANOTHER")
		note(lanes)
	}
	if want := 300*301/2 + 200; len(seen) != want {
		t.Errorf("%d texts have %d sums", want, len(seen))
	}
}
