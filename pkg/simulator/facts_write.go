package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// HistoryLine is one line of what [Pool.WriteHistory] writes: a [Fact] for whoever is in another process.
type HistoryLine struct {
	At   time.Time `json:"at"`
	Kind FactKind  `json:"kind"`
	Host string    `json:"host,omitempty"` // as in Fact

	Call     int64    `json:"call,omitempty"`
	Method   string   `json:"method,omitempty"`
	Objects  []string `json:"objects,omitempty"` // those parameters that are references, without the session
	Session  string   `json:"session,omitempty"`
	Result   string   `json:"result,omitempty"` // with a reply: a reference
	Code     string   `json:"code,omitempty"`   // with a reply: of the failure; empty is success
	Answered bool     `json:"answered,omitempty"`

	Class  xen.Class      `json:"class,omitempty"` // VM, task, session or host
	Ref    string         `json:"ref,omitempty"`
	Fields map[string]any `json:"fields,omitempty"` // as the write left them, those of historyFields that are not empty
}

// What of the objects a history tells: who they are, and what becomes of them.
var (
	historyClasses = []xen.Class{"VM", "task", "session", "host"}
	historyFields  = []string{
		"uuid", "name_label", "power_state", "resident_on", "current_operations", "is_a_template", "is_a_snapshot",
		"is_control_domain", "status", "other_config", "originator", "enabled",
	}
)

// WriteHistory has every call, every reply, and every change of VMs, tasks, sessions and hosts written to w from now on, a
// line of JSON each: see [HistoryLine]. Writes that change nothing which the lines show are left out. Passwords stay out,
// but references of sessions are in it: who reads it can act with them. It takes the place of an observer, and is called
// as one is; the first line that cannot be written ends it, and is what the returned function tells.
func (p *Pool) WriteHistory(w io.Writer) (problem func() error) {
	h := &historian{out: w, known: map[string][]byte{}}
	p.Observe(h.observe)
	return func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		return h.err
	}
}

// historian writes a history. All of it is used under the pool's lock.
type historian struct {
	out   io.Writer
	err   error
	known map[string][]byte // the fields of each object as last written, by the master whose database it is in
}

func (h *historian) observe(f Fact) {
	line := HistoryLine{
		At: f.At, Kind: f.Kind, Host: f.Host, Call: f.Call, Method: f.Method, Session: f.Session,
		Answered: f.Answered, Class: f.Class, Ref: f.Ref,
	}
	switch f.Kind {
	case FactCall, FactReply:
		line.tellCall(f)
	case FactLife:
		clear(h.known)
	case FactAdd, FactMod, FactDel:
		if !h.tellWrite(&line, f) {
			return
		}
	}
	text, err := json.Marshal(line)
	if err == nil && h.err == nil {
		_, err = h.out.Write(append(text, '\n'))
	}
	if err != nil && h.err == nil {
		h.err = fmt.Errorf("simulator: writing the history: %w", err)
	}
}

// tellCall puts in what the line tells of parameters and result.
func (line *HistoryLine) tellCall(f Fact) {
	for _, p := range f.Params {
		if isReference(p) {
			line.Objects = append(line.Objects, p)
		}
	}
	if isReference(f.Result) {
		line.Result = f.Result
	}
	if f.Failure != nil {
		line.Code = f.Failure.Code
	}
}

func isReference(text string) bool { return strings.HasPrefix(text, "OpaqueRef:") }

// tellWrite puts in what the line tells of an object, and reports whether that is any news.
func (h *historian) tellWrite(line *HistoryLine, f Fact) bool {
	if !slices.Contains(historyClasses, f.Class) {
		return false
	}
	line.Fields = map[string]any{}
	for _, name := range historyFields {
		switch v := f.now.get(name).(type) {
		case string:
			if v != "" {
				line.Fields[name] = v
			}
		case bool:
			if v {
				line.Fields[name] = v
			}
		case Map:
			if len(v) > 0 {
				line.Fields[name] = textMap(v)
			}
		}
	}
	key := f.Host + " " + f.Ref
	if f.Kind == FactDel {
		delete(h.known, key)
		return true
	}
	text, err := json.Marshal(line.Fields)
	if err != nil || bytes.Equal(h.known[key], text) {
		return false
	}
	h.known[key] = text
	return true
}
