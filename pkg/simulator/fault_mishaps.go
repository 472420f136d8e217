package simulator

import (
	"sync"
	"time"
)

type taskFails struct{ failure *Failure }

// TaskFails lets a call begin and fail with an error: an Async call answers with its task, which then ends with it; a
// synchronous call answers it. Nothing else happens to the pool. See FailWith for a call that fails before its task.
func TaskFails(code string, params ...string) Mishap { return taskFails{fail(code, params...)} }

// Strike implements Fault.
func (m taskFails) Strike(Call) Mishap { return m }
func (m taskFails) befall(f *fate)     { f.taskFailure = m.failure }

// DiskFull fails a call as storage without space does, inside its task: On("Async.VM.copy", DiskFull()). Storage that
// really runs out of space needs no fault: the simulator counts the bytes of its SRs.
func DiskFull() Mishap {
	return TaskFails("SR_BACKEND_FAILURE_44", "", "There is insufficient space", "")
}

type doing struct{ f func(*Pool) }

// Do lets something happen to the pool before the call is carried out, once for each strike: whatever a test can do.
func Do(f func(*Pool)) Mishap { return doing{f} }

// Strike implements Fault.
func (m doing) Strike(Call) Mishap { return m }
func (m doing) befall(f *fate)     { f.before = append(f.before, m.f) }

// HostDies lets a host's machine die before the call is carried out.
func HostDies(name string) Mishap {
	return Do(func(p *Pool) { _ = p.HostDies(name) }) // a host that is gone already cannot die again
}

// MasterDies lets the master's machine die before the call is carried out; nobody takes its place.
func MasterDies() Mishap {
	return Do(func(p *Pool) { _ = p.MasterDies() }) // a pool without a master has none to lose
}

type throttle struct {
	mu    sync.Mutex
	every time.Duration
	next  time.Time
	fault Fault
}

// Throttle makes the calls that a fault would strike wait so that no more than perSecond of them are carried out in a
// second, in the order that they came: On("VM.get_record", …) as its fault chooses them. Its own mishap does not befall.
func Throttle(perSecond float64, of Fault) Fault {
	return &throttle{every: time.Duration(float64(time.Second) / perSecond), fault: of}
}

// Strike implements Fault.
func (x *throttle) Strike(c Call) Mishap {
	if x.fault.Strike(c) == nil {
		return nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	now := time.Now()
	if x.next.Before(now) {
		x.next = now
	}
	wait := x.next.Sub(now)
	x.next = x.next.Add(x.every)
	return Delay(wait)
}

type together []Fault

// AllOf strikes with every one of several faults that strikes, at once: Delay and LoseReply, say.
func AllOf(faults ...Fault) Fault { return together(faults) }

// Strike implements Fault.
func (a together) Strike(c Call) Mishap {
	var struck mishaps
	for _, f := range a {
		if m := f.Strike(c); m != nil {
			struck = append(struck, m)
		}
	}
	if len(struck) == 0 {
		return nil
	}
	return struck
}

type mishaps []Mishap

// Strike implements Fault.
func (m mishaps) Strike(Call) Mishap { return m }

func (m mishaps) befall(f *fate) {
	for _, each := range m {
		each.befall(f)
	}
}
