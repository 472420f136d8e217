package plan

import "github.com/xencontroller/xencontroller/pkg/xapi/xen"

// Verb is what an action does, in the words of the label action of the metrics and of people.
type Verb string

// The verbs. Start and Resume have a host where we chose one, and may leave the VM Paused.
const (
	Start         Verb = "Start"
	Resume        Verb = "Resume"
	Pause         Verb = "Pause"
	Unpause       Verb = "Unpause"
	Suspend       Verb = "Suspend"
	CleanShutdown Verb = "CleanShutdown"
	HardShutdown  Verb = "HardShutdown"
	Migrate       Verb = "Migrate"
)

// Verbs returns every verb.
func Verbs() []Verb {
	return []Verb{Start, Resume, Pause, Unpause, Suspend, CleanShutdown, HardShutdown, Migrate}
}

// Starts reports whether the verb brings a VM into memory, and so counts against the budget of starts.
func (v Verb) Starts() bool { return v == Start || v == Resume }

// Field is the field of the declaration that the verb serves.
func (v Verb) Field() Field {
	if v == Migrate {
		return FieldPlacement
	}
	return FieldPowerState
}

// Operation is the verb as XAPI's current_operations, allowed_operations and blocked_operations spell it.
func (v Verb) Operation(onHost bool) xen.VMOperation {
	switch v {
	case Start:
		if onHost {
			return xen.VMOperationStartOn
		}
		return xen.VMOperationStart
	case Resume:
		if onHost {
			return xen.VMOperationResumeOn
		}
		return xen.VMOperationResume
	case Pause:
		return xen.VMOperationPause
	case Unpause:
		return xen.VMOperationUnpause
	case Suspend:
		return xen.VMOperationSuspend
	case CleanShutdown:
		return xen.VMOperationCleanShutdown
	case HardShutdown:
		return xen.VMOperationHardShutdown
	case Migrate:
		return xen.VMOperationPoolMigrate
	}
	return ""
}

// needsGuest reports whether XAPI offers the operation only once the guest's agent has spoken. xapi: an HVM VM without
// known PV drivers needs feature-shutdown for clean_shutdown, feature-suspend for suspend and pool_migrate.
func (v Verb) needsGuest() bool { return v == CleanShutdown || v == Suspend || v == Migrate }

// VerbOf finds the verb of a task by the task's name_label. xapi: a task is named like the call, "Async.VM.start_on".
func VerbOf(method string) (Verb, bool) {
	switch method {
	case "Async.VM.start", "Async.VM.start_on":
		return Start, true
	case "Async.VM.resume", "Async.VM.resume_on":
		return Resume, true
	case "Async.VM.pause":
		return Pause, true
	case "Async.VM.unpause":
		return Unpause, true
	case "Async.VM.suspend":
		return Suspend, true
	case "Async.VM.clean_shutdown":
		return CleanShutdown, true
	case "Async.VM.hard_shutdown":
		return HardShutdown, true
	case "Async.VM.pool_migrate":
		return Migrate, true
	}
	return "", false
}
