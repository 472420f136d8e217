package simulation

import (
	"strings"
	"sync"

	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// What stories note at their turning points.
const (
	noteKilled = "our process is killed"
	noteHealed = "the faults end"
)

// secrets are what must never be read anywhere: the password, and every reference of a session.
type secrets struct {
	mu   sync.Mutex
	refs []string
}

// learn takes in a session.
func (s *secrets) learn(f *simulator.Fact) {
	if f.Class != "session" || f.Kind != simulator.FactAdd {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refs = append(s.refs, f.Ref)
}

// in reports whether a text holds one.
func (s *secrets) in(text string) bool {
	if strings.Contains(text, password) {
		return true
	}
	if !strings.Contains(text, "OpaqueRef:") {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ref := range s.refs {
		if strings.Contains(text, ref) {
			return true
		}
	}
	return false
}

// read looks for secrets in what our process says.
func (st *story) read(text string) {
	if st.secrets.in(text) {
		st.mu.Lock()
		defer st.mu.Unlock()
		st.logged = append(st.logged, "rule 5: a secret is told: "+text)
	}
}

// told notes a step of an action as our process tells it.
func (st *story) told(e reconcile.ActionEvent) {
	if e.Err != nil {
		st.read(e.Err.Error())
	}
	st.history.act(entry{note: "action " + string(e.Type) + ": " + string(e.Action.Verb) + " " + e.Action.Key + " " + e.Result, action: &e})
}
