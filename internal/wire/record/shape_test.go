package record

import "testing"

func TestWalkKnowsWhatCameBefore(t *testing.T) {
	for _, tt := range []struct {
		name  string
		steps []int // members in the order in which they come
		again []bool
	}{
		{"as expected, then the last again", []int{0, 1, 2, 2}, []bool{false, false, false, true}},
		{"another order", []int{3, 0, 1, 2, 4}, []bool{false, false, false, false, false}},
		{"the first again after others", []int{0, 1, 70, 71, 0}, []bool{false, false, false, false, true}},
		{"from an expected run", []int{5, 6, 7, 3, 6}, []bool{false, false, false, false, true}},
		{"in an expected run", []int{0, 5, 3, 4, 5, 6}, []bool{false, false, false, false, true, false}},
	} {
		var w Walk
		for i, place := range tt.steps {
			if place == w.Want {
				w.Place = w.Want
				w.Want++
			} else {
				w.Jump(place)
			}
			again := w.Careful && w.Again()
			if again != tt.again[i] || w.Place != place || w.Want != place+1 {
				t.Errorf("%s: member %d: again %v, at %d, next %d", tt.name, place, again, w.Place, w.Want)
			}
		}
	}
}
