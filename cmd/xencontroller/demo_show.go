package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/xencontroller/xencontroller/pkg/reconcile"
)

// show is what the onlooker sees: lines, and a bar for each action in flight where there is a terminal. Its methods may
// be called from any goroutine.
type show struct {
	mu      sync.Mutex
	out     io.Writer
	bars    *mpb.Progress // nil: no terminal, lines only
	actions map[string]*shownAction
}

// shownAction is an action in flight.
type shownAction struct {
	bar     *mpb.Bar
	started time.Time
}

// barSteps is how finely progress is drawn.
const barSteps = 1000

func newShow(e *env) *show {
	s := &show{out: e.out, actions: map[string]*shownAction{}}
	if e.terminal {
		s.bars = mpb.New(mpb.WithOutput(e.out), mpb.WithWidth(40), mpb.WithRefreshRate(80*time.Millisecond))
		s.out = s.bars
	}
	return s
}

// line prints a line, above the bars.
func (s *show) line(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.print(format, args...)
}

func (s *show) print(format string, args ...any) {
	fmt.Fprintf(s.out, format+"\n", args...) // there may be nobody left to tell
}

// action draws a step of an action.
func (s *show) action(e reconcile.ActionEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.actions[e.ID]
	if a == nil {
		a = &shownAction{started: e.Time}
		s.actions[e.ID] = a
		s.begin(a, e)
	}
	if a.bar != nil && e.Type == reconcile.ActionProgress {
		a.bar.SetCurrent(min(int64(e.Progress*barSteps), barSteps-1))
	}
	if e.Type == reconcile.ActionFinished {
		delete(s.actions, e.ID)
		s.finish(a, e)
	}
}

// begin draws a bar.
func (s *show) begin(a *shownAction, e reconcile.ActionEvent) {
	if s.bars == nil {
		return
	}
	a.bar = s.bars.AddBar(barSteps, mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(fmt.Sprintf("  %-13s %-9s", e.Action.Verb, e.Action.Key))),
		mpb.AppendDecorators(decor.Percentage(decor.WC{W: 5}), decor.Elapsed(decor.ET_STYLE_GO, decor.WC{W: 5})))
}

// finish takes the bar away and leaves a line.
func (s *show) finish(a *shownAction, e reconcile.ActionEvent) {
	if a.bar != nil {
		a.bar.SetCurrent(barSteps)
		a.bar.Wait()
	}
	where := ""
	if e.Action.HostName != "" {
		where = "→ " + e.Action.HostName
	}
	mark, tail := "·", ""
	if e.Err != nil {
		mark, tail = "!", fmt.Sprintf(" (%s: %v)", e.Result, e.Err)
	}
	s.print("  %s %-13s %-9s %-8s %6s%s", mark, e.Action.Verb, e.Action.Key, where, seconds(e.Time.Sub(a.started)), tail)
}

// end finishes drawing.
func (s *show) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bars == nil {
		return
	}
	for _, a := range s.actions {
		a.bar.Abort(true)
	}
	s.bars.Wait()
}
