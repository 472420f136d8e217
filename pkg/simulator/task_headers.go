package simulator

import "strings"

// taskHeaders are the two headers by which members pass calls on to each other.
type taskHeaders struct {
	forwarded string // task-id: the call belongs to this task, which somebody else will end
	parent    string // subtask-of: its own task is a part of this one
}

func (rq *httpRequest) taskHeaders() taskHeaders {
	return taskHeaders{forwarded: rq.header("task-id"), parent: rq.header("subtask-of")}
}

// joinTask makes a call part of a task that is there already: no row of its own, and its end is not written. xapi: a
// reference that is none, DummyRef, is taken as it is.
func (c *call) joinTask(ref string) error {
	c.task, c.run = ref, &run{cancelled: make(chan struct{})}
	if strings.HasPrefix(ref, "DummyRef:") {
		c.run = nil
		return nil
	}
	return c.view(func(t *tx) error { return t.must("task", ref) })
}

// runJoined carries out a call inside a task that is there already.
func (c *call) runJoined(b behaviour, async bool) (any, error) {
	if err := c.joinTask(c.tasks.forwarded); err != nil {
		return nil, err
	}
	if async {
		c.pool.work.Go(func() { _, _ = b(c) }) // who made the task writes its end
		return c.task, nil
	}
	return b(c)
}
