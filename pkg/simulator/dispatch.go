package simulator

import (
	"slices"
	"strings"

	"github.com/xencontroller/xencontroller/internal/wire/xapid"
)

// request is one call as a codec read it.
type request struct {
	method      string
	params      []any
	otherConfig Map // http:K of x-http-other-config-K headers
	tasks       taskHeaders
	hang        bool     // the mishap TaskHangs
	taskFailure *Failure // the mishap TaskFails
	migration   migrationMishap
	unchecked   bool // strings may hold what XML cannot carry
	trusted     bool // came in on the unix socket: the caller is root
}

// reply is what a codec has to write.
type reply struct {
	value   any
	failure *Failure // nil: success
	bare    bool     // system.listMethods: the value without a Status
	early   bool     // raised before the dispatcher: no CORS headers
	spoilt  answerMishap
}

func failed(err error) reply { return reply{failure: asFailure(err)} }

// dispatch carries out one call that came in on m. The order of the checks is xapi's: emergency mode, is the method
// known, the number of parameters, their types, the session, and only then the call itself.
func (p *Pool) dispatch(m *member, rq request) reply {
	if trouble := p.emergency(m); trouble != nil && !p.schema.worksInEmergency(rq.method) {
		return reply{failure: trouble, early: true}
	}
	if rq.unchecked {
		if text, bad := xapid.CheckText(rq.params); bad {
			return reply{failure: fail("INVALID_VALUE", "Invalid UTF-8 string in parameter", text), early: true}
		}
	}
	if rq.method == "system.listMethods" {
		return reply{value: p.schema.methodNames(), bare: true}
	}
	if strings.HasPrefix(rq.method, "system.isAlive:") && len(rq.params) > 0 {
		return reply{value: rq.params[0]}
	}
	name, async := strings.CutPrefix(rq.method, "Async.")
	if !async {
		name, async = strings.CutPrefix(rq.method, "InternalAsync.")
	}
	c := &call{
		pool: p, life: p.lockedLifeOf(m), member: m, method: name, name: rq.method, otherConfig: rq.otherConfig, root: rq.trusted,
		tasks: rq.tasks, migration: rq.migration,
	}
	c.message = p.lookUp(name)
	if c.message == nil {
		return failed(c.unknown(rq.params))
	}
	c.method = c.message.wire
	result, err := c.carryOut(rq, async)
	if err != nil {
		return failed(err)
	}
	return reply{value: result}
}

// carryOut checks a call of a known message and does it.
func (c *call) carryOut(rq request, async bool) (any, error) {
	m, err := c.message, error(nil)
	if c.session, c.params, err = c.pool.schema.arguments(m, rq.params); err != nil {
		return nil, err
	}
	if err := c.admit(); err != nil {
		return nil, err
	}
	if m.Removed() {
		return nil, fail("MESSAGE_REMOVED")
	}
	b := c.pool.behaviourOf(m)
	switch {
	case rq.hang && operatesVM(c.method):
		c.hangs = true // in the middle of it, with the VM marked
	case rq.hang:
		b = hang
	case rq.taskFailure != nil:
		b = func(*call) (any, error) { return nil, rq.taskFailure }
	case b == nil:
		b = notImplemented
	}
	b = c.guarded(c.asInRelease(c.handled(b)))
	switch {
	case async && !m.Async:
		return nil, fail("Fault", "No async mode for this operation (rpc: "+c.method+")")
	case c.tasks.forwarded != "" && !strings.HasPrefix(rq.method, "InternalAsync."):
		return c.runJoined(b, async)
	case async:
		return c.runAsync(b)
	default:
		return c.runSync(b)
	}
}

// admit checks the session, or for a login that the member is the master.
func (c *call) admit() error {
	if c.message.Session {
		return c.checkSession()
	}
	switch c.method {
	case "session.login_with_password", "session.slave_login":
		c.pool.mu.Lock()
		defer c.pool.mu.Unlock()
		if c.member.life == nil {
			return fail("HOST_IS_SLAVE", c.member.follows)
		}
	}
	return nil
}

// unknown answers a method that does not exist. With parameters, the first is taken as a session and checked first; who
// may not run extensions does not hear that there is none of that name.
func (c *call) unknown(params []any) error {
	if len(params) > 0 {
		v, err := expect[string](params[0], "string")
		if err != nil {
			return err
		}
		c.session = v.(string)
		if err := c.checkSession(); err != nil {
			return err
		}
		if extension := c.pool.schema.calls["host.call_extension"]; !c.isRoot() {
			if err := c.needs(extension.wire, extension.Roles); err != nil {
				return err
			}
		}
	}
	return fail("MESSAGE_METHOD_UNKNOWN", c.method)
}

// lookUp finds a message by wire name; an underscore may stand for the dot, as in VM_start.
func (p *Pool) lookUp(name string) *message {
	m := p.schema.calls[name]
	for i := 0; m == nil && i < len(name); i++ {
		if name[i] == '_' {
			m = p.schema.calls[name[:i]+"."+name[i+1:]]
		}
	}
	return m
}

// emergency is what a member answers to nearly every call while its xapi has not come up; nil once it has. xapi up to 25
// is not in emergency mode while it merely waits for its master: it names the master, as recorded.
func (p *Pool) emergency(m *member) *Failure {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case m.state == memberBooting, m.state == memberWaiting && m.trouble == nil && p.model.since(26, 0):
		return fail("HOST_STILL_BOOTING")
	case m.state == memberWaiting:
		return m.trouble
	}
	return nil
}

func (s *schema) worksInEmergency(method string) bool {
	return slices.Contains(s.model.Rules.EmergencyCalls, method)
}

// methodNames lists every synchronous call in the order of xapi's source, which is what system.listMethods answers.
func (s *schema) methodNames() Set {
	var names Set
	for _, c := range s.ordered {
		for _, m := range c.messages {
			names = append(names, m.wire)
		}
	}
	return names
}
