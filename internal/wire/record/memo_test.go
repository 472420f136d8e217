package record

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestMemoFindsWhatItRemembers compares a Memo with a plain list, on values that have long beginnings in common.
func TestMemoFindsWhatItRemembers(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var m Memo
	known := map[string]string{}
	for i := range 5000 {
		raw := "<array>" // none begins another: only ; ends them
		for range 1 + random.IntN(3) {
			raw += string(rune('@' + random.IntN(64)>>random.IntN(3)))
		}
		raw += ";"
		if random.IntN(2) == 0 && known[raw] == "" {
			if len(known) == maxRemembered {
				clear(known)
			}
			known[raw] = fmt.Sprint(i)
			m.Add([]byte(raw), Value{Text: known[raw]})
			continue
		}
		v, n := m.Find([]byte(raw + "what follows"))
		if want := known[raw]; (v != nil) != (want != "") || v != nil && (v.Text != want || n != len(raw)) {
			t.Fatalf("%q: got %v, %d, want %q", raw, v, n, want)
		}
		if v, _ := m.Find([]byte(raw[:len(raw)-1])); v != nil {
			t.Fatalf("found %q, which is cut", raw)
		}
	}
	if m.Len() != len(known) {
		t.Errorf("%d values, want %d", m.Len(), len(known))
	}
}

func TestMemoIsBounded(t *testing.T) {
	var m Memo
	for i := range 1000 {
		raw := fmt.Appendf(nil, "%d;", i)
		m.Add(raw, Value{})
		if v, _ := m.Find(raw); v == nil || m.Len() > maxRemembered {
			t.Fatalf("value %d of %d: %v", i, m.Len(), v)
		}
	}
	for range 2 {
		if m.Admits(make([]byte, maxRaw+1)) {
			t.Error("a value beyond the limit is admitted")
		}
	}
}

func TestMemoAdmitsOnTheSecondSight(t *testing.T) {
	var m Memo
	if m.Admits([]byte("a")) || !m.Admits([]byte("a")) || m.Admits([]byte("b")) {
		t.Error("a value is worth remembering when it comes for the second time, and only then")
	}
}

func TestMemoRestsWhereNothingComesTwice(t *testing.T) {
	var m Memo
	m.Add([]byte("known;"), Value{})
	var awake []bool
	for range tryOut + restFor + 10 {
		if awake = append(awake, m.Awake()); awake[len(awake)-1] {
			m.Find([]byte("another;"))
		}
	}
	if asleep := slices.Index(awake, false); asleep != tryOut+1 || !awake[asleep+restFor] {
		t.Errorf("fell asleep at %d", asleep)
	}
	for range 2 * tryOut {
		m.Awake()
		m.Find([]byte("known;"))
	}
	for range 2 * tryOut {
		if !m.Awake() {
			t.Fatal("a field that hits is left alone")
		}
		m.Find([]byte("known;"))
	}
}
