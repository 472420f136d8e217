package xapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Verdict says what a caller can do about an error. All error codes are weighed here and nowhere else.
type Verdict int

const (
	// GiveUp means: the same call will fail the same way until a person, or another call, changes something.
	GiveUp Verdict = iota
	// Wait means: an object or a resource is not in the state that the call needs; look again when it changes.
	Wait
	// Again means: trouble that passes; the same call may work after a pause.
	Again
	// Elsewhere means: the session or its host is of no use; get a new one, then again.
	Elsewhere
	// Look means: it is not known whether the call ran; look at the pool before doing anything.
	Look
)

// Classify weighs an error of a call, or of a task (as an [*xen.Error]). A nil error is none of its business: GiveUp.
func Classify(err error) Verdict {
	if _, ok := errors.AsType[*OutcomeUnknownError](err); ok {
		return Look
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, ErrClosed) {
		return GiveUp
	}
	if fault, ok := errors.AsType[*xen.Error](err); ok {
		return classifyCode(fault.Code)
	}
	if errors.Is(err, errSessionLost) {
		return Elsewhere
	}
	if page, ok := errors.AsType[*HTTPError](err); ok && unfit(page.Status) {
		return GiveUp
	}
	if isA[*TransportError](err) || isA[*HTTPError](err) || isA[*ReplyError](err) {
		return Again
	}
	return GiveUp
}

func classifyCode(code xen.ErrorCode) Verdict {
	if code == xen.SessionInvalid || code == xen.HostIsSlave || emergency(code) {
		return Elsewhere
	}
	switch code {
	case xen.OtherOperationInProgress, xen.VMBadPowerState, xen.OperationNotAllowed, xen.OperationBlocked,
		xen.VMLacksFeature, xen.VMMissingPVDrivers,
		xen.HostNotEnoughFreeMemory, xen.HostNotEnoughPcpus, xen.NoHostsAvailable, xen.HostDisabled, xen.HostNotLive,
		xen.HostOffline, xen.HostInUse, xen.HostEvacuateInProgress, xen.HAOperationWouldBreakFailoverPlan,
		xen.DesignateNewMasterInProgress:
		return Wait
	case xen.TooManyPendingTasks, xen.CannotContactHost, xen.InternalError, xen.TaskCancelledError,
		xen.VMShutdownTimeout, xen.VMSuspendTimeout, xen.VMFailedShutdownAcknowledgment, xen.VMMigrateFailed,
		xen.VMMemoryTargetWaitTimeout, xen.BallooningTimeoutBeforeMigration, xen.DeviceAttachTimeout,
		xen.DeviceDetachTimeout, xen.SRBackendFailure, xen.EventsLost:
		return Again
	default: // what this table does not know is for a person
		return GiveUp
	}
}

// emergency reports whether a host answers every call with this code. xapi: while it starts, or cannot find or be found
// by its master; the normal answer of a demoted master.
func emergency(code xen.ErrorCode) bool {
	switch code {
	case xen.HostStillBooting, xen.HostUnknownToMaster, xen.HostItsOwnSlave, xen.HostMasterCannotTalkBack,
		xen.HostHasNoManagementIP, xen.HostXAPIVersionHigherThanCoordinator, xen.HostBroken, xen.HostInEmergencyMode,
		xen.HAHostCannotAccessStatefile, xen.HAHeartbeatDaemonStartupFailed, xen.HAPoolIsEnabledButHostIsDisabled:
		return true
	default:
		return false
	}
}

// unfit reports whether an HTTP status means that the request itself is at fault, whoever sends it.
func unfit(status int) bool {
	return status == http.StatusRequestHeaderFieldsTooLarge || status == http.StatusNotImplemented
}

// Retryable reports whether making the same call later may help. It is false where the outcome is unknown: look first.
func Retryable(err error) bool {
	v := Classify(err)
	return v == Wait || v == Again || v == Elsewhere
}

// NotExecuted reports whether an error of a call proves that the call did not run: it never reached the server whole, or
// xapi refused it before looking at what it wants.
func NotExecuted(err error) bool {
	if fault, ok := errors.AsType[*xen.Error](err); ok {
		switch fault.Code {
		case xen.SessionInvalid, xen.HostIsSlave, xen.MessageMethodUnknown, xen.MessageParameterCountMismatch,
			xen.MessageRemoved, xen.TooManyPendingTasks:
			return true
		default:
			return emergency(fault.Code)
		}
	}
	if t, ok := errors.AsType[*TransportError](err); ok {
		return !t.Sent
	}
	if h, ok := errors.AsType[*HTTPError](err); ok {
		return h.Status < http.StatusInternalServerError || h.Status == http.StatusNotImplemented
	}
	return isA[*RequestError](err) || isA[*TrustError](err) || isA[*SearchError](err) || isA[*LoginError](err) || errors.Is(err, ErrClosed)
}

// endsSession reports whether an error proves that its session, or the host that it is with, is of no use.
func endsSession(err error) bool {
	if fault, ok := errors.AsType[*xen.Error](err); ok {
		return classifyCode(fault.Code) == Elsewhere
	}
	if isA[*NotXAPIError](err) || isA[*TrustError](err) {
		return true
	}
	t, ok := errors.AsType[*TransportError](err)
	return ok && !t.stopped && (!t.Sent || isA[noAnswerError](t.Err))
}

// lossReason names what showed that a session was of no use, for metrics.
func lossReason(cause error) string {
	fault, ok := errors.AsType[*xen.Error](cause)
	switch {
	case ok:
		return string(fault.Code)
	case isA[noAnswerError](cause):
		return timeout
	}
	return transport
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
