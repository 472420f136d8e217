package plan

import (
	"fmt"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Phase is what is to be done about a VM, in one word.
type Phase string

// The phases.
const (
	InSync   Phase = "InSync"   // nothing
	Act      Phase = "Act"      // carry out the verdict's action
	Wait     Phase = "Wait"     // nothing now; an event, or RetryAt, changes the answer
	Stalled  Phase = "Stalled"  // nothing until somebody changes something
	Unknown  Phase = "Unknown"  // it is not known: the pool was not listed since the VM was declared so
	Observed Phase = "Observed" // nothing, because mode is Observe; Would is what Enforce would do
)

// Verdict is what is to be done about one declared VM, and why.
type Verdict struct {
	Name       string         `json:"name"`
	VM         xen.VMRef      `json:"-"` // empty: no one VM of the pool is meant
	UUID       string         `json:"uuid,omitempty"`
	PowerState xen.PowerState `json:"powerState,omitempty"` // observed
	Host       string         `json:"host,omitempty"`       // name_label of the host that the VM is on
	Phase      Phase          `json:"phase"`
	Reason     Reason         `json:"reason"`
	Message    string         `json:"message"`
	Drift      []Drift        `json:"drift,omitempty"`
	Action     *Action        `json:"action,omitempty"` // with Act
	Would      *Action        `json:"would,omitempty"`  // with Observed, where there is something to do
	Refused    []Refusal      `json:"refused,omitempty"`
	// RetryAt is when time alone changes the answer; zero: only an event does.
	RetryAt time.Time `json:"retryAt,omitzero"`
}

// Drift is a field that is not as declared.
type Drift struct {
	Field  Field  `json:"field"`
	Wanted string `json:"wanted"`
	Found  string `json:"found"`
}

// Refusal is a host on which a VM cannot be placed, and why.
type Refusal struct {
	Host string `json:"host"` // name_label
	Why  string `json:"why"`
}

// Finding is something that people should know and that does not decide a VM's verdict.
type Finding struct {
	Name    string `json:"name"` // metadata.name of the declared VM
	Reason  Reason `json:"reason"`
	Message string `json:"message"`
}

// Drifts reports whether a field differs.
func (v Verdict) Drifts(f Field) bool {
	for _, d := range v.Drift {
		if d.Field == f {
			return true
		}
	}
	return false
}

// String is the verdict as a line of a plan.
func (v Verdict) String() string {
	switch {
	case v.Phase == Act && v.Action != nil:
		return v.Action.String()
	case v.Phase == Observed && v.Would != nil:
		return fmt.Sprintf("Observe %s (%s): would %s: %s", v.Name, v.Reason, v.Would.what(), v.Would.Because)
	}
	return fmt.Sprintf("%s %s (%s): %s", v.Phase, v.Name, v.Reason, v.Message)
}

// hold is a reason not to act.
type hold struct {
	phase   Phase
	reason  Reason
	message string
	retryAt time.Time
	refused []Refusal
}

func wait(r Reason, format string, args ...any) *hold {
	return &hold{phase: Wait, reason: r, message: fmt.Sprintf(format, args...)}
}

func stall(r Reason, format string, args ...any) *hold {
	return &hold{phase: Stalled, reason: r, message: fmt.Sprintf(format, args...)}
}

// until says when time alone changes the answer.
func (h *hold) until(t time.Time) *hold {
	h.retryAt = t
	return h
}

// held fills a verdict with a reason not to act.
func (v Verdict) held(h *hold) Verdict {
	v.Phase, v.Reason, v.Message, v.RetryAt, v.Refused = h.phase, h.reason, h.message, h.retryAt, h.refused
	return v
}
