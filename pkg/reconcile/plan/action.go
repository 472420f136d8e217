package plan

import (
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Action is one step towards the declared state: print it, compare it, or hand it to the executor.
type Action struct {
	Verb     Verb        `json:"verb"`
	Key      string      `json:"name"` // metadata.name of the declared VM
	VM       xen.VMRef   `json:"-"`
	VMUUID   string      `json:"uuid"`
	Host     xen.HostRef `json:"-"`                  // Start, Resume, Migrate; empty: the pool chooses
	HostName string      `json:"host,omitempty"`     // name_label of Host
	From     xen.HostRef `json:"-"`                  // Migrate: where the VM runs now
	Paused   bool        `json:"paused,omitempty"`   // Start, Resume: leave the VM Paused
	Memory   int64       `json:"memory,omitempty"`   // bytes that Host must have free for it; 0: none are reserved
	Reason   Reason      `json:"reason"`             // why, as part of the API
	Because  string      `json:"because"`            // why, for people: "db-1 is Halted, declared Running"
	Deadline time.Time   `json:"deadline,omitzero"`  // when to cancel the task if it still runs
	Seen     uint64      `json:"revision,omitempty"` // revision of the snapshot it was decided on
	Then     []Verb      `json:"then,omitempty"`     // what has to follow to reach the declared state
	Field    Field       `json:"field"`              // the field of the declaration that it serves
	Wanted   string      `json:"wanted"`             // the declared value of Field
	Found    string      `json:"found"`              // the observed value of Field
}

// Request is the call that carries the action out, without "Async.".
func (a Action) Request() xen.Request {
	switch a.Verb {
	case Start:
		if a.Host != "" {
			return a.VM.StartOn(a.Host, a.Paused, false).Request
		}
		return a.VM.Start(a.Paused, false).Request
	case Resume:
		if a.Host != "" {
			return a.VM.ResumeOn(a.Host, a.Paused, false).Request
		}
		return a.VM.Resume(a.Paused, false).Request
	case Pause:
		return a.VM.Pause().Request
	case Unpause:
		return a.VM.Unpause().Request
	case Suspend:
		return a.VM.Suspend().Request
	case CleanShutdown:
		return a.VM.CleanShutdown().Request
	case HardShutdown:
		return a.VM.HardShutdown().Request
	case Migrate:
		return a.VM.PoolMigrate(a.Host, nil).Request
	}
	return xen.Request{}
}

// Same reports whether two actions are the same step, whenever and on whichever snapshot they were decided.
func (a Action) Same(b Action) bool {
	return a.Verb == b.Verb && a.VM == b.VM && a.Host == b.Host && a.Paused == b.Paused
}

// Reached reports whether a VM is observed to be where the action was to bring it.
func (a Action) Reached(vm *xen.VM) bool {
	switch a.Verb {
	case Start, Resume:
		if a.Paused {
			return vm.PowerState == xen.Paused
		}
		return vm.PowerState == xen.Running
	case Unpause:
		return vm.PowerState == xen.Running
	case Pause:
		return vm.PowerState == xen.Paused
	case Suspend:
		return vm.PowerState == xen.Suspended
	case CleanShutdown, HardShutdown:
		return vm.PowerState == xen.Halted
	case Migrate:
		return vm.PowerState == xen.Running && (a.Host == "" || vm.ResidentOn == a.Host)
	}
	return false
}

// String is the action as a line of a plan: "Migrate db-1 to xen-2 (PlacementDrift): db-1 runs on xen-1, …".
func (a Action) String() string {
	return a.what() + " (" + string(a.Reason) + "): " + a.Because
}

func (a Action) what() string {
	s := string(a.Verb) + " " + a.Key
	switch {
	case a.Host == "":
	case a.Verb == Migrate:
		s += " to " + a.HostName
	default:
		s += " on " + a.HostName
	}
	if a.Paused {
		s += " paused"
	}
	return s
}

// The longest that an operation may take before we cancel it. xapi: an operation that waits for another one waits for
// up to two hours; suspend may take 20 minutes and clean_shutdown as long.
const (
	startPatience  = 10 * time.Minute
	resumePatience = 20 * time.Minute
	pausePatience  = 2 * time.Minute
	suspendMax     = 25 * time.Minute
	cleanMax       = 25 * time.Minute
	hardPatience   = 10 * time.Minute
	migrateBase    = 5 * time.Minute
	migrateRate    = 10 << 20 // bytes a second, a slow migration network
)

// Deadline is when an action that begins now has taken too long. memory in bytes.
func Deadline(now time.Time, v Verb, memory int64) time.Time {
	switch v {
	case Start:
		return now.Add(startPatience)
	case Resume:
		return now.Add(resumePatience)
	case Pause, Unpause:
		return now.Add(pausePatience)
	case Suspend:
		return now.Add(suspendMax)
	case CleanShutdown:
		return now.Add(cleanMax)
	case HardShutdown:
		return now.Add(hardPatience)
	case Migrate:
		return now.Add(migrateBase + time.Duration(memory/migrateRate)*time.Second)
	}
	return now.Add(startPatience)
}
