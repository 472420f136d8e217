package simulator

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestGolden sends what was sent to a real xapi and wants what it answered: status, headers and body, byte for byte, but
// for references and uuids that are made on the way, times, and the steps that a case leaves out, each with its reason.
func TestGolden(t *testing.T) {
	for _, c := range goldenCases() {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newReplay(t, c).run() })
		})
	}
}

// goldenCase is one folder of recordings.
type goldenCase struct {
	name     string
	member   string                   // whose address it talks to; "": the master's
	unix     bool                     // it talks to the unix socket of the first host
	quick    map[string]bool          // by number, or "all": comes at once, before what went before is over
	before   map[string]func(*replay) // by number: what the recorder did before the step
	leftOut  map[string]string        // by number: why the answer is not compared, if it differs
	untimed  map[string]string        // by number: why it does not matter how long it took
	anyOrder map[string]bool          // by number: an answer that has its parts in the order of random references, or of files
	without  map[string]string        // by number: an object whose events fell in between by chance
	timing   Timing
	pam      time.Duration // how long the system took to refuse a password, which it draws; 0: two seconds
	pool     func(*Pool)   // what makes the pool like the recorded one
}

func goldenCases() []goldenCase {
	return []goldenCase{
		{name: "http", pam: 2400 * time.Millisecond},
		{name: "dispatch-errors"},
		{name: "session-login"},
		{name: "strings"},
		{name: "maps"},
		{name: "jsonrpc", pam: 2250 * time.Millisecond, before: once("01", describeWeb5)},
		{name: "unix-socket", unix: true},
		{name: "introspection"},
		{name: "slave", member: "10.0.0.2"},
		{name: "getters", anyOrder: steps("12")},
		{name: "messages", before: once("01", registerMessages)},
		{
			name: "event-next", timing: recordedDurations(), quick: steps("all"), before: eventNextWrites(), without: map[string]string{"11": web5},
			untimed: because("it depends on when the last heartbeat was", "30"),
		},
		{name: "event-from", timing: recordedDurations(), quick: steps("33"), before: eventFromWrites()},
		{name: "tasks", timing: recordedDurations(), quick: steps("all"), before: taskSteps(), anyOrder: steps("46")},
		{name: "sync-calls", timing: recordedDurations(), quick: steps("01", "02", "06", "07", "08"), before: syncCalls()},
		{name: "vm-overlap", timing: recordedDurations(), quick: steps("01", "03", "04"), before: overlaps()},
		{name: "vm-errors", timing: recordedDurations(), before: vmErrors()},
		{name: "device-errors", timing: recordedDurations(), before: deviceErrors()},
		{name: "host-and-pool"},
	}
}

// steps is a set of numbers of steps.
func steps(numbers ...string) map[string]bool {
	set := make(map[string]bool)
	for _, n := range numbers {
		set[n] = true
	}
	return set
}

// reasons is why steps are left out, by number.
type reasons map[string]string

func because(reason string, numbers ...string) reasons { return reasons{}.and(reason, numbers...) }

func (r reasons) and(reason string, numbers ...string) reasons {
	for _, n := range numbers {
		r[n] = reason
	}
	return r
}

// recordedDurations is how long the stand-ins for the recorded pool's hypervisor and storage took.
func recordedDurations() Timing {
	return Timing{
		Start: Span{Min: 1700 * time.Millisecond}, GuestShutdown: Span{Min: 2 * time.Second}, Destroy: Span{Min: 400 * time.Millisecond},
		Pause: Span{Min: 500 * time.Millisecond}, Suspend: Span{Min: 2500 * time.Millisecond}, Resume: Span{Min: 2200 * time.Millisecond},
		Migrate: Span{Min: 3200 * time.Millisecond}, Disk: Span{Min: 450 * time.Millisecond},
	}
}
