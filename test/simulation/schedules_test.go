package simulation

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	seed     = flag.Uint64("seed", 0, "play this one schedule, and tell it")
	steps    = flag.Int("steps", -1, "no more than the first steps of it")
	seeds    = flag.Int("seeds", 60, "how many schedules to play")
	from     = flag.Uint64("from", 1, "the first seed")
	atMost   = flag.Duration("at-most", 40*time.Second, "begin no schedule after so long")
	twice    = flag.Int("twice", 6, "how many schedules to play twice, to see that nothing differs")
	quick    = flag.Bool("no-shrink", false, "name the seeds that break a rule, and go on")
	inDetail = flag.Bool("in-detail", false, "tell every call and every write")
)

func TestRandomSchedulesBreakNoRule(t *testing.T) {
	if *seed != 0 {
		tellOne(t, generate(*seed))
		return
	}
	began, played := time.Now(), 0
	for n := *from; played < *seeds && time.Since(began) < *atMost; n++ {
		s := generate(n)
		if o := play(t, s); len(o.problems) > 0 {
			if *quick {
				t.Errorf("seed %d: %s", n, o.problems)
				played++
				continue
			}
			t.Fatalf("go test ./test/simulation -run %s -seed %d -steps %d\n%s\nshrunk to\n%s", t.Name(), n, len(s.Steps),
				strings.Join(o.problems, "\n"), shrink(t, s, o.problems[0]))
		}
		played++
	}
	t.Logf("%d schedules in %v", played, time.Since(began).Round(time.Millisecond))
}

// tellOne plays one schedule and tells what happened.
func tellOne(t *testing.T, s *schedule) {
	if *steps >= 0 {
		s = s.first(*steps)
	}
	o := play(t, s)
	story := o.history.story()
	if *inDetail {
		var b strings.Builder
		for _, e := range o.history.all() {
			fmt.Fprintln(&b, o.history.line(e))
		}
		story = b.String()
	}
	t.Logf("%s\n%s\n%s", s, story, o.history.digest())
	for _, problem := range o.problems {
		t.Error(problem)
	}
}

func TestTheSameSeedGivesTheSameHistory(t *testing.T) {
	for n := range uint64(*twice) {
		s := generate(1000 + n)
		first, second := play(t, s), play(t, s)
		if first.history.digest() == second.history.digest() {
			continue
		}
		a, b := first.history.all(), second.history.all()
		for i := range min(len(a), len(b)) {
			if x, y := first.history.line(a[i]), second.history.line(b[i]); x != y {
				t.Fatalf("seed %d: entry %d of %d and %d:\n%s\n%s", s.Seed, i, len(a), len(b), x, y)
			}
		}
		t.Fatalf("seed %d: %d entries, then %d", s.Seed, len(a), len(b))
	}
}

func TestKeptSchedulesBreakNoRule(t *testing.T) {
	files, err := filepath.Glob("testdata/schedules/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no schedules", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := parseSchedule(string(text))
			if err != nil {
				t.Fatal(err)
			}
			o := play(t, s)
			for _, problem := range o.problems {
				t.Error(problem)
			}
			if t.Failed() {
				t.Log(o.history.story())
			}
		})
	}
}

func TestAScheduleIsReadAsItIsWritten(t *testing.T) {
	for n := range uint64(50) {
		s := generate(n)
		s.About = "A sentence."
		again, err := parseSchedule(s.String())
		if err != nil || again.String() != s.String() {
			t.Fatalf("%v\n%s\nis read as\n%s", err, s, again)
		}
	}
}

// shrink takes steps away for as long as the same rule is broken.
func shrink(t *testing.T, s *schedule, problem string) *schedule {
	about, _, _ := strings.Cut(problem, ":")
	breaks := func(s *schedule) bool {
		return slices.ContainsFunc(play(t, s).problems, func(p string) bool { return strings.HasPrefix(p, about) })
	}
	for size := len(s.Steps) / 2; size > 0; size /= 2 {
		for i := 0; i+size <= len(s.Steps); {
			if less := s.with(slices.Delete(slices.Clone(s.Steps), i, i+size)); breaks(less) {
				s = less
			} else {
				i += size
			}
		}
	}
	return s
}
