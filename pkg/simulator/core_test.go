package simulator

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestListsEveryClass(t *testing.T) {
	p := Start(t, Model{})
	w := login1(t, p)
	for _, c := range p.schema.ordered {
		m := p.schema.calls[c.Name+".get_all_records"]
		if m == nil || m.Removed() {
			continue
		}
		list := w.must(c.Name + ".get_all_records").(Map)
		if n := len(w.must(c.Name + ".get_all").(Set)); n != len(list) {
			t.Errorf("%s: %d records, %d references", c.Name, len(list), n)
		}
		for i, e := range list {
			if fields := e.Value.(Map); len(fields) != len(c.Fields) || fields[0].Key != c.Fields[0].Name {
				t.Errorf("%s: a record of %d members from %s, want %d from %s", c.Name, len(fields), fields[0].Key, len(c.Fields), c.Fields[0].Name)
			}
			if i > 0 && c.Name != "message" && c.Name != "role" && list[i-1].Key < e.Key {
				t.Errorf("%s: %s before %s, want descending order", c.Name, list[i-1].Key, e.Key)
			}
		}
	}
}

// Every implicit message of every class answers: nothing but the errors that bad arguments deserve.
func TestEveryMessageAnswers(t *testing.T) {
	p := Start(t, Model{})
	w := login1(t, p)
	for wire, m := range p.schema.calls {
		if !m.Implicit || m.Kind == "get_all_where" || m.class.Name == "session" && m.Kind == "destructor" {
			continue
		}
		params := make([]any, 0, len(m.Params))
		for range m.Params[1:] {
			params = append(params, "x")
		}
		_, err := w.call(wire, params...)
		if err == nil {
			continue
		}
		switch code := asFailure(err).Code; code {
		case "HANDLE_INVALID", "UUID_INVALID", "INVALID_VALUE", "MESSAGE_REMOVED":
		case "INTERNAL_ERROR":
			if text := asFailure(err).Params[0]; !strings.HasPrefix(text, "Failure(") && !strings.HasPrefix(text, "Invalid argument") && !strings.HasPrefix(text, "Internal API") {
				t.Errorf("%s: %v", wire, err)
			}
		default:
			t.Errorf("%s: %v", wire, err)
		}
	}
}

func TestCloseEndsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // a goroutine that is left over fails the bubble
		p := Start(t, Model{VMs: 2})
		w := login1(t, p)
		w.must("event.register", setOf("nothing"))
		go func() { _, _ = w.again(p).call("event.next") }()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
	})
}
