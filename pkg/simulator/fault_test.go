package simulator

import (
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// tags are how many of the calls VM.add_tags got through.
func tagsOf(p *Pool, vm string) (n int) {
	p.view(func(t *tx) { n = len(t.members("VM", vm, "tags")) })
	return n
}

func TestMishaps(t *testing.T) {
	for _, c := range []struct {
		name     string
		fault    Fault
		err      string // of the call; "": success, "broken": no answer
		executed bool
	}{
		{"lose reply", On("VM.add_tags", LoseReply), "broken", true},
		{"reset", On("VM.add_tags", Reset), "broken", false},
		{"fail", On("VM.add_tags", FailWith("INTERNAL_ERROR", "x")), "INTERNAL_ERROR[x]", false},
		{"other method", On("VM.remove_tags", Reset), "", true},
		{"wild card", On("VM.*", Reset), "broken", false},
		{"second", Nth(2, On("VM.add_tags", Reset)), "", true},
		{"always", Chance(rand.New(rand.NewPCG(1, 1)), 1, Reset), "broken", false},
		{"never", Chance(rand.New(rand.NewPCG(1, 1)), 0, Reset), "", true},
		{"any", AnyOf(On("x", LoseReply), On("VM.add_tags", Reset)), "broken", false},
		{"both", anyAll(On("VM.add_tags", LoseReply), On("VM.add_tags", FailWith("X"))), "broken", false},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := Start(t, Model{VMs: 2})
			w := login1(t, p)
			vm := vmNamed(p, "web-1")
			before := tagsOf(p, vm)
			remove := p.Inject(c.fault)
			_, err := w.call("VM.add_tags", vm, "new")
			got := ""
			f := &Failure{}
			if errors.As(err, &f) {
				got = f.Error()
			} else if err != nil {
				got = "broken"
			}
			if got != c.err || (tagsOf(p, vm) > before) != c.executed {
				t.Errorf("%s: %q, executed %t; want %q, %t", c.name, got, tagsOf(p, vm) > before, c.err, c.executed)
			}
			remove()
			w.again(p).must("VM.add_tags", vm, "other")
			if n := p.Calls()["VM.add_tags"]; n != 2 {
				t.Errorf("%s: %d calls counted, want 2", c.name, n)
			}
		})
	}
}

// all strikes with the last of several that strike; two injections act together, which is what the test of both wants.
type allOf []Fault

func anyAll(faults ...Fault) Fault { return allOf(faults) }

func (a allOf) Strike(c Call) Mishap {
	var all severalMishaps
	for _, f := range a {
		if m := f.Strike(c); m != nil {
			all = append(all, m)
		}
	}
	return all
}

type severalMishaps []Mishap

func (s severalMishaps) Strike(Call) Mishap { return s }
func (s severalMishaps) befall(f *fate) {
	for _, m := range s {
		m.befall(f)
	}
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		w := login1(t, p)
		p.Inject(On("pool.get_all", Delay(time.Minute)))
		begun := time.Now()
		w.must("pool.get_all")
		if took := time.Since(begun); took != time.Minute {
			t.Errorf("the answer came after %v, want a minute", took)
		}
	})
}

func TestTaskHangsUntilCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		w := login1(t, p)
		p.Inject(On("Async.VM.start", TaskHangs))
		task := w.must("Async.VM.start", vmNamed(p, "app-1"), false, false)
		time.Sleep(time.Hour)
		if status := w.must("task.get_status", task); status != "pending" {
			t.Errorf("after an hour the task is %s, want pending", status)
		}
		w.must("task.cancel", task)
		synctest.Wait()
		if status := w.must("task.get_status", task); status != "cancelled" {
			t.Errorf("the task is %s, want cancelled", status)
		}
	})
}

func TestEventsLostMishap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		w := login1(t, p)
		w.must("event.register", setOf("*"))
		p.Inject(Nth(1, On("event.next", EventsLost)))
		if got := w.refused("event.next"); got != "EVENTS_LOST" {
			t.Errorf("next answers %s, want EVENTS_LOST", got)
		}
	})
}
