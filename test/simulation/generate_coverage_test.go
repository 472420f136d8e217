package simulation

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Whatever can happen does happen, in some schedule among those that are played on every change; and schedules are short
// enough to be told.
func TestEverythingHappensInSomeSchedule(t *testing.T) {
	seen, fit := map[string]int{}, 0
	const schedules = 300
	for seed := range uint64(schedules) {
		s := generate(seed + 1)
		for _, word := range []string{
			fmt.Sprint("hosts ", s.Hosts), "version " + s.Version, "timing " + s.Timing, "events " + s.Events, "protocol " + s.Protocol,
			fmt.Sprint("HA ", s.HA), fmt.Sprint("state ", s.State), fmt.Sprint("stale ", s.Stale), fmt.Sprint("strict ", s.Strict),
		} {
			seen[word]++
		}
		for _, st := range s.Steps {
			for _, word := range append([]string{st.What}, st.Args...) {
				word, _, _ = strings.Cut(word, ":")
				seen[word]++
			}
		}
		if n := len(s.Steps); n >= 5 && n <= 25 {
			fit++
		}
	}
	want := append(keys(kinds), keys(mishaps)...)
	want = append(append(want, keys(clicks)...), breakages...)
	for method := range persons {
		want = append(want, strings.TrimPrefix(method, "Async.VM."))
	}
	for hosts := range 8 {
		want = append(want, fmt.Sprint("hosts ", hosts+1))
	}
	want = append(want,
		"version 8.2", "version 24.19", "version 26", "timing none", "timing demo", "timing slow", "events register", "events from", "events auto",
		"protocol auto", "protocol xml", "protocol json", "HA true", "HA false", "state true", "stale true", "strict true",
	)
	for _, word := range want {
		if seen[word] < 3 && !slices.Contains(byHand, word) {
			t.Errorf("%s happens %d times in %d schedules, want 3 at least", word, seen[word], schedules)
		}
	}
	if fit < schedules*3/4 {
		t.Errorf("%d of %d schedules have 5 to 25 steps, want most", fit, schedules)
	}
}

// byHand happens in kept schedules only: over TLS, whose bytes no seed decides.
var byHand = []string{"renew"}

func keys[T any](m map[string]T) (list []string) {
	for k := range m {
		list = append(list, k)
	}
	return list
}
