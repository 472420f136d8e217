package simulator

import (
	"testing"
	"testing/synctest"
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
	name    string
	member  string                   // whose address it talks to; "": the master's
	unix    bool                     // it talks to the unix socket of the first host
	quick   map[string]bool          // by number, or "all": comes at once, before what went before is over
	before  map[string]func(*replay) // by number: what the recorder did before the step
	leftOut map[string]string        // by number: why the answer is not compared, if it differs
	timing  Timing
	pool    func(*Pool) // what makes the pool like the recorded one
}

const (
	missing   = "lists objects that are not among the recorded ones"
	atStart   = "tells of a task that was deleted before the first object was recorded"
	ownTask   = "tells of the task of a call that the recorder had just made"
	fileOrder = "lists files in the order of a real file system"
	progress  = "shows the progress of a real hypervisor at that moment"
	debug     = "shows debug_info of a real hypervisor"
	handlers  = "HTTP handlers beside the calls are not simulated"
	counts    = "depends on how much was written before"
	writes    = "lists every write of an operation, which the timelines compare"
	standIn   = "shows more of a start than the stand-in for it does"
	before    = "depends on what the recorder had done to the object"
	notYet    = "is not simulated"
)

func goldenCases() []goldenCase {
	return []goldenCase{
		{name: "http"},
		{name: "dispatch-errors"},
		{name: "session-login"},
		{name: "strings"},
		{name: "maps"},
		{name: "jsonrpc", before: once("01", describeWeb5)},
		{name: "unix-socket", unix: true},
		{name: "introspection"},
		{name: "slave", member: "10.0.0.2", leftOut: because(handlers, "21", "22").and(notYet, "15")},
		{name: "getters", leftOut: because(fileOrder, "12")},
		{name: "messages", before: once("01", registerMessages)},
		{name: "event-next", quick: steps("all"), before: eventNextWrites(), leftOut: because(counts, "01", "05", "34").and(writes, "11", "12")},
		{name: "event-from", quick: steps("33"), before: eventFromWrites(),
			leftOut: because(atStart, "17").and(missing, "18").and(ownTask, "27", "28")},
		{name: "tasks", pool: func(p *Pool) { p.behaviours["VM.start"] = startForASecond },
			quick: steps("02", "03", "04", "05", "06", "22", "40", "41", "42"), before: map[string]func(*replay){"08": haltAll, "21": haltAll},
			leftOut: because(progress, "02", "05", "23").and(debug, "07", "09", "24").and(standIn, "03", "46")},
		{name: "sync-calls", timing: RealTiming(), quick: steps("01", "02", "06", "07", "08"), before: syncCalls()},
		{name: "vm-overlap", timing: RealTiming(), quick: steps("01", "03", "04"), before: overlaps()},
		{name: "vm-errors", before: vmErrors(), leftOut: because(before, "49")},
		{name: "device-errors", leftOut: because(before, "17", "25")},
		{name: "host-and-pool", leftOut: because(notYet, "06", "07", "08", "09", "11", "17", "18", "19", "20", "21", "23")},
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
