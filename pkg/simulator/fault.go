package simulator

import (
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Call is what a Fault sees of a call.
type Call struct {
	Method     string // as called: "Async.VM.start"
	Host       string // name_label of the member that it came in on
	Originator string // of the caller's session, or of the login; "" for none
	Roll       uint64 // random, from the model's seed; another for every call
}

// Fault decides what goes wrong with one call before xapi handles it; nil is nothing. It is asked under the pool's lock
// and must not call the pool.
type Fault interface{ Strike(Call) Mishap }

// Mishap is one thing that goes wrong. A Mishap is also the Fault that strikes every call.
type Mishap interface {
	Fault
	befall(*fate)
}

// fate is what will happen to a call: all mishaps that struck it, together.
type fate struct {
	loseReply, reset, hang, eventsLost, silent bool
	failure, taskFailure                       *Failure
	delay                                      time.Duration
	before                                     []func(*Pool)
	migration                                  migrationMishap
	answer                                     answerMishap
}

type plainMishap int

const (
	// LoseReply carries the call out, then breaks the connection without an answer.
	LoseReply plainMishap = iota + 1
	// Reset breaks the connection before the call is carried out.
	Reset
	// TaskHangs lets the call begin and never end, unless it is cancelled.
	TaskHangs
	// EventsLost drops everything queued for event.next before the call is carried out.
	EventsLost
	// Hang never answers: the call is not carried out, and its connection stays until its client or the member ends it.
	Hang
)

// Strike implements Fault.
func (m plainMishap) Strike(Call) Mishap { return m }

func (m plainMishap) befall(f *fate) {
	switch m {
	case LoseReply:
		f.loseReply = true
	case Reset:
		f.reset = true
	case TaskHangs:
		f.hang = true
	case Hang:
		f.silent = true
	case EventsLost:
		f.eventsLost = true
	}
}

type failWith struct{ failure *Failure }

// FailWith answers the call with an error instead of carrying it out; an Async call fails at once, without a task.
func FailWith(code string, params ...string) Mishap { return failWith{fail(code, params...)} }

// Strike implements Fault.
func (m failWith) Strike(Call) Mishap { return m }
func (m failWith) befall(f *fate)     { f.failure = m.failure }

type delay time.Duration

// Delay lets the call wait before it is carried out.
func Delay(d time.Duration) Mishap { return delay(d) }

// Strike implements Fault.
func (m delay) Strike(Call) Mishap { return m }
func (m delay) befall(f *fate)     { f.delay += time.Duration(m) }

type on struct {
	method string
	fault  Fault
}

// On limits a fault to one method as called on the wire ("Async.VM.start"); a trailing * stands for any rest, so that
// "*" is every call.
func On(method string, f Fault) Fault { return on{method, f} }

// Strike implements Fault.
func (o on) Strike(c Call) Mishap {
	prefix, wild := strings.CutSuffix(o.method, "*")
	if c.Method == o.method || wild && strings.HasPrefix(c.Method, prefix) {
		return o.fault.Strike(c)
	}
	return nil
}

type by struct {
	originator string
	fault      Fault
}

// By limits a fault to the calls of one program: those on sessions of its originator, and its logins.
func By(originator string, f Fault) Fault { return by{originator, f} }

// Strike implements Fault.
func (b by) Strike(c Call) Mishap {
	if c.Originator == b.originator {
		return b.fault.Strike(c)
	}
	return nil
}

type nth struct {
	n     int64
	seen  atomic.Int64
	fault Fault
}

// Nth lets only the n-th strike of a fault through, counted from 1.
func Nth(n int, f Fault) Fault { return &nth{n: int64(n), fault: f} }

// Strike implements Fault.
func (x *nth) Strike(c Call) Mishap {
	if m := x.fault.Strike(c); m != nil && x.seen.Add(1) == x.n {
		return m
	}
	return nil
}

type chance struct {
	mu    sync.Mutex
	rng   *rand.Rand
	p     float64
	fault Fault
}

// Chance lets a strike of a fault through with probability p.
func Chance(rng *rand.Rand, p float64, f Fault) Fault { return &chance{rng: rng, p: p, fault: f} }

// Strike implements Fault.
func (x *chance) Strike(c Call) Mishap {
	m := x.fault.Strike(c)
	if m == nil {
		return nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.rng.Float64() < x.p {
		return m
	}
	return nil
}

type anyOf []Fault

// AnyOf strikes with one of several faults, picked at random; when that one does not strike, the next is asked.
func AnyOf(faults ...Fault) Fault { return anyOf(faults) }

// Strike implements Fault.
func (a anyOf) Strike(c Call) Mishap {
	for i := range a {
		if m := a[(c.Roll+uint64(i))%uint64(len(a))].Strike(c); m != nil {
			return m
		}
	}
	return nil
}

type injection struct{ fault Fault }

// Inject makes a fault act on every call from now on, until remove is called.
func (p *Pool) Inject(f Fault) (remove func()) {
	in := &injection{f}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, in)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for i, other := range p.faults {
			if other == in {
				p.faults = append(p.faults[:i:i], p.faults[i+1:]...)
				return
			}
		}
	}
}

// fateOf counts a call and asks the faults about it.
func (p *Pool) fateOf(m *member, rq *request) fate {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls[rq.method]++
	if len(p.faults) == 0 {
		return fate{}
	}
	var f fate
	c := Call{Method: rq.method, Host: m.name, Originator: p.originatorOf(m, rq), Roll: p.rng.Uint64()}
	for _, in := range p.faults {
		if mishap := in.fault.Strike(c); mishap != nil {
			mishap.befall(&f)
		}
	}
	if f.eventsLost {
		p.life.events.loseAll()
	}
	return f
}

// originatorOf is who makes a call, by its own account. The lock must be held.
func (p *Pool) originatorOf(m *member, rq *request) string {
	at := 0
	if rq.method == "session.login_with_password" {
		at = 3
	}
	if len(rq.params) <= at {
		return ""
	}
	text, _ := rq.params[at].(string)
	if at > 0 {
		return text
	}
	return (&tx{life: p.lifeOf(m)}).str("session", text, "originator")
}

// Calls counts the calls that arrived, by method as called on the wire.
func (p *Pool) Calls() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	counts := make(map[string]int, len(p.calls))
	maps.Copy(counts, p.calls)
	return counts
}
