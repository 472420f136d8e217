package simulator

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

// oddValue is a value of a type that a careless client may send: kind chooses among empty, large and negative ones, and for
// references among none, a real one of the class and one of nothing.
func (p *Pool) oddValue(t datamodel.Type, kind int) any {
	switch t.Kind { //nolint:exhaustive // the rest is text
	case datamodel.Int:
		return []int64{0, 1 << 62, -1}[kind]
	case datamodel.Float:
		return []float64{0, 1e300, -1}[kind]
	case datamodel.Bool:
		return kind == 1
	case datamodel.Datetime:
		return epoch()
	case datamodel.EnumKind:
		if words := p.schema.enums[t.Name]; len(words) > 0 {
			return words[kind%len(words)]
		}
		return ""
	case datamodel.SetKind:
		if kind == 0 {
			return Set{}
		}
		return Set{p.oddValue(*t.Elem, kind)}
	case datamodel.MapKind:
		if kind == 0 {
			return Map{}
		}
		return Map{{Key: "k", Value: p.oddValue(*t.Elem, kind)}}
	case datamodel.RecordKind:
		out := Map{}
		for _, f := range p.schema.classes[t.Name].Fields {
			out = append(out, Entry{Key: f.Name, Value: p.oddValue(f.Parsed, kind)})
		}
		return out
	case datamodel.Ref:
		ref := []string{nullRef, "", "OpaqueRef:x"}[kind]
		p.view(func(x *tx) {
			if rows := x.all(t.Name); kind == 1 && len(rows) > 0 {
				ref = rows[0]
			}
		})
		return ref
	}
	return []string{"", "x", "/'\"<&>\u00e9"}[kind]
}

func (p *Pool) oddParams(m *message, kind int) (params []any) {
	declared := m.Params
	if m.Session {
		declared = declared[1:]
	}
	for _, param := range declared {
		params = append(params, p.oddValue(param.Parsed, kind))
	}
	return params
}

// Whatever parameters of the right types a message gets, synchronous or not, it answers: nothing brings the pool down, and
// what the database holds afterwards can be written to clients.
func TestEveryMessageAnswersAnything(t *testing.T) {
	leaveOut := map[string]bool{ // end the session or the daemon that answers
		"session.logout": true, "session.local_logout": true, "session.change_password": true, "host.shutdown_agent": true, "event.next": true,
		"host.restart_agent": true, "pool.emergency_transition_to_master": true, "host.commit_new_master": true, "host.shutdown": true,
		"host.reboot": true, "pool.emergency_reset_master": true, "pool.designate_new_master": true, "pool.eject": true, "pool.join": true,
		"pool.join_force": true, "host.power_on": true, "session.destroy": true, "host.management_disable": true,
	}
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 4, Version: "26"}) // has the messages of all
		w := login1(t, p)
		for _, name := range wordsOf(p.schema.methodNames()) {
			m := p.schema.calls[name]
			if leaveOut[name] || m.Removed() || m.Kind == "field getter" || m.class.Name == "session" && m.Implicit {
				continue
			}
			for kind := range 3 {
				params := p.oddParams(m, kind)
				_, _ = w.answer(p, name, params)
				if m.Async {
					_, _ = w.answer(p, "Async."+name, params)
				}
			}
		}
		time.Sleep(time.Hour)
		for _, c := range p.schema.ordered {
			if list := p.schema.calls[c.Name+".get_all_records"]; list != nil && !list.Removed() && c.Name != "session" {
				if _, err := w.answer(p, c.Name+".get_all_records", nil); err != nil {
					t.Errorf("%s cannot be listed any more: %v", c.Name, err)
				}
			}
		}
	})
}

// answer makes a call on a connection of its own, with a deadline: some calls wait for hours.
func (w *wire) answer(p *Pool, method string, params []any) (any, error) {
	c := dial(w.t, p, "10.0.0.1")
	defer func() { _ = c.conn.Close() }()
	c.session = w.session
	_ = c.conn.SetDeadline(time.Now().Add(3 * time.Hour))
	return c.call(method, params...)
}
