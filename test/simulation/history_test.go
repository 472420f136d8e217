package simulation

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// entry is one thing that happened: a fact of the pool, or something that the schedule did.
type entry struct {
	simulator.Fact
	note     string                 // of the schedule's own; empty: a fact
	declared *desired.Set           // a set came into force
	begun    bool                   // a life of our process began
	dryRun   bool                   // with begun: one that changes nothing
	action   *reconcile.ActionEvent // our process was told of a step of an action
	sight    *sight                 // what our process showed at this moment
	final    *final                 // how everything stood at the end
}

// history is all that happened, in order, as the pool saw it.
type history struct {
	mu      sync.Mutex
	began   time.Time
	entries []entry
	actions []entry // steps of actions as our process told them, from any goroutine
}

func (h *history) add(e entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e.At.IsZero() {
		e.At = time.Now()
	}
	if len(h.entries) == cap(h.entries) {
		h.entries = slices.Grow(h.entries, max(2048, len(h.entries))) // 2,048 are enough for most schedules
	}
	h.entries = append(h.entries, e)
}

// act takes in a step of an action.
func (h *history) act(e entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e.At = time.Now()
	h.actions = append(h.actions, e)
}

func (h *history) observe(f simulator.Fact) { h.add(entry{Fact: f}) }

func (h *history) notef(format string, args ...any) {
	h.add(entry{note: fmt.Sprintf(format, args...)})
}

// all is what has happened so far; entries never change.
func (h *history) all() []entry {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clip(h.entries)
}

// line is an entry in words.
func (h *history) line(e entry) string {
	at := fmt.Sprintf("%14.6fs ", e.At.Sub(h.began).Seconds())
	switch e.Kind {
	case simulator.FactCall:
		return at + fmt.Sprintf("-> %s call %d %s %s", e.Host, e.Call, e.Method, strings.Join(e.Params, " "))
	case simulator.FactReply:
		switch {
		case !e.Answered:
			return at + fmt.Sprintf("<- %s call %d %s: the connection broke", e.Host, e.Call, e.Method)
		case e.Failure != nil:
			return at + fmt.Sprintf("<- %s call %d %s: %s", e.Host, e.Call, e.Method, e.Failure.Error())
		}
		return at + fmt.Sprintf("<- %s call %d %s %s", e.Host, e.Call, e.Method, e.Result)
	case simulator.FactLife:
		return at + "xapi begins as master on " + e.Host
	case simulator.FactAdd, simulator.FactMod, simulator.FactDel:
		return at + fmt.Sprintf("   %s %s %s %s %s", e.Kind, e.Class, e.Ref, e.Text("name_label"), e.Text("power_state")+e.Text("status"))
	}
	return at + "** " + e.note
}

// digest stands for the whole history, to the byte.
func (h *history) digest() string {
	sum := sha256.New()
	for _, e := range h.all() {
		_, _ = fmt.Fprintln(sum, h.line(e)) // never fails
	}
	return hex.EncodeToString(sum.Sum(nil))
}
