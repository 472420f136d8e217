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

// TestFirstConnect asks different kinds of hosts for the first time: each that cannot work is one clear error, at once.
func TestFirstConnect(t *testing.T) {
	tests := []struct {
		name      string
		addresses []string
		hosts     map[string]func(fakeCall) string
		uuid      string
		want      string // master's address, or a part of the error
		within    time.Duration
	}{
		{"the master", []string{"a"}, hosts{"a": master("P", "a", "a")}, "", "a", 0},
		{"the expected pool", []string{"a"}, hosts{"a": master("P", "a", "a")}, "P", "a", 0},
		{"only a member", []string{"b"}, hosts{"b": slaveOf("a"), "a": master("P", "a", "a")}, "", "a", 0},
		{"a login at a member that is not its own master", []string{"b"}, hosts{"b": master("P", "b", "a"), "a": master("P", "a", "a")}, "", "a", 0},
		{"one of several, the others down", []string{"x", "a", "y"}, hosts{"x": nil, "a": master("P", "a", "a"), "y": always(drop)}, "", "a", time.Second},
		{
			"a wrong password",
			[]string{"a"},
			hosts{"a": always(failure("SESSION_AUTHENTICATION_FAILED", "root", "Permission denied"))},
			"",
			`http://a does not let user "root" in: session.login_with_password: SESSION_AUTHENTICATION_FAILED [root, Permission denied]; check --username and --password-file`, 0,
		},
		{"another pool", []string{"a"}, hosts{"a": master("Q", "a", "a")}, "P", "http://a belongs to pool Q, not to pool P", 0},
		{"two pools", []string{"a", "b"}, hosts{"a": master("P", "a", "a"), "b": master("Q", "b", "b")}, "", "give addresses of one pool only", time.Second},
		{"a web page", []string{"a"}, hosts{"a": always(page)}, "", "http://a does not speak XAPI: it answers with HTTP status 200 and a web page; check the address", 0},
		{"XML that is no XML-RPC", []string{"a"}, hosts{"a": always("<rss/>")}, "", "XML-RPC: the reply cannot be read", 0},
		{"a host that starts", []string{"a"}, hosts{"a": booting}, "", "no master of the pool found in time: session.login_with_password: HOST_STILL_BOOTING", time.Minute},
		{"nobody", []string{"a", "b"}, hosts{"a": nil, "b": nil}, "", "no master of the pool found in time: http://a: session.login_with_password: connecting to a:80: no answer within 5s", time.Minute},
		{"a slave of a dead master", []string{"b"}, hosts{"b": slaveOf("a"), "a": nil}, "", "session.login_with_password: HOST_IS_SLAVE [a]", time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t, "a", "b", "x", "y")
				for name, answer := range tt.hosts {
					if n.set(name, answer); answer == nil {
						n.down(name, "dead")
					}
				}
				c := n.client(t, tt.addresses, func(cfg *xapi.Config) { cfg.PoolUUID = tt.uuid })
				started := time.Now()
				s, err := c.Session(limited(t, time.Minute))
				if took := time.Since(started); took > tt.within+100*time.Millisecond {
					t.Errorf("took %v", took)
				}
				if err != nil {
					if !strings.Contains(err.Error(), tt.want) {
						t.Fatalf("error: %v\nwant: …%s…", err, tt.want)
					}
					return
				}
				if s.MasterAddress() != tt.want || s.String() != "session 1 with http://"+tt.want {
					t.Errorf("%v, whose master is %s; want %s", s, s.MasterAddress(), tt.want)
				}
			})
		})
	}
}

type hosts = map[string]func(fakeCall) string

// TestFailover kills the master and lets a member take over at different moments: the client is there within 5 s, on the
// verified new master, with a new epoch.
func TestFailover(t *testing.T) {
	for _, death := range []string{"refused", "dead"} {
		for _, after := range []time.Duration{0, 300 * time.Millisecond, 1700 * time.Millisecond, 9 * time.Second, 61 * time.Second, 10 * time.Minute} {
			t.Run(death+" for "+after.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { testFailover(t, death, after) })
			})
		}
	}
}

func testFailover(t *testing.T, death string, after time.Duration) {
	n := newNetwork(t, "a", "b", "c")
	n.set("a", master("P", "a", "a"))
	n.set("b", slaveOf("a"))
	n.set("c", slaveOf("a"))
	c := n.client(t, []string{"a"})
	ctx := limited(t, time.Hour)
	first := mustSession(ctx, t, c)
	c.SetMembers([]string{"a", "b", "c"})
	n.down("a", death)
	c.Invalidate(first, errors.New("event.next broke"))
	if after > 0 {
		time.AfterFunc(after/2, func() { n.set("b", booting) })
	}
	time.AfterFunc(after, func() { n.set("b", master("P", "b", "b")) })
	started := time.Now()
	s := mustSession(ctx, t, c)
	if took := time.Since(started) - after; took > 5*time.Second {
		t.Errorf("found %v after the new master answered", took)
	}
	if s.MasterAddress() != "b" || s.Epoch() != first.Epoch()+1 {
		t.Errorf("session %v with %s", s, s.MasterAddress())
	}
}

// TestEjectedHost lets the host whose address we know be ejected: it lets us in, and is refused for ever.
func TestEjectedHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a", "b")
		n.set("a", master("P", "a", "a"))
		n.set("b", slaveOf("a"))
		c := n.client(t, []string{"b", "a"})
		ctx := limited(t, time.Hour)
		s := mustSession(ctx, t, c)
		n.down("a", "refused")
		n.set("b", master("Q", "b", "b"))
		c.Invalidate(s, errors.New("gone"))
		short, cancel := context.WithTimeout(ctx, 10*time.Minute)
		defer cancel()
		_, err := c.Session(short)
		if other, ok := errors.AsType[*xapi.OtherPoolError](err); !ok || other.Want != "P" || other.Got != "Q" {
			t.Errorf("error: %v", other)
		}
		if in, out := n.called("b", "session.logout"), n.called("b", "session.get_this_host"); in == 0 || out != 0 {
			t.Errorf("%d logouts and %d further calls at the ejected host", in, out)
		}
		n.set("a", master("P", "a", "a"))
		if s := mustSession(ctx, t, c); s.MasterAddress() != "a" {
			t.Errorf("took %v", s)
		}
	})
}

// TestTwoMasters brings the old master back beside the new one: the one that the other member names is used, and the
// session with the other is closed.
func TestTwoMasters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a", "b", "c")
		n.set("a", master("P", "a", "a"))
		n.set("b", slaveOf("a"))
		n.set("c", slaveOf("a"))
		c := n.client(t, []string{"a", "b", "c"})
		ctx := limited(t, time.Hour)
		s := mustSession(ctx, t, c)
		n.down("a", "refused")
		n.down("b", "refused")
		n.set("c", slaveOf("b"))
		c.Invalidate(s, errors.New("gone"))
		time.AfterFunc(20*time.Second, func() {
			n.set("a", master("P", "a", "a"))
			n.set("b", master("P", "b", "b"))
		})
		if s := mustSession(ctx, t, c); s.MasterAddress() != "b" {
			t.Errorf("took %v", s)
		}
		time.Sleep(10 * time.Second)
		if in, out := n.called("a", "session.login_with_password"), n.called("a", "session.logout"); in != 2 || out != 1 {
			t.Errorf("%d logins, %d logouts at the other master (one session was lost with it)", in, out)
		}
	})
}

// TestMembersLearnedMeanwhile tells of a member while the search runs already: the next round asks it.
func TestMembersLearnedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a", "b")
		n.set("a", master("P", "a", "a"))
		n.set("b", master("P", "b", "b"))
		c := n.client(t, []string{"a"})
		ctx := limited(t, time.Hour)
		s := mustSession(ctx, t, c)
		n.down("a", "refused")
		c.Invalidate(s, errors.New("gone"))
		time.AfterFunc(10*time.Second, func() { c.SetMembers([]string{"a", "", "b"}) })
		if s := mustSession(ctx, t, c); s.MasterAddress() != "b" {
			t.Errorf("took %v", s)
		}
	})
}

// TestNeverGivesUp changes the password for a while: after a first success that is no reason to end.
func TestNeverGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a")
		n.set("a", master("P", "a", "a"))
		c := n.client(t, []string{"a"})
		ctx := limited(t, time.Hour)
		s := mustSession(ctx, t, c)
		refuse := failure("SESSION_AUTHENTICATION_FAILED", "root", "Permission denied")
		n.set("a", always(refuse))
		c.Invalidate(s, xen.SessionInvalid)
		time.AfterFunc(10*time.Minute, func() { n.set("a", master("P", "a", "a")) })
		started := time.Now()
		mustSession(ctx, t, c)
		if took := time.Since(started); took > 10*time.Minute+31*time.Second {
			t.Errorf("took %v", took)
		}
		if tries := n.called("a", "session.login_with_password"); tries > 30 {
			t.Errorf("%d logins in ten minutes", tries)
		}
	})
}

// TestHerd lets many callers ask at once: one login, one session, and one refusal where there is none to be had.
func TestHerd(t *testing.T) {
	kinds := hosts{
		"good": master("P", "a", "a"),
		"bad":  always(failure("SESSION_AUTHENTICATION_FAILED", "root", "Permission denied")),
	}
	for name, answer := range kinds {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t, "a")
				n.set("a", func(c fakeCall) string {
					time.Sleep(100 * time.Millisecond) // virtual: time for all to come
					return answer(c)
				})
				c := n.client(t, []string{"a"})
				ctx := limited(t, time.Hour)
				results := make(chan error)
				for range 30 {
					go func() {
						_, err := c.Session(ctx)
						results <- err
					}()
				}
				for range 30 {
					if err := <-results; (err == nil) != (name == "good") {
						t.Error(err)
					}
				}
				if got := n.called("a", "session.login_with_password"); got != 1 {
					t.Errorf("%d logins", got)
				}
			})
		})
	}
}

// TestLeaderGoesAway lets the caller that runs the search give up: another one goes on with it.
func TestLeaderGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a")
		n.down("a", "refused")
		c := n.client(t, []string{"a"})
		ctx := limited(t, time.Hour)
		short, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		first := make(chan error)
		go func() {
			_, err := c.Session(short)
			first <- err
		}()
		synctest.Wait()
		time.AfterFunc(10*time.Second, func() { n.set("a", master("P", "a", "a")) })
		mustSession(ctx, t, c)
		err := <-first
		if wantError[*xapi.SearchError](t, err); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
