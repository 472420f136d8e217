package simulator

import (
	"fmt"
	"strings"
	"time"
)

// Handler does what a message does, in place of the simulator. It runs after xapi's own checks (parameters, session,
// roles) and inside the call's task where the call has one; several calls run at once. Its result is of the message's
// type, nil for void: string (references and enums too), int64, float64, bool, time.Time, []string, map[string]string,
// Set or Map. An error made by Invocation.Fail is what the client sees; any other becomes INTERNAL_ERROR with its text.
type Handler func(Invocation) (any, error)

// Invocation is one call of a message that has a Handler.
type Invocation struct {
	Method string // "VM.start", for Async.VM.start too
	Params []any  // converted, optional ones filled in, without the session
	call   *call
	inner  behaviour
}

// Proceed carries the call out as the simulator would have. It may be called once, before or after other things.
func (i Invocation) Proceed() (any, error) { return i.inner(i.call) }

// Sleep waits in the pool's time. It ends early, with an error to hand on, when the call is cancelled or xapi ends.
func (i Invocation) Sleep(d time.Duration) error { return i.call.sleep(d) }

// Fail makes an error of the API.
func (i Invocation) Fail(code string, params ...string) error { return fail(code, params...) }

// Progress writes the progress of the call's task, 0 to 1.
func (i Invocation) Progress(f float64) { i.call.progress(f) }

// Handle replaces what a message does, named without Async ("VM.start"), until restore is called. The newest handler of
// a message wins; its Proceed reaches the simulator's own behaviour, not an older handler. The error is an unknown name.
func (p *Pool) Handle(message string, h Handler) (restore func(), err error) {
	if p.schema.calls[message] == nil {
		return nil, fmt.Errorf("simulator: this xapi has no message %q (give it without Async)", strings.TrimPrefix(message, "Async."))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	entry := &h
	if p.handlers == nil {
		p.handlers = make(map[string][]*Handler)
	}
	p.handlers[message] = append(p.handlers[message], entry)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for i, other := range p.handlers[message] {
			if other == entry {
				p.handlers[message] = append(p.handlers[message][:i:i], p.handlers[message][i+1:]...)
				return
			}
		}
	}, nil
}

// handled is the behaviour of a call, or what has replaced it.
func (c *call) handled(b behaviour) behaviour {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	list := c.pool.handlers[c.method]
	if len(list) == 0 {
		return b
	}
	h := *list[len(list)-1]
	return func(c *call) (any, error) {
		v, err := h(Invocation{Method: c.method, Params: c.params, call: c, inner: b})
		if err != nil {
			return nil, err
		}
		return c.resultFrom(v)
	}
}

// resultFrom is a handler's result as a value of the message's type.
func (c *call) resultFrom(v any) (any, error) {
	switch x := v.(type) {
	case []string:
		v = setOf(x...)
	case map[string]string:
		m := make(Map, 0, len(x))
		for _, k := range sortedKeys(x) {
			m = append(m, Entry{Key: k, Value: x[k]})
		}
		v = m
	case int:
		v = int64(x)
	case nil:
		if c.message.Void() {
			return nil, nil
		}
	}
	switch v.(type) {
	case string, int64, float64, bool, time.Time, Set, Map, *record, recordList:
		if !c.message.Void() {
			return v, nil
		}
	}
	return nil, internalError(fmt.Sprintf("the handler of %s returned a %T, where it returns %s", c.method, v, c.message.Result[0]))
}
