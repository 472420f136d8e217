package informer

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// errNoTasks is why a task cannot be watched.
var errNoTasks = errors.New("the class task is not among those that the informer keeps")

// WatchTask waits for the end of a task and returns its last record. It calls seen with each record before, from this
// goroutine, leaving out what is overtaken by the next one. A record that is returned and has not ended is that of a task
// which vanished; nil is returned for one that was gone before it was seen. While the store is out of sync it waits.
// Informers thereby are what package xapi calls a TaskWatcher. Call it as Barrier, which it uses.
func (i *Informer) WatchTask(ctx context.Context, task xen.TaskRef, seen func(*xen.Task)) (*xen.Task, error) {
	if !i.keeps[xen.ClassTask] {
		return nil, errNoTasks
	}
	w := i.tasks.add(task)
	defer i.tasks.remove(task, w)
	if record, ok := store.Get[xen.Task](i.store.Snapshot(), string(task)); ok {
		w.tell(record, false)
	} else if err := i.Barrier(ctx); err != nil { // the event of its birth may still be on its way
		return nil, err
	} else if record, ok := store.Get[xen.Task](i.store.Snapshot(), string(task)); ok {
		w.tell(record, false)
	} else {
		w.tell(nil, true)
	}
	for {
		select {
		case <-w.news:
		case <-i.state.ended:
			return nil, i.state.cause()
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		record, over := w.take()
		if over {
			return record, nil
		}
		seen(record)
	}
}

// tasks are the tasks that somebody watches.
type tasks struct {
	mu      sync.Mutex
	watches map[xen.TaskRef][]*taskWatch
}

func newTasks() *tasks { return &tasks{watches: map[xen.TaskRef][]*taskWatch{}} }

func (t *tasks) add(ref xen.TaskRef) *taskWatch {
	w := &taskWatch{news: make(chan struct{}, 1)}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watches[ref] = append(t.watches[ref], w)
	return w
}

func (t *tasks) remove(ref xen.TaskRef, w *taskWatch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watches[ref] = slices.DeleteFunc(t.watches[ref], func(other *taskWatch) bool { return other == w })
	if len(t.watches[ref]) == 0 {
		delete(t.watches, ref)
	}
}

// changed tells watches of changes that are in the store.
func (t *tasks) changed(changes []store.Change) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.watches) == 0 {
		return
	}
	for _, ch := range changes {
		if ch.Class != xen.ClassTask {
			continue
		}
		record, there := ch.New.(*xen.Task)
		if !there {
			record, _ = ch.Old.(*xen.Task)
		}
		for _, w := range t.watches[xen.TaskRef(ch.Ref)] {
			w.tell(record, !there)
		}
	}
}

// taskWatch is what one caller has not heard yet.
type taskWatch struct {
	news chan struct{} // holds a token while there is something

	mu   sync.Mutex
	last *xen.Task
	over bool // it has ended, or is gone
}

// tell takes in a record; the first that says that the task is over is the last that counts.
func (w *taskWatch) tell(record *xen.Task, gone bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	if record != nil {
		w.last = record
	}
	w.over = gone || record.Ended()
	select {
	case w.news <- struct{}{}:
	default:
	}
}

func (w *taskWatch) take() (last *xen.Task, over bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last, w.over
}
