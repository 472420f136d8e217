package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// newEventsCommand makes "events".
func newEventsCommand(e *env) *cobra.Command {
	var conn connectionFlags
	logs := logFlags{quiet: true}
	var classes []string
	var format string
	cmd := &cobra.Command{
		Use: "events", Short: "Watch all events of a pool, a line each", Args: cobra.NoArgs,
		Long: `Watch all events of a pool, a line each: the event's id, class, operation and the object's name, or its reference
where it has none.
When the pool has dropped events, or the connection breaks, a line that begins with # says so, and watching goes on.`,
		Example: "  xencontroller events --pool http://127.0.20.1:8080 --password-file F --class vm --class task",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "text" && format != "json" {
				return usageError("-o is %q, neither text nor json", format)
			}
			log, flush, err := logs.logger(e)
			if err != nil {
				return err
			}
			defer flush()
			client, err := conn.client(e, log, nil)
			if err != nil {
				return err
			}
			w := &eventWriter{out: e.out, json: format == "json"}
			err = watchEvents(cmd.Context(), &conn, client, classes, w)
			return errors.Join(err, closeClient(cmd.Context(), client))
		},
	}
	conn.add(cmd)
	logs.add(cmd)
	cmd.Flags().StringSliceVar(&classes, "class", []string{"*"}, "class to watch, such as vm or task; may be repeated")
	cmd.Flags().StringVarP(&format, "output", "o", "text", "text or json (a line an event)")
	return cmd
}

// watchEvents follows the events of a pool until the context ends, through lost events, broken connections and
// failovers.
func watchEvents(ctx context.Context, conn *connectionFlags, client *xapi.Client, classes []string, w *eventWriter) error {
	session, err := conn.connect(ctx, client)
	for ; err == nil; session, err = client.Session(ctx) {
		if _, err := xapi.Call(ctx, session, xen.EventRegister(classes)); err != nil {
			if ctx.Err() != nil || refused(err) {
				return unlessEnded(ctx, err)
			}
			client.Invalidate(session, err)
			continue
		}
		w.note("watching %v on %s", classes, session.MasterAddress())
		why := followSession(ctx, session, w)
		if ctx.Err() == nil {
			w.note("the stream broke, events may be missing: %v", why)
			client.Invalidate(session, why)
		}
		if err := w.failed(); err != nil {
			return err
		}
	}
	return unlessEnded(ctx, err)
}

// refused reports whether the pool has said no, and will say so again.
func refused(err error) bool {
	_, answered := errors.AsType[*xen.Error](err)
	return answered && !xapi.Retryable(err) && !xapi.NotExecuted(err)
}

// followSession prints events until the session is of no use, and says why it is not; it never returns nil.
func followSession(ctx context.Context, session *xapi.Session, w *eventWriter) error {
	for {
		events, err := session.NextEvents(ctx)
		if errors.Is(err, xen.EventsLost) {
			w.note("EVENTS_LOST: the pool dropped events that were not read in time; watching goes on with the present")
			continue
		}
		if err != nil {
			return err
		}
		for _, event := range events {
			w.event(event)
		}
		if err := w.failed(); err != nil {
			return err
		}
	}
}

// eventWriter prints events; its first failure ends the command.
type eventWriter struct {
	out  io.Writer
	json bool
	err  error
}

// eventLine is an event as -o json prints it.
type eventLine struct {
	Time      time.Time          `json:"time"`
	ID        int64              `json:"id"`
	Class     xen.Class          `json:"class"`
	Operation xen.EventOperation `json:"operation"`
	Ref       string             `json:"ref"`
	Name      string             `json:"name,omitempty"`
	Snapshot  xen.Record         `json:"snapshot,omitempty"`
	Note      string             `json:"note,omitempty"`
}

func (w *eventWriter) event(e xen.Event) {
	name := ""
	if e.Snapshot != nil {
		name = xen.NameOf(e.Snapshot)
	}
	if w.json {
		w.line(eventLine{Time: time.Now().UTC(), ID: e.ID, Class: e.Class, Operation: e.Operation, Ref: e.Ref, Name: name, Snapshot: e.Snapshot})
		return
	}
	if name == "" {
		name = e.Ref
	}
	w.print("%8d  %-20s  %-3s  %s\n", e.ID, e.Class.EventWord(), e.Operation, name)
}

// note prints what is no event.
func (w *eventWriter) note(format string, args ...any) {
	if w.json {
		w.line(eventLine{Time: time.Now().UTC(), Note: fmt.Sprintf(format, args...)})
		return
	}
	w.print("# "+format+"\n", args...)
}

func (w *eventWriter) line(l eventLine) {
	text, err := json.Marshal(l)
	if err != nil {
		w.err = err
		return
	}
	w.print("%s\n", text)
}

func (w *eventWriter) print(format string, args ...any) {
	if _, err := fmt.Fprintf(w.out, format, args...); err != nil && w.err == nil {
		w.err = err
	}
}

// failed returns the first failure to print.
func (w *eventWriter) failed() error { return w.err }
