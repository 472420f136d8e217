package reconcile

import (
	"time"

	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// ActionEventType is what happened to an action.
type ActionEventType string

// The types. Every Started is followed by one Finished, unless the controller ends before.
const (
	ActionStarted  ActionEventType = "Started"
	ActionProgress ActionEventType = "Progress"
	ActionFinished ActionEventType = "Finished"
)

// ActionEvent is one step in the life of an action, for progress bars and the like.
type ActionEvent struct {
	Type     ActionEventType
	Time     time.Time
	ID       string // the same for all events of one action
	Action   plan.Action
	Task     xen.TaskRef
	Progress float64 // 0 to 1; may go back: some operations have several inner tasks
	Result   string  // with Finished: success, overtaken, error, cancelled, displaced, unknown, not_sent
	Err      error   // with Finished and any Result but success
}

// tell gives an event to the observer. It is called without the lock.
func (c *Controller) tell(e ActionEvent) {
	if c.cfg.Observer == nil {
		return
	}
	e.Time = time.Now()
	c.cfg.Observer(e)
}
