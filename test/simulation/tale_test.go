package simulation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// teller tells a history to people: when, who, what was said or what became of it, and where a rule was broken.
type teller struct {
	strings.Builder
	h       *history
	names   map[string]string // of references
	callers map[string]string // that are not our process, by session
	was     map[string]string // what was last told of an object
	counts  map[string]int    // of nameless objects
	born    time.Time         // of the newest life: what is added at once is not new
	quiet   bool              // nothing was told of the newest life yet
	sought  int               // logins without success that were not told
}

// story is the part of the history that a person wants to read: who did what, and what became of the VMs.
func (h *history) story() string {
	t := &teller{h: h, names: map[string]string{}, callers: map[string]string{}, was: map[string]string{}, counts: map[string]int{}}
	all, broken := h.judged()
	for i, e := range all {
		t.tell(e, len(broken[i]) > 0)
		for _, b := range broken[i] {
			t.line(e, "RULE BROKEN", "%s", b.rule)
			t.line(e, "", "%s", t.named(b.why))
		}
	}
	return t.String()
}

// line writes one: seconds since the beginning, who, what.
func (t *teller) line(e entry, who, format string, args ...any) {
	fmt.Fprintf(t, "%12.6f  %-11s  %s\n", e.At.Sub(t.h.began).Seconds(), who, fmt.Sprintf(format, args...))
}

// tell tells one entry; wanted says that it must not be left out.
func (t *teller) tell(e entry, wanted bool) {
	switch e.Kind {
	case simulator.FactLife:
		t.born, t.quiet = e.At, t.born.IsZero()
		t.line(e, e.Host, "begins as the master")
	case simulator.FactAdd, simulator.FactMod, simulator.FactDel:
		t.tellWrite(e)
	case simulator.FactCall:
		t.tellCall(e, wanted)
	case simulator.FactReply:
		t.tellReply(e)
	default:
		t.tellNote(e, wanted)
	}
}

func (t *teller) tellNote(e entry, wanted bool) {
	text, step := strings.CutPrefix(e.note, "at ")
	switch {
	case e.sight != nil && !wanted:
	case step:
		_, text, _ = strings.Cut(text, " ")
		t.line(e, "schedule", "%s", text)
	case e.declared != nil:
		t.line(e, "schedule", "%d VMs are declared (%s)", len(e.declared.VMs()), e.declared.Hash()[:12])
	case e.action != nil:
		why := ""
		if e.action.Err != nil {
			why = ": " + t.named(e.action.Err.Error())
		}
		if e.action.Result != "" {
			t.line(e, "controller", "says of %s %s: %s%s", e.action.Action.Verb, e.action.Action.Key, e.action.Result, why)
		}
	default:
		t.line(e, "schedule", "%s", e.note)
	}
}

// tellWrite tells what became of a VM or of a task of somebody's call.
func (t *teller) tellWrite(e entry) {
	now := t.state(e)
	switch {
	case now == "" || t.was[e.Ref] == now:
		return
	case e.Kind == simulator.FactAdd && e.At.Equal(t.born) && (t.quiet || t.was[e.Ref] == ""):
		t.was[e.Ref] = now
		return
	}
	t.was[e.Ref] = now
	t.line(e, e.Host, "%s %s", t.names[e.Ref], now)
}

// state is what a person wants to know of an object, and learns its name; "": nothing.
func (t *teller) state(e entry) string {
	switch e.Class {
	case "host":
		t.names[e.Ref] = e.Text("name_label")
		return map[bool]string{true: "is enabled", false: "is disabled"}[e.Flag("enabled")]
	case "session":
		t.number(e.Ref, "session", "")
		if who := e.Text("originator"); who != originator {
			t.callers[e.Ref] = who
		}
	case "VM":
		if e.Flag("is_a_template") || e.Flag("is_control_domain") {
			return ""
		}
		t.names[e.Ref] = e.Text("name_label")
		return t.vmState(e)
	case "task":
		if !strings.HasPrefix(e.Text("name_label"), "Async.") {
			return "" // of the pool's own work, which shows in the VMs
		}
		t.number(e.Ref, "task", strings.TrimPrefix(e.Text("name_label"), "Async."))
		if e.Kind == simulator.FactDel {
			return "is gone"
		}
		return strings.TrimSpace(e.Text("status") + " " + t.named(strings.Join(e.List("error_info"), " ")))
	}
	return ""
}

func (t *teller) vmState(e entry) string {
	if e.Kind == simulator.FactDel {
		return "is gone"
	}
	words := []string{"is " + e.Text("power_state")}
	if host := t.names[e.Text("resident_on")]; host != "" {
		words = append(words, "on "+host)
	}
	for _, op := range slices.Sorted(maps.Values(e.Map("current_operations"))) {
		words = append(words, "("+op+")")
	}
	return strings.Join(words, " ")
}

// number names an object that has no name of its own.
func (t *teller) number(ref, kind, what string) {
	if t.names[ref] == "" {
		t.counts[kind]++
		t.names[ref] = strings.TrimSpace(fmt.Sprintf("%s %d %s", kind, t.counts[kind], what))
	}
}

func (t *teller) tellCall(e entry, wanted bool) {
	switch {
	case wanted:
	case e.Method == "VM.get_all_records":
		t.line(e, t.caller(e), "lists the pool at %s", e.Host)
		return
	case e.Method == login || dull(e.Method):
		return
	}
	t.line(e, t.caller(e), "-> %s: %s %s", e.Host, e.Method, t.params(e))
}

func (t *teller) tellReply(e entry) {
	switch {
	case e.Method == login && e.Failure != nil:
		t.sought++
	case e.Method == login && e.Answered:
		t.line(e, "controller", "is logged in at %s with %s, after %d logins without success", e.Host, t.named(e.Result), t.sought)
		t.sought = 0
	case !e.Answered:
		t.line(e, e.Host, "<- %s: no answer, the connection broke", e.Method)
	case e.Failure != nil && strings.HasPrefix(e.Failure.Code, "MESSAGE_"): // a class that this version does not have
	case e.Failure != nil:
		t.line(e, e.Host, "<- %s: %s", e.Method, t.named(e.Failure.Error()))
	case dull(e.Method) || e.Result == "":
	default:
		t.line(e, e.Host, "<- %s: %s", e.Method, t.named(e.Result))
	}
}

// dull reports whether a call is only told when it goes wrong.
func dull(method string) bool {
	return strings.HasPrefix(method, "event.") || strings.Contains(method, ".get_") || method == "task.add_to_other_config"
}

// caller is who makes a call: our process, or whoever has logged in for the session.
func (t *teller) caller(e entry) string {
	if who := t.callers[e.Session]; who != "" {
		return who
	}
	return "controller"
}

// params are those of a call in words, without the password.
func (t *teller) params(e entry) string {
	if e.Method == login {
		return e.Params[0]
	}
	return strings.TrimSpace(t.named(strings.Join(e.Params, " ")))
}

// named puts names in the place of references.
func (t *teller) named(text string) string {
	words := strings.Split(text, " ")
	for i, word := range words {
		at := strings.Index(word, "OpaqueRef:")
		if at < 0 {
			continue
		}
		ref := strings.TrimRight(word[at:], "]:,;")
		if name := t.names[ref]; name != "" {
			words[i] = strings.Replace(word, ref, name, 1)
		}
	}
	return strings.Join(words, " ")
}
