// Package source follows the places where declared sets come from. Dir follows files and directories.
//
// It knows package desired, file names and file events. It must not know pools or what a set means: it hands over each new
// set, or why there is none. Whoever receives keeps the last good set in force; a source never hands over an empty set
// because something vanished.
package source

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"

	"github.com/xencontroller/xencontroller/pkg/desired"
)

const (
	settle    = 200 * time.Millisecond // quiet time after a change, so that a burst of writes is read once
	settleMax = 2 * time.Second        // but a change is never put off longer than this
	rewatch   = 5 * time.Second        // until a directory that could not be watched is tried again
)

// Dir follows manifests in files and directories, as desired.Load reads them. Editors that write anew and rename, files
// and directories that go and come back, symbolic links that turn elsewhere (a Kubernetes ConfigMap's, too) are all changes.
type Dir struct {
	Paths   []string    // required; as for desired.Load, without "-"
	Log     logr.Logger // zero: silent
	Metrics *Metrics    // nil: not counted

	// Watch opens what tells of changes, once for each Run; nil: the events of the file system. Where these do not come, as
	// on some network file systems and in virtual time, something else can tell.
	Watch func() (Watcher, error)
}

// Watcher tells a Dir which files have changed. One goroutine calls it; the channels are never closed.
type Watcher interface {
	// Add watches a directory, not what is below it. It may be called again for what is watched already.
	Add(dir string) error
	// Remove ends that. A directory that has gone may be an error.
	Remove(dir string) error
	// Changed gives the paths that have changed: a directory that was added, or an entry of one.
	Changed() <-chan string
	// Errors gives why changes may have been missed.
	Errors() <-chan error
	// Close ends it; it is called once, last.
	Close() error
}

// Run reads the manifests, calls changed, and calls it again whenever they come to say something else: a set of another
// Hash, another error, or no error any more. Exactly one of set and err is not nil; err is desired.Problems. The calls come
// from one goroutine, one after the other. Run ends with ctx, and returns nil then; another error means that nothing can
// be watched at all.
func (d *Dir) Run(ctx context.Context, changed func(*desired.Set, error)) error {
	open := d.Watch
	if open == nil {
		open = openFsnotify
	}
	w, err := open()
	if err != nil {
		return fmt.Errorf("watching manifests: %w", err)
	}
	f := &follower{Dir: d, Watcher: w, changed: changed, watched: map[string]interest{}}
	f.run(ctx)
	if err := w.Close(); err != nil {
		return fmt.Errorf("watching manifests: %w", err)
	}
	return nil
}

// follower is one Run; all of it belongs to one goroutine.
type follower struct {
	*Dir
	Watcher
	changed func(*desired.Set, error)
	watched map[string]interest // by directory
	refused map[string]string   // directories that could not be watched, and why
	last    string              // what was handed over last: a hash, or an error's words
}

func (f *follower) run(ctx context.Context) {
	due := time.NewTimer(0) // the first reading
	defer due.Stop()
	var since time.Time // of the oldest change not yet read; zero: none
	for {
		select {
		case <-ctx.Done():
			return
		case path := <-f.Changed():
			if !f.concerns(path) {
				continue
			}
			if since.IsZero() {
				since = time.Now()
			}
			due.Reset(min(settle, time.Until(since.Add(settleMax))))
		case err := <-f.Errors():
			f.Log.Error(err, "file events were missed, reading everything again")
			due.Reset(settle)
		case <-due.C:
			since = time.Time{}
			if !f.read() {
				due.Reset(rewatch)
			}
		}
	}
}

// read watches first and reads then, so that no change falls in between. It reports whether everything is watched.
func (f *follower) read() (watching bool) {
	watching = f.rearm()
	set, err := desired.Load(f.Paths, nil)
	f.Metrics.loaded(err)
	now := "set " + set.Hash()
	if err != nil {
		now = "error " + err.Error()
	}
	if now == f.last {
		return watching
	}
	f.last = now
	if problems, ok := errors.AsType[desired.Problems](err); ok {
		f.Log.Info("manifests have mistakes, the last good ones stay in force", "mistakes", len(problems), "first", problems[0].Summary())
	} else {
		f.Log.Info("manifests read", "vms", len(set.VMs()), "revision", set.Hash())
	}
	f.changed(set, err)
	return watching
}

// rearm watches what has to be watched now. A directory that went and came back, or a link that turned elsewhere, has the
// old name but is another: so everything is added anew.
func (f *follower) rearm() bool {
	want := interests(f.Paths)
	for dir := range f.watched {
		_ = f.Remove(dir) // it may be gone, which ended its watch
	}
	refused := map[string]string{}
	for dir := range want {
		err := f.Add(dir)
		if err == nil {
			continue
		}
		refused[dir] = err.Error()
		if f.refused[dir] != refused[dir] { // said once
			f.Log.Error(err, "directory cannot be watched, trying again and again", "directory", dir, "every", rewatch.String())
		}
	}
	f.watched, f.refused = want, refused
	return len(refused) == 0
}
