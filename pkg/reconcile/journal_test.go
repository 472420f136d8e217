package reconcile

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
)

// TestJournals holds that both journals keep what they are told, and that the file survives the process at every step.
func TestJournals(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.json")
	file, err := OpenFileJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	first := Entry{ID: "1", Name: "db-1", Verb: plan.Start, Sent: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	second := Entry{ID: "0", Name: "db-2", Verb: plan.Migrate, Host: "host", Sent: first.Sent.Add(time.Second)}
	replied := first
	replied.Task = "task"
	for _, j := range []Journal{file, &MemoryJournal{}} {
		reopen := func() Journal {
			if j != Journal(file) {
				return j
			}
			again, err := OpenFileJournal(path)
			if err != nil {
				t.Fatal(err)
			}
			return again
		}
		want := func(entries ...Entry) {
			t.Helper()
			got, err := reopen().Entries()
			if err != nil || !reflect.DeepEqual(got, append([]Entry{}, entries...)) {
				t.Errorf("got %v, %v; want %v", got, err, entries)
			}
		}
		want()
		mustNot(t, j.Put(second))
		mustNot(t, j.Put(first))
		want(first, second)
		mustNot(t, j.Put(replied))
		want(replied, second)
		mustNot(t, j.Remove("1"))
		mustNot(t, j.Remove("1"))
		want(second)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("beside the journal there is something left: %v, %v", left, err)
	}
}

func TestWhatCouldNotBeRemovedIsRemovedLater(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	path := filepath.Join(dir, "journal.json")
	mustNot(t, os.Mkdir(dir, 0o700))
	j, err := OpenFileJournal(path)
	mustNot(t, err)
	mustNot(t, j.Put(Entry{ID: "1"}))
	mustNot(t, os.Rename(dir, dir+"-away"))
	if err := j.Remove("1"); err == nil {
		t.Error("nothing was written, and there is no error")
	}
	mustNot(t, os.Rename(dir+"-away", dir))
	mustNot(t, j.Remove("1"))
	again, err := OpenFileJournal(path)
	mustNot(t, err)
	if entries, err := again.Entries(); err != nil || len(entries) != 0 {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestWhatAKilledLifeWasWritingIsGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.json")
	mustNot(t, os.WriteFile(path, []byte("[]\n"), 0o600))
	mustNot(t, os.WriteFile(path+".new", []byte("[{"), 0o600))
	j, err := OpenFileJournal(path)
	mustNot(t, err)
	entries, err := j.Entries()
	left, dirErr := os.ReadDir(filepath.Dir(path))
	if err != nil || dirErr != nil || len(entries) != 0 || len(left) != 1 {
		t.Errorf("%v, %v; files %v, %v", entries, err, left, dirErr)
	}
}

func TestJournalThatCannotBeRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.json")
	mustNot(t, os.WriteFile(path, []byte("[{"), 0o600))
	if _, err := OpenFileJournal(path); err == nil {
		t.Error("a torn journal was taken for an empty one")
	}
	if _, err := OpenFileJournal(filepath.Join(path, "nowhere")); err == nil {
		t.Error("a journal in a directory that does not exist")
	}
}

func mustNot(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
