package simulator

import "fmt"

// perform carries out a call as somebody else's client would: synchronously, on the present master, with a session of
// its own and a task like any other, without the time that it would take. params are values of the datamodel's types, without the session.
func (p *Pool) perform(method string, params ...any) (any, error) {
	m := p.schema.calls[method]
	if m == nil {
		return nil, fmt.Errorf("simulator: no call %s", method)
	}
	p.mu.Lock()
	l, master := p.life, p.master
	p.mu.Unlock()
	if master == nil {
		return nil, fmt.Errorf("simulator: %s: the pool has no master", method)
	}
	c := &call{pool: p, life: l, member: master, message: m, method: method, name: method, instant: true}
	if err := l.update(func(t *tx) error { c.session = t.newSession("somebody else"); return nil }); err != nil {
		return nil, err
	}
	for i, declared := range m.Params[1:] {
		if i < len(params) {
			c.params = append(c.params, params[i])
		} else {
			c.params = append(c.params, p.schema.parameterDefault(declared))
		}
	}
	b := p.behaviourOf(m)
	if b == nil {
		b = notImplemented
	}
	result, err := c.runSync(b)
	_ = l.update(func(t *tx) error { t.endSession(c.session); return nil }) // a life that ended has no sessions
	return result, err
}
