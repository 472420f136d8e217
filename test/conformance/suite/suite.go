// Package suite is what any XAPI server must answer: cases as data, over a plain XML-RPC caller of its own. Point it at a
// real pool's master or at anything that says that it is one.
//
// It knows the API as clients see it. It must not know who answers, and nothing of the simulator or our client.
//
// It assumes: the URL is of the pool's master, the user may do everything (root or pool-admin), and other clients may
// work in the pool meanwhile. It logs in with an originator of its own, makes secrets, tasks and messages, and destroys
// what it made, also when a case fails. It touches no other object, unless a VM is allowed: that one, which must be
// Halted, is started, paused, unpaused and stopped, and marked in other_config.
package suite

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Config says what is tested.
type Config struct {
	Caller   *Caller
	Username string
	Password string
	AllowVM  string        // name_label of a Halted VM that may be used; "": the cases that need one are left out
	Patience time.Duration // for a task to end; 0: 2 minutes
}

// Case is one thing that a server must do.
type Case struct {
	Name    string
	NeedsVM bool
	Run     func(*Run) error // nil: it does
}

// Outcome is what became of a case.
type Outcome struct {
	Case string
	Left string // why it was left out; "": it ran
	Err  error  // nil: passed, unless left out
}

// Run is one case at work.
type Run struct {
	Config
	ctx     context.Context //nolint:containedctx // of one case, which is over before its context
	session string
	vm      string
	undo    []func(context.Context)
}

// Play runs the cases one after another, each in a session of its own, and reports each to done.
func Play(ctx context.Context, cfg Config, cases []Case, done func(Outcome)) {
	if cfg.Patience == 0 {
		cfg.Patience = 2 * time.Minute
	}
	for _, c := range cases {
		out := Outcome{Case: c.Name}
		if c.NeedsVM && cfg.AllowVM == "" {
			out.Left = "it needs a VM that may be used"
		} else {
			out.Err = play(ctx, cfg, c)
		}
		done(out)
	}
}

func play(ctx context.Context, cfg Config, c Case) (err error) {
	r := &Run{Config: cfg, ctx: ctx}
	v, err := r.raw("session.login_with_password", cfg.Username, cfg.Password, "1.0", "xapi-conformance")
	if err != nil {
		return fmt.Errorf("logging in: %w", err)
	}
	r.session, _ = v.(string)
	defer r.clean()
	if c.NeedsVM {
		if err := r.findVM(); err != nil {
			return err
		}
	}
	return c.Run(r)
}

// clean undoes, in reverse order, what a case made, even when its context has ended.
func (r *Run) clean() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), r.Patience)
	defer cancel()
	for i := len(r.undo) - 1; i >= 0; i-- {
		r.undo[i](ctx)
	}
	_, _ = r.Caller.Call(ctx, "session.logout", r.session) // a case may have logged out itself
}

// later has a call made at the end of the case, whatever becomes of it. Its own failure is nobody's: the object may be
// gone, which was the purpose.
func (r *Run) later(method string, params ...any) {
	r.undo = append(r.undo, func(ctx context.Context) {
		_, _ = r.Caller.Call(ctx, method, append([]any{r.session}, params...)...)
	})
}

func (r *Run) raw(method string, params ...any) (any, error) {
	return r.Caller.Call(r.ctx, method, params...)
}

// call is raw with the session.
func (r *Run) call(method string, params ...any) (any, error) {
	return r.raw(method, append([]any{r.session}, params...)...)
}

// text is call for a result that is text.
func (r *Run) text(method string, params ...any) (string, error) {
	v, err := r.call(method, params...)
	if err != nil {
		return "", fmt.Errorf("%s: %w", method, err)
	}
	s, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("%s answered a %T, not text", method, v)
	}
	return s, nil
}

// refused wants a failure with these words first.
func (r *Run) refused(want []string, method string, params ...any) error {
	v, err := r.raw(method, params...)
	f, ok := errors.AsType[*Failure](err)
	switch {
	case err == nil:
		return fmt.Errorf("%s answered %v, where it has to fail with %v", method, v, want)
	case !ok:
		return fmt.Errorf("%s: %w", method, err)
	}
	for i, word := range want {
		if i >= len(f.Description) || f.Description[i] != word {
			return fmt.Errorf("%s failed with %v, where %v is right", method, f.Description, want)
		}
	}
	return nil
}

// waitTask waits for the end of a task and returns its record.
func (r *Run) waitTask(task string) (map[string]any, error) {
	r.later("task.destroy", task)
	end := time.Now().Add(r.Patience)
	for {
		v, err := r.call("task.get_record", task)
		if err != nil {
			return nil, fmt.Errorf("task.get_record: %w", err)
		}
		record, _ := v.(map[string]any)
		if record["status"] != "pending" {
			return record, nil
		}
		if time.Now().After(end) {
			return nil, fmt.Errorf("task %v is pending after %s", record["name_label"], r.Patience)
		}
		select {
		case <-time.After(200 * time.Millisecond): // asking a task again; nothing tells of its end without events
		case <-r.ctx.Done():
			return nil, r.ctx.Err()
		}
	}
}

// findVM looks the allowed VM up, and insists that it may be used.
func (r *Run) findVM() error {
	v, err := r.call("VM.get_by_name_label", r.AllowVM)
	if err != nil {
		return err
	}
	found := texts(v)
	if len(found) != 1 {
		return fmt.Errorf("%d VMs are called %q: one is wanted", len(found), r.AllowVM)
	}
	v, err = r.call("VM.get_record", found[0])
	if err != nil {
		return err
	}
	record, _ := v.(map[string]any)
	if record["is_a_template"] != false || record["is_control_domain"] != false || record["power_state"] != "Halted" {
		return fmt.Errorf("VM %q is %v: a Halted VM that is no template is wanted", r.AllowVM, record["power_state"])
	}
	r.vm = found[0]
	return nil
}
