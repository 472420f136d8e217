package source

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/fsnotify/fsnotify"
)

// This file is all that knows fsnotify.

// fsnotifyWatcher passes the file system's events on. Its goroutine ends with Close.
type fsnotifyWatcher struct {
	fs      *fsnotify.Watcher
	changed chan string
	errors  chan error
	closing chan struct{}
	done    chan struct{}
}

func openFsnotify() (Watcher, error) {
	fs, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, explain(err)
	}
	w := &fsnotifyWatcher{fs, make(chan string), make(chan error), make(chan struct{}), make(chan struct{})}
	go w.forward()
	return w, nil
}

// Add watches a directory, not what is below it. Its error says what to do where the system's limits are reached.
func (w *fsnotifyWatcher) Add(dir string) error { return explain(w.fs.Add(dir)) }

// Remove watches a directory no longer; it is an error if it is not watched, as after its removal.
func (w *fsnotifyWatcher) Remove(dir string) error { return w.fs.Remove(dir) }

// Changed gives the path of every entry that has changed. Nobody closes it.
func (w *fsnotifyWatcher) Changed() <-chan string { return w.changed }

// Errors gives what the system could not tell. Nobody closes it.
func (w *fsnotifyWatcher) Errors() <-chan error { return w.errors }

// Close ends watching; nothing is sent afterwards. Call it once.
func (w *fsnotifyWatcher) Close() error {
	close(w.closing)
	<-w.done
	return w.fs.Close()
}

func (w *fsnotifyWatcher) forward() {
	defer close(w.done)
	for {
		select {
		case <-w.closing:
			return
		case e := <-w.fs.Events:
			select {
			case w.changed <- e.Name:
			case <-w.closing:
				return
			}
		case err := <-w.fs.Errors:
			select {
			case w.errors <- err: // an overflow among them: events were dropped
			case <-w.closing:
				return
			}
		}
	}
}

// explain adds what to do to the errors of inotify's limits, which name the wrong thing.
func explain(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("too many watched directories; raise fs.inotify.max_user_watches: %w", err)
	case errors.Is(err, syscall.EMFILE):
		return fmt.Errorf("too many watchers or open files; raise fs.inotify.max_user_instances: %w", err)
	}
	return err
}
