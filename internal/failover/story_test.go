package failover_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/internal/failover"
	"github.com/xencontroller/xencontroller/internal/golden"
)

// TestStories plays archives. Section "story" has one line for each outcome (or a change of the state), section "play"
// repeats it with the effects. Lines: timing eager=N, addresses A…, members A…, pool UUID, last A, wanted [named], due, no-password,
// and ADDRESS KIND [pool=UUID] [named=ADDRESS].
func TestStories(t *testing.T) {
	golden.Walk(t, "testdata/*.txtar", func(t *testing.T, ar *golden.Archive) {
		var s failover.State
		var play strings.Builder
		for line := range strings.Lines(string(ar.Section("story"))) {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			fmt.Fprintf(&play, "> %s\n", line)
			if o, isOutcome := parse(t, &s, strings.Fields(line)); isOutcome {
				var e failover.Effect
				s, e = s.Next(o)
				play.WriteString(describe(s, e))
			}
		}
		ar.Want(t, "play", play.String())
	})
}

func parse(t *testing.T, s *failover.State, words []string) (failover.Outcome, bool) {
	t.Helper()
	switch words[0] {
	case "timing":
		if n, err := fmt.Sscanf(words[1], "eager=%d", &s.Timing.Eager); n != 1 {
			t.Fatal(words, err)
		}
	case "addresses":
		s.Addresses = words[1:]
	case "members":
		s.Members = words[1:]
	case "pool":
		s.Pool = words[1]
	case "last":
		s.Last = words[1]
	case "wanted":
		return failover.Outcome{Kind: failover.Wanted, Named: strings.Join(words[1:], "")}, true
	case "due":
		return failover.Outcome{Kind: failover.Due}, true
	case "no-password":
		return failover.Outcome{Kind: failover.NoPassword}, true
	default:
		return parseAnswer(t, words), true
	}
	return failover.Outcome{}, false
}

func parseAnswer(t *testing.T, words []string) failover.Outcome {
	t.Helper()
	o := failover.Outcome{Address: words[0], Kind: -1}
	for k := failover.Master; k <= failover.OtherPool; k++ {
		if k.String() == words[1] {
			o.Kind = k
		}
	}
	if o.Kind < 0 {
		t.Fatalf("no such kind: %q", words[1])
	}
	for _, w := range words[2:] {
		switch name, value, _ := strings.Cut(w, "="); name {
		case "pool":
			o.Pool = value
		case "named":
			o.Named = value
		default:
			t.Fatalf("no such word: %q", w)
		}
	}
	return o
}

func describe(s failover.State, e failover.Effect) string {
	var parts []string
	if len(e.Dial) > 0 {
		parts = append(parts, "dial "+strings.Join(e.Dial, " "))
	}
	if e.Wait > 0 {
		parts = append(parts, "wait "+e.Wait.String())
	}
	if e.Take != "" {
		parts = append(parts, "take "+e.Take+" of pool "+s.Pool)
	}
	if e.Fail {
		why := "fail:"
		for _, r := range s.Results() {
			why += fmt.Sprintf(" %s %s", r.Address, r.Kind)
		}
		parts = append(parts, why)
	}
	if len(parts) == 0 {
		return "  nothing\n"
	}
	return "  " + strings.Join(parts, "; ") + "\n"
}
