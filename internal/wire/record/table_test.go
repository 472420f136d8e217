package record

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestTableFindsWhatItRemembers compares a Table with a plain map, along chains that differ in a pair or two.
func TestTableFindsWhatItRemembers(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	var table Table
	known := map[string]string{}
	followed := 0
	for i := range 400 {
		var chain Chain
		for key := range 8 {
			name := fmt.Sprintf("key-%d:", key)
			raw := []byte(name + "constant;")
			if random.IntN(4) == 0 {
				raw = fmt.Appendf(nil, "%s%d;", name, random.IntN(i+1))
			}
			want, isKnown := known[string(raw)]
			item, n, whole := table.Follow(&chain, append(slices.Clip(raw), "what follows"...))
			switch {
			case whole:
				followed++
			case item != nil && (item.Key != name || n != len(name)):
				t.Fatalf("%q: the key %q of %d bytes", raw, item.Key, n)
			default:
				item, _ = table.Find(&chain, raw)
			}
			if (item != nil) != isKnown || isKnown && item.Text != want {
				t.Fatalf("%q: got %+v, want %q, %v", raw, item, want, isKnown)
			}
			if hash := sum(raw); !isKnown && !table.Admits(raw, hash) {
				chain.pass()
			} else if !isKnown {
				if len(table.entries) == maxRemembered {
					clear(known)
				}
				known[string(raw)] = fmt.Sprint(i)
				table.Add(&chain, raw, hash, len(name), Item{Key: name, Text: fmt.Sprint(i)})
			}
		}
	}
	if followed < 400*8/2 {
		t.Errorf("only %d of %d pairs were where they were expected", followed, 400*8)
	}
	if len(table.entries) != len(known) || len(known) > maxRemembered {
		t.Errorf("%d values, want %d", len(table.entries), len(known))
	}
}
