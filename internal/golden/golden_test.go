package golden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWalk(t *testing.T) {
	ran := 0
	Walk(t, "testdata/*.txtar", func(t *testing.T, ar *Archive) {
		ran++
		if got := t.Name(); got != "TestWalk/story" {
			t.Errorf("subtest is named %q", got)
		}
		if got := strings.TrimSpace(ar.Comment); got != "The comment says what happens." {
			t.Errorf("comment is %q", got)
		}
		if got := ar.Section("empty"); got == nil || len(got) != 0 {
			t.Errorf("an empty section is %#v", got)
		}
		if got := ar.Section("absent"); got != nil {
			t.Errorf("an absent section is %#v", got)
		}
		ar.Want(t, "out", strings.ToUpper(string(ar.Section("in"))))
	})
	if ran != 1 {
		t.Fatalf("ran %d archives", ran)
	}
}

// recorder is a test that remembers whether it failed, so that failing can be tested.
type recorder struct {
	testing.TB
	failed bool
	log    string
}

func (r *recorder) Helper()       {}
func (r *recorder) Failed() bool  { return r.failed }
func (r *recorder) Skipped() bool { return false }
func (r *recorder) Errorf(format string, _ ...any) {
	r.failed = true
	r.log += format
}

func TestWantFails(t *testing.T) {
	for name, got := range map[string]string{"out": "something else", "absent": "x"} {
		r := &recorder{TB: t}
		Read(t, "testdata/story.txtar").Want(r, name, got)
		if !r.failed {
			t.Errorf("Want(%q) accepted %q", name, got)
		}
	}
}

func TestSectionNobodyAsksForFails(t *testing.T) {
	r := &recorder{TB: t}
	ar := Read(t, "testdata/story.txtar")
	ar.Section("in")
	ar.finish(r)
	if !r.failed || !strings.Contains(r.log, "never asks") {
		t.Errorf("unread sections passed: %q", r.log)
	}
}

func TestUpdate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "case.txtar")
	if err := os.WriteFile(path, []byte("Why.\n-- out --\nold\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	*update = true
	defer func() { *update = false }()
	ar := Read(t, path)
	ar.Want(t, "out", "new")
	ar.Want(t, "more", "a\nb\n")
	ar.finish(t)
	if got, want := string(Bytes(t, path)), "Why.\n-- out --\nnew\n-- more --\na\nb\n"; got != want {
		t.Errorf("written %q, want %q", got, want)
	}
}
