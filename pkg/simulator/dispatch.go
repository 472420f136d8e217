package simulator

import (
	"strings"
)

// request is one call as a codec read it.
type request struct {
	method      string
	params      []any
	otherConfig Map  // http:K of x-http-other-config-K headers
	hang        bool // the mishap TaskHangs
}

// reply is what a codec has to write.
type reply struct {
	value   any
	failure *Failure // nil: success
	bare    bool     // system.listMethods: the value without a Status
	early   bool     // raised before the dispatcher: no CORS headers
}

func failed(err error) reply { return reply{failure: asFailure(err)} }

// dispatch carries out one call that came in on m. The order of the checks is xapi's: emergency mode, is the method
// known, the number of parameters, their types, the session, and only then the call itself.
func (p *Pool) dispatch(m *member, rq request) reply {
	if p.booting(m) && !p.schema.worksInEmergency(rq.method) {
		return reply{failure: fail("HOST_STILL_BOOTING"), early: true}
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
	c := &call{pool: p, life: p.current(), member: m, method: name, name: rq.method, otherConfig: rq.otherConfig}
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
	case b == nil:
		b = notImplemented
	}
	switch {
	case async && !m.Async:
		return nil, fail("Fault", "No async mode for this operation (rpc: "+c.method+")")
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
		if c.member != c.pool.master {
			return fail("HOST_IS_SLAVE", c.member.follows)
		}
	}
	return nil
}

// unknown answers a method that does not exist. With parameters, the first is taken as a session and checked first.
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
	if m != nil && m.Kind == "get_all_where" && !p.model.since(24, 20) {
		return nil
	}
	return m
}

func (p *Pool) booting(m *member) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return m.state == memberBooting
}

func (s *schema) worksInEmergency(method string) bool {
	for _, name := range s.model.Rules.EmergencyCalls {
		if name == method {
			return true
		}
	}
	return false
}

// methodNames lists every synchronous call in the order of xapi's source, which is what system.listMethods answers.
func (s *schema) methodNames() Set {
	var names Set
	for _, c := range s.ordered {
		for _, m := range c.AllMessages() {
			names = append(names, c.Name+"."+m.Name)
		}
	}
	return names
}
