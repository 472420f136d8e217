package reconcile

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Entry is one operation that was sent, or is about to be, and is not known to be over.
type Entry struct {
	ID     string      `json:"id"` // unique; also a mark of the task
	Pool   string      `json:"pool,omitempty"`
	VM     xen.VMRef   `json:"vm"`
	VMUUID string      `json:"vmUUID"`
	Verb   plan.Verb   `json:"verb"`
	Name   string      `json:"name"` // metadata.name
	Host   xen.HostRef `json:"host,omitempty"`
	Paused bool        `json:"paused,omitempty"`
	Task   xen.TaskRef `json:"task,omitempty"` // empty: no reply yet
	Sent   time.Time   `json:"sent"`
	GiveUp time.Time   `json:"deadline"`
}

// Journal remembers operations across a crash. What it holds is written before a call is sent and removed once its
// outcome is known. Implementations are safe for concurrent use.
type Journal interface {
	// Put adds an entry, or replaces the one with the same ID.
	Put(Entry) error
	// Remove drops an entry; one that is not there is not missed. What could not be removed can be removed later.
	Remove(id string) error
	// Entries returns all entries, oldest first.
	Entries() ([]Entry, error)
}

// MemoryJournal forgets everything when the process ends; our marks on the tasks are then all that is left. The zero value
// is ready.
type MemoryJournal struct {
	mu      sync.Mutex
	entries map[string]Entry
}

// Put implements Journal.
func (j *MemoryJournal) Put(e Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.entries == nil {
		j.entries = map[string]Entry{}
	}
	j.entries[e.ID] = e
	return nil
}

// Remove implements Journal.
func (j *MemoryJournal) Remove(id string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.entries, id)
	return nil
}

// Entries implements Journal.
func (j *MemoryJournal) Entries() ([]Entry, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return inOrder(j.entries), nil
}

// FileJournal keeps the entries in a JSON file that is replaced as a whole on every change, so that a reader, and the
// next life of this process, finds the old content or the new one. It survives the end of the process; it is not
// flushed to disk, so that after a power failure our marks on the tasks have to do.
type FileJournal struct {
	path string

	mu      sync.Mutex
	entries map[string]Entry
}

// OpenFileJournal reads the file, if there is one, and removes what a life left that was killed while it wrote it. The
// directory has to exist.
func OpenFileJournal(path string) (*FileJournal, error) {
	j := &FileJournal{path: path, entries: map[string]Entry{}}
	if err := removed(j.next()); err != nil {
		return nil, fmt.Errorf("the journal cannot be written: %w", err)
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return j, j.write()
	}
	if err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	var entries []Entry
	if err := json.Unmarshal(b, &entries); err != nil {
		return nil, fmt.Errorf("the journal %s cannot be read (%w): remove it once no task of this controller runs", path, err)
	}
	for _, e := range entries {
		j.entries[e.ID] = e
	}
	return j, nil
}

// Put implements Journal.
func (j *FileJournal) Put(e Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries[e.ID] = e
	return j.write()
}

// Remove implements Journal.
func (j *FileJournal) Remove(id string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	e, ok := j.entries[id]
	if !ok {
		return nil
	}
	delete(j.entries, id)
	err := j.write()
	if err != nil {
		j.entries[id] = e // the file still has it
	}
	return err
}

// Entries implements Journal.
func (j *FileJournal) Entries() ([]Entry, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return inOrder(j.entries), nil
}

// next is the file that becomes the journal once it is written. It has one name, so that lives that are killed meanwhile
// leave one file, and not one each.
func (j *FileJournal) next() string { return j.path + ".new" }

// write replaces the file; the caller holds the lock.
func (j *FileJournal) write() error {
	b, err := json.MarshalIndent(inOrder(j.entries), "", "  ")
	if err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	if err := os.WriteFile(j.next(), append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing the journal: %w", errors.Join(err, removed(j.next())))
	}
	if err := os.Rename(j.next(), j.path); err != nil {
		return fmt.Errorf("writing the journal: %w", errors.Join(err, removed(j.next())))
	}
	return nil
}

// removed removes a file that may not have come to be.
func removed(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func inOrder(entries map[string]Entry) []Entry {
	list := make([]Entry, 0, len(entries))
	for _, e := range entries {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b Entry) int { return cmp.Or(a.Sent.Compare(b.Sent), cmp.Compare(a.ID, b.ID)) })
	return list
}
