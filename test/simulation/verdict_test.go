package simulation

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// final is how everything stands when the pool has come to rest.
type final struct {
	status []reconcile.VMStatus
	set    *desired.Set
	state  simulator.State
	synced bool
}

// verdict notes how everything stands for the rules, and says what stands by itself.
func (st *story) verdict() (problems []string) {
	if st.turns.ranAway() {
		return []string{"a loop without an end: more than " + fmt.Sprint(maxTurn) + " requests and answers"}
	}
	st.mu.Lock()
	p, set := st.process, st.set
	st.mu.Unlock()
	if p.isDead() {
		return append(problems, "our process is dead at the end")
	}
	f := &final{
		status: p.controller.Status(), set: set, state: st.pool.State(), synced: p.cache.Snapshot().Synced(),
	}
	st.readJSON(f.status)
	st.final = f
	st.history.add(entry{note: "the quiet time is over", final: f})
	return problems
}

// readJSON looks for secrets in what our process keeps or shows.
func (st *story) readJSON(v any) {
	text, err := json.Marshal(v)
	if err != nil {
		text = []byte(err.Error())
	}
	st.read(string(text))
}

// leftBehind is what the last life left in the pool after its end.
func (st *story) leftBehind() (problems []string) {
	s := st.pool.State()
	for _, t := range s.Tasks {
		for key := range t.OtherConfig {
			if strings.HasSuffix(strings.ToLower(key), "xencontroller-owner") {
				problems = append(problems, fmt.Sprintf("rule 4: task %s (%s) is left", t.Name, t.Status))
				break
			}
		}
	}
	if st.final == nil {
		return problems
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	entries, err := st.journal.Entries()
	if err != nil {
		problems = append(problems, "the journal cannot be read: "+err.Error())
	}
	for _, e := range entries {
		if !slices.ContainsFunc(st.final.status, func(s reconcile.VMStatus) bool { return s.Name == e.Name && s.Action != nil }) {
			problems = append(problems, fmt.Sprintf("rule 3: %s of %s, sent at %v, is left in the journal", e.Verb, e.Name, e.Sent.Sub(st.history.began)))
		}
	}
	return problems
}
