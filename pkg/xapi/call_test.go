package xapi_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

const vm = xen.VMRef("OpaqueRef:vm")

// TestDo plays one call against one piece of trouble: how often the call arrives decides whether it is safe.
func TestDo(t *testing.T) {
	read, change := vm.GetPowerState().Request, vm.Start(false, false).Request
	tests := []struct {
		name    string
		trouble func(fakeCall) string
		req     xen.Request
		calls   int // that arrive
		logins  int
		want    string // part of the error; empty: none
	}{
		{"no trouble", once(0, "", ""), change, 1, 1, ""},
		{"a session that is gone", once(1, "VM.start", failure("SESSION_INVALID", "OpaqueRef:session-a-1")), change, 2, 2, ""},
		{"a session that is gone again", once(9, "VM.start", failure("SESSION_INVALID", "OpaqueRef:session-a-1")), change, 2, 2, "VM.start: SESSION_INVALID [<redacted>]"},
		{"a host that starts", once(1, "VM.start", failure("HOST_STILL_BOOTING")), change, 2, 2, ""},
		{"a host that is a member now", once(1, "VM.start", failure("HOST_IS_SLAVE", "a")), change, 2, 2, ""},
		{"a failure of the call", once(9, "VM.start", failure("VM_BAD_POWER_STATE", "r", "halted", "running")), change, 1, 1, "VM.start: VM_BAD_POWER_STATE [r, halted, running]"},
		{"a lost reply to a change", once(1, "VM.start", drop), change, 1, 1, "it is not known whether VM.start happened: http://a: VM.start: EOF"},
		{"half a reply to a change", once(1, "VM.start", cut), change, 1, 1, "it is not known whether VM.start happened: http://a: VM.start: the answer broke off: unexpected EOF"},
		{"no reply to a change", once(1, "VM.start", hang), change, 1, 1, "it is not known whether VM.start happened: http://a: VM.start: no answer within 30s"},
		{"nonsense for a reply to a change", once(1, "VM.start", "<a>"), change, 1, 1, "it is not known whether VM.start happened"},
		{"a lost reply to a read", once(1, "VM.get_power_state", drop), read, 2, 1, ""},
		{"half a reply to a read", once(1, "VM.get_power_state", cut), read, 2, 1, ""},
		{"no reply to a read", once(1, "VM.get_power_state", hang), read, 2, 2, ""},
		{"lost replies to a read", once(2, "VM.get_power_state", drop), read, 2, 1, "http://a: VM.get_power_state: EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t, "a")
				n.set("a", master("P", "a", "a", tt.trouble))
				c := n.client(t, []string{"a"})
				err := c.Do(limited(t, time.Hour), tt.req, nil)
				if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error: %v\nwant: …%s…", err, tt.want)
				}
				if got := n.called("a", tt.req.Method); got != tt.calls {
					t.Errorf("the call arrived %d times, want %d", got, tt.calls)
				}
				if got := n.called("a", "session.login_with_password"); got != tt.logins {
					t.Errorf("%d logins, want %d", got, tt.logins)
				}
			})
		})
	}
}

// TestDoFollowsTheMaster moves the master while the client holds a session: the next call finds it.
func TestDoFollowsTheMaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a", "b")
		n.set("a", master("P", "a", "a"))
		c := n.client(t, []string{"a"})
		ctx := limited(t, time.Hour)
		if _, err := xapi.Call(ctx, c, vm.GetPowerState()); err != nil {
			t.Fatal(err)
		}
		n.set("a", slaveOf("b"))
		n.set("b", master("P", "b", "b"))
		started := time.Now()
		state, err := xapi.Call(ctx, c, vm.GetPowerState())
		if state != xen.Running || err != nil {
			t.Fatal(state, err)
		}
		if took := time.Since(started); took > 600*time.Millisecond { // a moment for a to contradict
			t.Errorf("took %v", took)
		}
		if s := c.Current(); s.MasterAddress() != "b" || s.Epoch() != 2 {
			t.Errorf("session %v", s)
		}
	})
}

// TestDoWhenNothingWasSent refuses connections: the call is made once, on the master that is found later.
func TestDoWhenNothingWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a")
		n.set("a", master("P", "a", "a"))
		c := n.client(t, []string{"a"})
		ctx := limited(t, time.Hour)
		mustSession(ctx, t, c)
		n.down("a", "refused")
		time.AfterFunc(10*time.Second, func() { n.set("a", master("P", "a", "a")) })
		if err := c.Do(ctx, vm.Start(false, false).Request, nil); err != nil {
			t.Fatal(err)
		}
		if got := n.called("a", "VM.start"); got != 1 {
			t.Errorf("the call arrived %d times", got)
		}
	})
}

// TestSessionIsOneSession checks that a session never logs in again, and refuses calls once it was given up.
func TestSessionIsOneSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a")
		n.set("a", master("P", "a", "a", once(1, "VM.start", failure("SESSION_INVALID", "OpaqueRef:session-a-1"))))
		c := n.client(t, []string{"a"})
		ctx := limited(t, time.Hour)
		old := mustSession(ctx, t, c)
		if old.PoolUUID() != "P" || old.Master() != "OpaqueRef:host-a" || old.Epoch() != 1 {
			t.Errorf("session %v of pool %s with %s", old, old.PoolUUID(), old.Master())
		}
		if err := old.Do(ctx, vm.Start(false, false).Request, nil); !errors.Is(err, xen.SessionInvalid) || !xapi.NotExecuted(err) {
			t.Fatal(err)
		}
		if c.Current() != nil {
			t.Error("a session that is invalid is still in use")
		}
		now := mustSession(ctx, t, c)
		c.Invalidate(old, errors.New("late")) // never closes a newer session
		if c.Current() != now {
			t.Error("the new session was closed")
		}
		err := old.Do(ctx, vm.Start(false, false).Request, nil)
		if !xapi.NotExecuted(err) || xapi.Classify(err) != xapi.Elsewhere {
			t.Errorf("a call on a lost session: %v", err)
		}
		if got := n.called("a", "VM.start"); got != 1 {
			t.Errorf("the call arrived %d times", got)
		}
	})
}

// TestAsync checks the mark in the headers, as they stand on the wire.
func TestAsync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a")
		n.set("a", master("P", "a", "a", once(1, "Async.VM.set_name_label", drop)))
		c := n.client(t, []string{"a"}, func(cfg *xapi.Config) { cfg.UserAgent, cfg.Originator = "xencontroller/1.2", "me" })
		ctx := limited(t, time.Hour)
		s := mustSession(ctx, t, c)
		task, err := s.Async(ctx, vm.Start(false, true).Request, map[string]string{"xencontroller-vm": "uuid-1"})
		if task != "OpaqueRef:task" || err != nil {
			t.Fatal(task, err)
		}
		call := n.last("a")
		if got := call.header.Get("X-Http-Other-Config-Xencontroller-Vm"); got != "uuid-1" {
			t.Errorf("mark %q in %v", got, call.header)
		}
		if call.header.Get("User-Agent") != "xencontroller/1.2" || call.header.Get("Content-Length") == "" || call.header.Get("Accept-Encoding") != "" {
			t.Errorf("headers %v", call.header)
		}
		if got := strings.Join(call.params, " "); got != "OpaqueRef:session-a-1 OpaqueRef:vm 0 1" {
			t.Errorf("parameters %s", got)
		}
		_, err = s.Async(ctx, vm.SetNameLabel("x").Request, nil)
		wantError[*xapi.OutcomeUnknownError](t, err)
		for _, bad := range []map[string]string{{"Upper": "x"}, {"": "x"}, {"a": "x\r\nInjected: y"}, {"a": " x"}, {"a": strings.Repeat("x", 1000)}} {
			_, err := s.Async(ctx, vm.Start(false, true).Request, bad)
			if wantError[*xapi.RequestError](t, err); !xapi.NotExecuted(err) {
				t.Errorf("%v: %v", bad, err)
			}
		}
		if got := n.called("a", "Async.VM.start"); got != 1 {
			t.Errorf("%d calls arrived", got)
		}
	})
}

// TestLoginArguments checks the four parameters of the login.
func TestLoginArguments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a")
		n.set("a", always(failure("SESSION_AUTHENTICATION_FAILED", "root", "no")))
		c := n.client(t, []string{"a"}, func(cfg *xapi.Config) { cfg.Originator = "me" })
		_, err := c.Session(limited(t, time.Hour))
		wantError[*xapi.LoginError](t, err)
		if got := strings.Join(n.last("a").params, " "); got != "root "+password+" 1.1 me" {
			t.Errorf("login with %s", got)
		}
	})
}

// TestPasswordThatCannotBeHad ends the first search at once.
func TestPasswordThatCannotBeHad(t *testing.T) {
	for name, give := range map[string]func(context.Context) (string, error){
		"unreadable":          func(context.Context) (string, error) { return "", errors.New("open secret: permission denied") },
		"no text for XML 1.0": func(context.Context) (string, error) { return "a\x01b", nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t, "a")
				n.set("a", master("P", "a", "a"))
				c := n.client(t, []string{"a"}, func(cfg *xapi.Config) { cfg.Password = give })
				_, err := c.Session(limited(t, time.Hour))
				wantError[*xapi.LoginError](t, err)
				if strings.Contains(err.Error(), "a\x01b") {
					t.Error("the password is in the error")
				}
			})
		})
	}
}

// TestTooLarge refuses a request that xapi would answer with a page of HTML and the end of the connection.
func TestTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a")
		n.set("a", master("P", "a", "a"))
		c := n.client(t, []string{"a"})
		err := c.Do(limited(t, time.Hour), vm.SetNameLabel(strings.Repeat("x", 300<<10)).Request, nil)
		if wantError[*xapi.RequestError](t, err); n.called("a", "VM.set_name_label") != 0 || xapi.Retryable(err) {
			t.Errorf("error: %v", err)
		}
	})
}

// TestTwiceInARow breaks two connections: the first may have been a stale one, the second says that the master is gone.
func TestTwiceInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a")
		n.set("a", master("P", "a", "a", once(3, "VM.get_power_state", drop)))
		c := n.client(t, []string{"a"})
		ctx := limited(t, time.Hour)
		s := mustSession(ctx, t, c)
		if err := s.Do(ctx, vm.GetPowerState().Request, nil); err == nil || c.Current() != s {
			t.Errorf("one broken connection: %v, session %v", err, c.Current())
		}
		if err := c.Do(ctx, vm.GetPowerState().Request, nil); err == nil || c.Current() != nil {
			t.Errorf("two more: %v, session %v", err, c.Current())
		}
		c.Invalidate(s, nil) // late, and without a reason: nothing happens
	})
}

// TestCallerGivesUp ends a call by its context: that says nothing about the session.
func TestCallerGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a")
		n.set("a", master("P", "a", "a", once(2, "VM.start", hang)))
		c := n.client(t, []string{"a"})
		s := mustSession(limited(t, time.Hour), t, c)
		err := c.Do(limited(t, time.Second), vm.Start(false, false).Request, nil)
		if wantError[*xapi.OutcomeUnknownError](t, err); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if c.Current() != s || n.called("a", "VM.start") != 1 {
			t.Error("the session was given up")
		}
	})
}
