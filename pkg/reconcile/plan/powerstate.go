package plan

import (
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// step is the next operation on a way from one power state to another.
type step struct {
	verb   Verb
	paused bool   // Start, Resume: leave the VM Paused
	then   []Verb // what has to follow
	hard   bool   // the plug is pulled because asking did not help
}

// nextStep is the first step of the shortest legal way between two power states that differ; see the package comment.
// over says that the grace period is over or that a clean shutdown has failed. false: XAPI knows no way.
func nextStep(from, to xen.PowerState, mode v1alpha1.ShutdownMode, over bool) (step, bool) {
	switch from {
	case xen.Halted:
		return fromHalted(to)
	case xen.Suspended:
		return fromSuspended(to, mode)
	case xen.Paused:
		return fromPaused(to, mode, over)
	case xen.Running:
		return fromRunning(to, mode, over)
	}
	return step{}, false
}

func fromHalted(to xen.PowerState) (step, bool) {
	switch to {
	case xen.Running:
		return step{verb: Start}, true
	case xen.Paused:
		return step{verb: Start, paused: true}, true
	case xen.Suspended:
		return step{verb: Start, then: []Verb{Suspend}}, true
	case xen.Halted:
	}
	return step{}, false
}

func fromSuspended(to xen.PowerState, mode v1alpha1.ShutdownMode) (step, bool) {
	switch to {
	case xen.Running:
		return step{verb: Resume}, true
	case xen.Paused:
		return step{verb: Resume, paused: true}, true
	case xen.Halted:
		if mode == v1alpha1.Hard {
			return step{verb: HardShutdown}, true
		}
		return step{verb: Resume, then: []Verb{CleanShutdown}}, true
	case xen.Suspended:
	}
	return step{}, false
}

func fromPaused(to xen.PowerState, mode v1alpha1.ShutdownMode, over bool) (step, bool) {
	switch to {
	case xen.Running:
		return step{verb: Unpause}, true
	case xen.Suspended:
		return step{verb: Unpause, then: []Verb{Suspend}}, true
	case xen.Halted:
		switch {
		case mode == v1alpha1.Hard:
			return step{verb: HardShutdown}, true
		case mode == v1alpha1.CleanThenHard && over:
			return step{verb: HardShutdown, hard: true}, true
		}
		return step{verb: Unpause, then: []Verb{CleanShutdown}}, true
	case xen.Paused:
	}
	return step{}, false
}

func fromRunning(to xen.PowerState, mode v1alpha1.ShutdownMode, over bool) (step, bool) {
	switch to {
	case xen.Paused:
		return step{verb: Pause}, true
	case xen.Suspended:
		return step{verb: Suspend}, true
	case xen.Halted:
		switch {
		case mode == v1alpha1.Hard:
			return step{verb: HardShutdown}, true
		case mode == v1alpha1.CleanThenHard && over:
			return step{verb: HardShutdown, hard: true}, true
		}
		return step{verb: CleanShutdown}, true
	case xen.Running:
	}
	return step{}, false
}

// graceEnd is when a VM that is declared Halted stops being asked. Zero: it is asked for ever.
func graceEnd(s v1alpha1.Shutdown, since time.Time) time.Time {
	if s.Mode != v1alpha1.CleanThenHard {
		return time.Time{}
	}
	grace := s.GracePeriod
	if grace <= 0 {
		grace = v1alpha1.DefaultGracePeriod
	}
	return since.Add(grace)
}
