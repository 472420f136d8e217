package simulator

import (
	"cmp"
	"errors"

	"github.com/xencontroller/xencontroller/internal/wire/xapid"
)

// hasTask says whether a call makes a task row: all that have an asynchronous form do, in both forms, but those of
// class task and event never.
func (m *message) hasTask() bool {
	return m.Async && m.class.Name != "task" && m.class.Name != "event"
}

// beginTask makes the row of a call's task.
func (c *call) beginTask() error {
	c.run = &run{cancelled: make(chan struct{})}
	return c.update(func(t *tx) error {
		other := c.otherConfig
		if other == nil {
			other = Map{}
		}
		c.task = t.create("task", values{
			"name_label": c.name, "created": t.now(),
			"status": "pending", "resident_on": t.masterHost(), "type": "<none/>", "other_config": other,
			"session": c.session, "backtrace": "()", "subtask_of": cmp.Or(c.tasks.parent, nullRef),
		})
		c.life.tasks[c.task] = c.run
		return nil
	})
}

// endTask writes how a task ended, in xapi's order: who reads a status that is not pending finds the rest final.
func (c *call) endTask(result any, err error) {
	if errors.Is(err, errLifeEnded) {
		return
	}
	_ = c.update(func(t *tx) error {
		delete(c.life.tasks, c.task)
		finished := t.now()
		write := func(field string, v any) { t.set("task", c.task, field, v) }
		switch {
		case err == nil:
			write("allowed_operations", Set{})
			write("finished", finished)
			write("progress", 1.0)
			write("result", string(xapid.AppendValue(nil, result)))
			write("status", "success")
		case errors.Is(err, errCancelled):
			write("progress", 1.0)
			write("finished", finished)
			write("status", "cancelled")
			write("allowed_operations", Set{})
		default:
			write("progress", 1.0)
			write("error_info", setOf(asFailure(err).description()...))
			write("backtrace", "()")
			write("finished", finished)
			write("allowed_operations", Set{})
			write("status", "failure")
		}
		return nil
	}) // a life that ended has no tasks
}

// asFailure is err as the client sees it.
func asFailure(err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	return internalError(err.Error())
}

// runSync carries out a call that waits for its end. A call with a task has its row until then.
func (c *call) runSync(b behaviour) (any, error) {
	if c.message == nil || !c.message.hasTask() || c.life.over() { // over: a call of a member that has no master
		return b(c)
	}
	if err := c.beginTask(); err != nil {
		return nil, err
	}
	result, err := b(c)
	c.endTask(result, err)
	_ = c.update(func(t *tx) error { t.destroy("task", c.task); return nil })
	if errors.Is(err, errCancelled) {
		return nil, fail("TASK_CANCELLED", c.cancelledRef())
	}
	return result, err
}

// cancelledRef is what TASK_CANCELLED names: nothing where the work ran on another member.
func (c *call) cancelledRef() string {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	if c.run.forwarded {
		return nullRef
	}
	return c.task
}

// runAsync answers the task at once and carries the call out beside it.
func (c *call) runAsync(b behaviour) (any, error) {
	if !c.message.hasTask() {
		c.task = "DummyRef:|" + c.pool.lockedUUID() + "|" + c.name
		c.pool.work.Go(func() { _, _ = b(c) }) // the task resolves nowhere: nobody can ask for its end
		return c.task, nil
	}
	if err := c.beginTask(); err != nil {
		return nil, err
	}
	ticket := c.pool.ticket()
	c.pool.work.Go(func() {
		if err := c.letFinish(ticket); err != nil {
			c.endTask(nil, err)
			return
		}
		c.endTask(b(c))
	})
	return c.task, nil
}

// hang is a behaviour that never ends by itself: the mishap TaskHangs.
func hang(c *call) (any, error) {
	c.cancellable(true)
	if c.run == nil {
		<-c.life.done()
		return nil, errLifeEnded
	}
	select {
	case <-c.run.cancelled:
		return nil, errCancelled
	case <-c.life.done():
		return nil, errLifeEnded
	}
}

func (p *Pool) lockedUUID() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.newUUID()
}

// TaskInfo is a task as an onlooker sees it.
type TaskInfo struct {
	Ref         string
	Name        string // name_label: "Async.VM.start"
	Status      string // pending, success, failure, cancelled
	OtherConfig map[string]string
}

// Tasks lists the tasks of the present master, in descending order of reference.
func (p *Pool) Tasks() []TaskInfo {
	var list []TaskInfo
	p.view(func(t *tx) {
		for _, ref := range t.all("task") {
			info := TaskInfo{
				Ref: ref, Name: t.str("task", ref, "name_label"), Status: t.str("task", ref, "status"),
				OtherConfig: make(map[string]string),
			}
			for _, e := range t.dict("task", ref, "other_config") {
				info.OtherConfig[e.Key] = e.Value.(string)
			}
			list = append(list, info)
		}
	})
	return list
}
