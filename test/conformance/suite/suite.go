// Package suite is what any XAPI server must answer: cases as data, over a plain XML-RPC caller of its own. Point it at a
// real pool's master or at anything that says that it is one.
//
// It knows the API as clients see it. It must not know who answers, and nothing of the simulator or our client.
//
// It assumes: the URL is of the pool's master, the user may do everything (root or pool-admin), and other clients may
// work in the pool meanwhile. It logs in with an originator of its own, makes secrets, tasks and VMs called conformance,
// and destroys what it made, also when a case fails. Its VM has no disk and no network; it is started and stopped and needs
// 256 MiB of one host. It touches no other object, unless it is told to use a VM that is there: that one, which must be
// Halted, is then started, paused, unpaused and stopped in place of its own.
package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// originator is what tells the suite's sessions from others.
const originator = "xapi-conformance"

// Config says what is tested.
type Config struct {
	Caller   *Caller
	Username string
	Password string
	AllowVM  string        // name_label of a Halted VM that may be started and stopped; "": the suite makes one of its own
	NoStart  bool          // leave out the cases that start a VM
	Patience time.Duration // for a task to end, and half of what a case may take; 0: 2 minutes
}

// Case is one thing that a server must do.
type Case struct {
	Name     string
	StartsVM bool
	Run      func(*Run) error // nil: it does
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
		if c.StartsVM && cfg.NoStart {
			out.Left = "it starts a VM"
		} else {
			out.Err = play(ctx, cfg, c)
		}
		done(out)
	}
}

func play(ctx context.Context, cfg Config, c Case) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*cfg.Patience) // event.next has no end of its own
	defer cancel()
	r := &Run{Config: cfg, ctx: ctx}
	v, err := r.raw("session.login_with_password", cfg.Username, cfg.Password, "1.0", originator)
	if err != nil {
		return fmt.Errorf("logging in: %w", err)
	}
	r.session, _ = v.(string)
	defer r.clean()
	if c.StartsVM {
		if err := r.takeVM(); err != nil {
			return err
		}
	}
	return c.Run(r)
}

// clean undoes, in reverse order, what a case made, even when its context has ended.
func (r *Run) clean() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), r.Patience)
	defer cancel()
	for _, v := range slices.Backward(r.undo) {
		v(ctx)
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

// call is raw with the session, and says in an error which call it was.
func (r *Run) call(method string, params ...any) (any, error) {
	v, err := r.raw(method, append([]any{r.session}, params...)...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	return v, nil
}

// calls makes calls one after another, each with its parameters.
func (r *Run) calls(list ...[]any) error {
	for _, c := range list {
		if _, err := r.call(c[0].(string), c[1:]...); err != nil {
			return err
		}
	}
	return nil
}

// text is call for a result that is text.
func (r *Run) text(method string, params ...any) (string, error) {
	v, err := r.call(method, params...)
	if err != nil {
		return "", err
	}
	s, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("%s answered a %T, not text", method, v)
	}
	return s, nil
}

// wantText wants a call to answer this text.
func (r *Run) wantText(want, method string, params ...any) error {
	got, err := r.text(method, params...)
	return unless(err, got == want, "%s answered %q, where %q is right", method, got, want)
}

// unless is err, or a complaint where there is none and a claim does not hold.
func unless(err error, holds bool, complaint string, args ...any) error {
	if err == nil && !holds {
		err = fmt.Errorf(complaint, args...)
	}
	return err
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

// wantStatus posts something that cannot be read as a call.
func (r *Run) wantStatus(want int, path, contentType, body string) error {
	status, text, err := r.Caller.post(r.ctx, path, contentType, []byte(body))
	if err == nil && status != want {
		err = fmt.Errorf("HTTP %d where %d is right: %s", status, want, text)
	}
	return err
}

// waitTask waits for the end of a task and returns its record.
func (r *Run) waitTask(task string) (map[string]any, error) {
	r.later("task.destroy", task)
	end := time.Now().Add(r.Patience)
	for {
		v, err := r.call("task.get_record", task)
		if err != nil {
			return nil, err
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

// takeVM makes the VM of a case, or looks up the one that may be used. It is left Halted.
func (r *Run) takeVM() (err error) {
	if r.AllowVM == "" {
		r.vm, err = r.makeVM()
	} else {
		err = r.findVM()
	}
	if err == nil {
		r.later("VM.hard_shutdown", r.vm)
	}
	return err
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
