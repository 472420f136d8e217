package simulator

import (
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// FactKind says what a Fact is about.
type FactKind string

// The kinds of facts.
const (
	FactCall  FactKind = "call"  // a call has come in over a connection; mishaps are still ahead of it
	FactReply FactKind = "reply" // its answer is about to leave, or is lost
	FactLife  FactKind = "life"  // a master's xapi has begun; FactAdd of all that it knows follow
	FactAdd   FactKind = "add"   // an object is there
	FactMod   FactKind = "mod"   // it was written, or touched
	FactDel   FactKind = "del"   // it is gone
)

// Fact is one thing that happened to a pool, as the pool itself saw it: nobody's account of it.
type Fact struct {
	Kind FactKind
	At   time.Time // by a clock that no host has
	Host string    // name_label of the member that was called, or whose database was written

	Call     int64    // with FactCall and FactReply: the call's number, from 1
	Method   string   // as called: "Async.VM.start"
	Params   []string // what of the parameters is text, without the session; "" stands for anything else
	Session  string   // reference, with calls that have one
	Result   string   // with FactReply: the result, where it is text
	Failure  *Failure // with FactReply: nil is success
	Answered bool     // with FactReply: false is a broken connection

	Class xen.Class // with FactAdd, FactMod and FactDel
	Ref   string
	now   *record
}

// Text is a field of the object as the fact left it, where it is a string, an enum or a reference; else "".
func (f *Fact) Text(field string) string { return factField[string](f, field) }

// Flag is a field that is a bool.
func (f *Fact) Flag(field string) bool { return factField[bool](f, field) }

// Number is a field that is an integer.
func (f *Fact) Number(field string) int64 { return factField[int64](f, field) }

// Map is a field that is a map of texts; it is the caller's to keep.
func (f *Fact) Map(field string) map[string]string { return textMap(factField[Map](f, field)) }

// List is a field that is a set of texts; it is the caller's to keep.
func (f *Fact) List(field string) []string { return wordsOf(factField[Set](f, field)) }

func factField[T any](f *Fact, field string) T {
	var v T
	if f.now != nil {
		v, _ = f.now.get(field).(T)
	}
	return v
}

// Observe has every fact about the pool told to f from now on, after FactLife and FactAdd of all that is there. f is called
// under the pool's lock, in the order in which things happen: it must not call the pool. One observer at a time; nil ends
// it.
func (p *Pool) Observe(f func(Fact)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.observer = f
	if p.life != nil {
		p.life.tellAll()
	}
}

// ticket is the number of the newest call, where somebody observes the pool; else 0.
func (p *Pool) ticket() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.observer == nil {
		return 0
	}
	return p.arrived
}

// letFinish waits until all that happens at this instant of virtual time has happened, where somebody observes the pool: what
// a call sees of it then depends on nothing but the seed. Calls with other tickets go on at other instants.
func (c *call) letFinish(ticket int64) error {
	if ticket == 0 {
		return nil
	}
	c.pool.pause(time.Microsecond + time.Duration(ticket))
	return c.interrupted()
}

// tellAll tells of a life and of all that is in its database. The lock must be held where there is an observer.
func (l *life) tellAll() {
	tell := l.pool.observer
	if tell == nil {
		return
	}
	now, host := time.Now(), l.hostName()
	tell(Fact{Kind: FactLife, At: now, Host: host})
	for _, name := range l.db.names {
		for _, r := range l.db.tables[name].sorted() {
			tell(Fact{Kind: FactAdd, At: now, Host: host, Class: xen.Class(name), Ref: r.now.ref, now: r.now})
		}
	}
}

func (l *life) hostName() string {
	if l.master == nil {
		return ""
	}
	return l.master.name
}

// tellWrite tells of one write.
func (l *life) tellWrite(op operation, now *record) {
	if tell := l.pool.observer; tell != nil {
		tell(Fact{Kind: FactKind(op), At: time.Now(), Host: l.hostName(), Class: xen.Class(now.class.Name), Ref: now.ref, now: now})
	}
}

// tellCall tells of a call that came in; what it returns tells how it was answered.
func (p *Pool) tellCall(m *member, rq request) (answered func(reply, bool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.observer == nil {
		return func(reply, bool) {}
	}
	p.arrived++
	f := Fact{Kind: FactCall, At: time.Now(), Host: m.name, Call: p.arrived, Method: rq.method}
	for _, v := range rq.params {
		text, _ := v.(string)
		f.Params = append(f.Params, text)
	}
	if message := p.lookUp(strings.TrimPrefix(rq.method, "Async.")); message != nil && message.Session && len(f.Params) > 0 {
		f.Session, f.Params = f.Params[0], f.Params[1:]
	}
	p.observer(f)
	return func(r reply, answered bool) { p.tellReply(f, r, answered) }
}

func (p *Pool) tellReply(f Fact, r reply, answered bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.observer == nil {
		return
	}
	f.Kind, f.At, f.Failure, f.Answered = FactReply, time.Now(), r.failure, answered
	f.Result, _ = r.value.(string)
	p.observer(f)
}
