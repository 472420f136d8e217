package xen

// Ended reports whether the task is over. xapi: the status is written last, so that what else the record says is final once
// it is not pending; "cancelling" is never written.
func (r *Task) Ended() bool { return r.Status != TaskPending && r.Status != TaskCancelling }

// Failure is what the task ended with: nil after success and as long as it runs, else an [*Error] with the name of the
// call as its method. A task that was cancelled says nothing else, and is TASK_CANCELLED here as it is for a call that
// waits for its reply.
func (r *Task) Failure() error {
	if !r.Ended() || r.Status == TaskSuccess {
		return nil
	}
	e := &Error{Method: r.NameLabel}
	switch {
	case len(r.ErrorInfo) > 0:
		e.Code, e.Params = ErrorCode(r.ErrorInfo[0]), r.ErrorInfo[1:]
	case r.Status == TaskCancelled:
		e.Code = TaskCancelledError
	default:
		e.Code, e.Params = InternalError, []string{"the task ended as " + string(r.Status) + " without saying why"}
	}
	return e
}
