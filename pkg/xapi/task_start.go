package xapi

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// findTimeout is how long the task of a call whose reply was lost is looked for. xapi: the task is there before the reply
// leaves.
const findTimeout = 10 * time.Second

// start begins a request as a task that is marked as ours. It makes a second try on a new session if the first provably
// did not run, and looks for the task if nobody knows.
func (c *Client) start(ctx context.Context, req xen.Request, owner, id string) (xen.TaskRef, error) {
	if owner == "" {
		owner = c.cfg.Originator
	}
	mark := map[string]string{MarkOwner: owner, MarkID: id}
	for try := 1; ; try++ {
		s, err := c.Session(ctx)
		if err != nil {
			return "", err
		}
		task, err := s.Async(ctx, req, mark)
		switch {
		case err == nil:
			return task, nil
		case try == 1 && ctx.Err() == nil && worthASecondTry(req.Method, err) && NotExecuted(err):
			continue
		case isA[*OutcomeUnknownError](err):
			return c.findTask(ctx, id, err)
		}
		return "", err
	}
}

// findTask looks for the task of a call whose reply was lost; err is that loss, and what is returned where it is not found.
func (c *Client) findTask(ctx context.Context, id string, err error) (xen.TaskRef, error) {
	limited, cancel := context.WithTimeout(ctx, findTimeout)
	defer cancel()
	for {
		tasks, listed := Call(limited, c, xen.TaskGetAllRecords())
		if listed == nil {
			for ref, task := range tasks.All() {
				if MarkOf(task).ID == id {
					return ref, nil
				}
			}
		}
		if !sleep(limited, time.Second) {
			return "", err
		}
	}
}

// taskBook knows the tasks that this life of the program runs.
type taskBook struct {
	mu   sync.Mutex
	life string // random; part of every id
	last int
	open map[string]bool // by id
}

// begin makes the id of a call.
func (b *taskBook) begin() (id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open == nil {
		b.life, b.open = rand.Text(), map[string]bool{}
	}
	b.last++
	id = fmt.Sprintf("%s-%d", b.life, b.last)
	b.open[id] = true
	return id
}

func (b *taskBook) end(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, id)
}

func (b *taskBook) has(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open[id]
}

// Orphan reports whether a task bears an owner's mark, has ended, and belongs to no Run of this client: an earlier life
// of the program made it, or its reply was lost. Tasks of others are none of its owner's business.
func (c *Client) Orphan(task *xen.Task, owner string) bool {
	m := MarkOf(task)
	return owner != "" && m.Owner == owner && task.Ended() && !c.tasks.has(m.ID)
}

// DestroyOrphans destroys every orphan of an owner (see [Client.Orphan]; Config.Originator is the owner of what [Run]
// begins) and returns their number. Call it when a program starts, and now and then; the informer's Janitor does it by
// itself. The error is of listing, or of the tasks that are left.
func (c *Client) DestroyOrphans(ctx context.Context, owner string) (destroyed int, err error) {
	tasks, err := Call(ctx, c, xen.TaskGetAllRecords())
	if err != nil {
		return 0, err
	}
	var left []error
	for ref, task := range tasks.All() {
		if !c.Orphan(task, owner) {
			continue
		}
		if err := DestroyTask(ctx, c, ref); err != nil {
			left = append(left, err)
			continue
		}
		destroyed++
	}
	return destroyed, errors.Join(left...)
}
