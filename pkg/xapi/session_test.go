package xapi_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi"
)

// TestNextEventsHasNoDeadline waits far longer than any other call may, while other calls go on beside it.
func TestNextEventsHasNoDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a")
		release := make(chan struct{})
		n.set("a", master("P", "a", "a", func(c fakeCall) string {
			if c.method != "event.next" {
				return ""
			}
			<-release
			return ok("<array><data><value>" + record("id", "7", "timestamp", "1787277623.", "class", "vm", "operation", "del", "ref", "OpaqueRef:x") + "</value></data></array>")
		}))
		c := n.client(t, []string{"a"})
		ctx := limited(t, 24*time.Hour)
		s := mustSession(ctx, t, c)
		time.AfterFunc(10*time.Hour, func() { close(release) })
		time.AfterFunc(time.Hour, func() {
			if _, err := xapi.Call(ctx, s, vm.GetPowerState()); err != nil {
				t.Error(err)
			}
		})
		started := time.Now()
		events, err := s.NextEvents(ctx)
		if err != nil || len(events) != 1 || events[0].ID != 7 || events[0].Class != "VM" {
			t.Fatal(events, err)
		}
		if took := time.Since(started); took != 10*time.Hour {
			t.Errorf("took %v", took)
		}
	})
}

// TestNextEventsEndsWithItsSession gives the session up while the call blocks: whoever follows events learns of it.
func TestNextEventsEndsWithItsSession(t *testing.T) {
	for name, end := range map[string]func(context.Context, *xapi.Client, *xapi.Session, *network){
		"Invalidate": func(_ context.Context, c *xapi.Client, s *xapi.Session, _ *network) {
			c.Invalidate(s, errors.New("of no use"))
		},
		"Close":      func(ctx context.Context, c *xapi.Client, _ *xapi.Session, _ *network) { _ = c.Close(ctx) },
		"connection": func(_ context.Context, _ *xapi.Client, _ *xapi.Session, n *network) { n.down("a", "dead") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t, "a")
				n.set("a", master("P", "a", "a"))
				c := n.client(t, []string{"a"})
				ctx := limited(t, time.Hour)
				s := mustSession(ctx, t, c)
				ended := make(chan error)
				go func() {
					_, err := s.NextEvents(ctx)
					ended <- err
				}()
				synctest.Wait()
				end(ctx, c, s, n)
				if err := <-ended; err == nil || ctx.Err() != nil || errors.Is(err, xapi.ErrClosed) != (name == "Close") {
					t.Errorf("event.next ended with %v", err)
				}
			})
		})
	}
}

// TestClose logs out once, ends calls under way and refuses later ones.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a")
		n.set("a", master("P", "a", "a", once(1, "VM.start", hang)))
		c := n.client(t, []string{"a"})
		ctx := limited(t, time.Hour)
		s := mustSession(ctx, t, c)
		ended := make(chan error)
		go func() { ended <- s.Do(ctx, vm.Start(false, false).Request, nil) }()
		synctest.Wait()
		if err := c.Close(ctx); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, xapi.ErrClosed) || xapi.NotExecuted(err) {
			t.Errorf("the call under way ended with %v", err)
		}
		for _, err := range []error{c.Do(ctx, vm.Start(false, false).Request, nil), s.Do(ctx, vm.Start(false, false).Request, nil), c.Close(ctx)} {
			if err != nil && !errors.Is(err, xapi.ErrClosed) {
				t.Error(err)
			}
		}
		if _, err := c.Session(ctx); !errors.Is(err, xapi.ErrClosed) {
			t.Error(err)
		}
		if got := n.called("a", "session.logout"); got != 1 {
			t.Errorf("%d logouts", got)
		}
	})
}

// TestCloseHalfDead closes while the master hangs, or is gone: within the caller's time, with an error that says so.
func TestCloseHalfDead(t *testing.T) {
	for name, kill := range map[string]func(*network){
		"hangs":   func(n *network) { n.set("a", always(hang)) },
		"dead":    func(n *network) { n.down("a", "dead") },
		"refused": func(n *network) { n.down("a", "refused") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t, "a")
				n.set("a", master("P", "a", "a"))
				c := n.client(t, []string{"a"})
				mustSession(limited(t, time.Hour), t, c)
				kill(n)
				started := time.Now()
				if err := c.Close(limited(t, 2*time.Second)); err == nil {
					t.Error("no word of the session that could not be logged out")
				}
				if took := time.Since(started); took > 2*time.Second {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// TestCloseDuringSearch closes while a search waits for nobody in particular, and while a login is under way: that
// session is logged out.
func TestCloseDuringSearch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a", "b")
		n.down("b", "dead")
		good := master("P", "a", "a")
		n.set("a", func(c fakeCall) string {
			if c.method == "session.login_with_password" {
				time.Sleep(500 * time.Millisecond) // virtual: PAM thinks
			}
			return good(c)
		})
		c := n.client(t, []string{"a", "b"})
		ctx := limited(t, time.Hour)
		ended := make(chan error)
		go func() {
			_, err := c.Session(ctx)
			ended <- err
		}()
		synctest.Wait()
		started := time.Now()
		if err := c.Close(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(started); took > time.Second {
			t.Errorf("took %v", took)
		}
		if err := <-ended; !errors.Is(err, xapi.ErrClosed) {
			t.Error(err)
		}
		if got := n.called("a", "session.logout"); got != 1 {
			t.Errorf("%d logouts", got)
		}
	})
}

// TestCloseDuringDial gets a connection only after Close has begun: it is closed, and nothing is sent on it.
func TestCloseDuringDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		slow := func(cfg *xapi.Config) {
			cfg.Dial = func(context.Context, string, string) (net.Conn, error) {
				time.Sleep(3 * time.Second) // virtual: a dialer that no context ends
				return near, nil
			}
		}
		c := newNetwork(t).client(t, []string{"a"}, slow)
		ctx := limited(t, time.Hour)
		ended := make(chan error)
		go func() {
			_, err := c.Session(ctx)
			ended <- err
		}()
		synctest.Wait()
		started := time.Now()
		if err := c.Close(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(started); took > 3*time.Second {
			t.Errorf("took %v", took)
		}
		if err := <-ended; !errors.Is(err, xapi.ErrClosed) {
			t.Error(err)
		}
		if got, err := io.ReadAll(far); len(got) > 0 || err != nil {
			t.Errorf("%q was sent, %v", got, err)
		}
	})
}

// TestLostSessionsAreLoggedOut breaks the connection again and again: no session is left behind.
func TestLostSessionsAreLoggedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a")
		n.set("a", master("P", "a", "a"))
		c := n.client(t, []string{"a"})
		ctx := limited(t, time.Hour)
		for range 10 {
			c.Invalidate(mustSession(ctx, t, c), errors.New("event.next broke"))
		}
		mustSession(ctx, t, c)
		if err := c.Close(ctx); err != nil {
			t.Error(err)
		}
		if in, out := n.called("a", "session.login_with_password"), n.called("a", "session.logout"); in != 11 || out != 11 {
			t.Errorf("%d logins, %d logouts", in, out)
		}
	})
}
