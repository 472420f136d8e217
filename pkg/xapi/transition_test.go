package xapi_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/xencontroller/xencontroller/pkg/xapi"
)

// story collects transitions as words.
type story struct {
	mu    sync.Mutex
	words []string
}

func (s *story) add(t xapi.Transition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	word := string(t.Kind)
	for _, more := range []string{t.Address, t.Reason, t.Method} {
		if more != "" {
			word += " " + strings.TrimPrefix(more, "http://")
		}
	}
	s.words = append(s.words, word)
}

func (s *story) want(t *testing.T, want ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.words, want) {
		t.Errorf("transitions:\n%s\nwant:\n%s", strings.Join(s.words, "\n"), strings.Join(want, "\n"))
	}
}

// TestTransitions plays a life with everything in it: each step is an event, a line of the log, and counted.
func TestTransitions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		var told story
		var out output
		var took time.Duration
		n := newNetwork(t, "a", "b", "c", "x")
		n.set("a", master("P", "a", "a"))
		n.set("b", slaveOf("a"))
		n.set("c", slaveOf("a"))
		n.set("x", master("X", "x", "x"))
		c := n.client(t, []string{"a", "b", "c"}, func(cfg *xapi.Config) {
			cfg.Metrics = xapi.NewMetrics(registry)
			cfg.Log = funcr.New(func(_, args string) { out.add(args) }, funcr.Options{})
			cfg.OnTransition = func(t xapi.Transition) {
				told.add(t)
				if t.Kind == xapi.TransitionFound {
					took = t.Took
				}
			}
		})
		ctx := limited(t, time.Hour)
		s := mustSession(ctx, t, c)
		c.SetMembers([]string{"a", "b", "c", "x"})
		n.down("a", "refused")
		n.set("b", booting)
		c.Invalidate(s, errors.New("event.next broke"))
		time.AfterFunc(20*time.Second, func() {
			n.set("a", master("P", "a", "a"))
			n.set("b", master("P", "b", "b"))
			n.set("c", slaveOf("b"))
		})
		mustSession(ctx, t, c)
		if took < 20*time.Second || took > 20*time.Second+750*time.Millisecond {
			t.Errorf("%v without a master", took)
		}
		if err := c.Close(ctx); err != nil {
			t.Fatal(err)
		}
		told.want(t, "found a", "lost a transport", "refused x other-pool", "searching", "searching", "searching", "searching",
			"searching", "searching", "searching", "found b", "refused a second-master", "closed")
		for _, line := range []string{`"connected"`, `"lost the master"`, `"no master found yet"`, `"a host is not used"`, `"closed"`} {
			if !strings.Contains(out.text.String(), line) {
				t.Errorf("the log lacks %s", line)
			}
		}
		compare(t, registry, `
# HELP xencontroller_xapi_transitions_total Changes in how the pool is reached, by kind: found, lost, searching, refused, failed, closed, protocol, pinned, expiring.
# TYPE xencontroller_xapi_transitions_total counter
xencontroller_xapi_transitions_total{kind="closed",pool="test"} 1
xencontroller_xapi_transitions_total{kind="expiring",pool="test"} 0
xencontroller_xapi_transitions_total{kind="failed",pool="test"} 0
xencontroller_xapi_transitions_total{kind="found",pool="test"} 2
xencontroller_xapi_transitions_total{kind="lost",pool="test"} 1
xencontroller_xapi_transitions_total{kind="pinned",pool="test"} 0
xencontroller_xapi_transitions_total{kind="protocol",pool="test"} 0
xencontroller_xapi_transitions_total{kind="refused",pool="test"} 2
xencontroller_xapi_transitions_total{kind="searching",pool="test"} 7
`, "xencontroller_xapi_transitions_total")
	})
}

// TestFirstSearchFails tells that nothing will change without a person.
func TestFirstSearchFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told story
		n := newNetwork(t, "a")
		n.set("a", always(page))
		c := n.client(t, []string{"a"}, func(cfg *xapi.Config) { cfg.OnTransition = told.add })
		if _, err := c.Session(limited(t, time.Hour)); err == nil {
			t.Fatal("no error")
		}
		told.want(t, "refused a not-xapi", "failed")
	})
}

// TestHangingMembers lets members accept connections and never answer: the new master is found as fast as ever.
func TestHangingMembers(t *testing.T) {
	for after := time.Duration(0); after < 20*time.Second; after += 770 * time.Millisecond {
		t.Run(after.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t, "a", "b", "c", "d", "e")
				n.set("a", master("P", "a", "a"))
				n.set("b", slaveOf("a"))
				c := n.client(t, []string{"a"})
				ctx := limited(t, time.Hour)
				s := mustSession(ctx, t, c)
				c.SetMembers([]string{"a", "b", "c", "d", "e"})
				for _, name := range []string{"a", "c", "d"} {
					n.set(name, always(hang))
				}
				n.down("e", "dead")
				c.Invalidate(s, errors.New("gone"))
				time.AfterFunc(after, func() { n.set("b", master("P", "b", "b")) })
				started := time.Now()
				if s := mustSession(ctx, t, c); s.MasterAddress() != "b" {
					t.Errorf("took %v", s)
				}
				// In the first second nobody knows yet who hangs, and a round waits for them.
				if took := time.Since(started) - after; took > 800*time.Millisecond && after > time.Second || took > 2*time.Second {
					t.Errorf("found %v after the new master answered", took)
				}
			})
		})
	}
}

// TestChangedAddress gives the master another address while it is away: the pool has told it before.
func TestChangedAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a", "z")
		n.set("a", master("P", "a", "a"))
		c := n.client(t, []string{"a"})
		ctx := limited(t, time.Hour)
		s := mustSession(ctx, t, c)
		c.SetMembers([]string{"z"}) // the event of host.address came just before the connection broke
		n.down("a", "dead")
		n.set("z", master("P", "z", "z"))
		c.Invalidate(s, errors.New("gone"))
		started := time.Now()
		if s := mustSession(ctx, t, c); s.MasterAddress() != "z" {
			t.Errorf("took %v", s)
		}
		if took := time.Since(started); took > time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// TestIPv6 follows a pool whose members have IPv6 addresses, which xapi names without brackets.
func TestIPv6(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "fd00::1", "fd00::2", "fd00::3")
		n.set("fd00::1", slaveOf("fd00::2"))
		n.set("fd00::2", master("P", "fd00::2", "fd00::2"))
		n.set("fd00::3", slaveOf("fd00::2"))
		c := n.client(t, []string{"[fd00:0::1]:8080"}, func(cfg *xapi.Config) {
			dial := cfg.Dial
			cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				if _, port, err := net.SplitHostPort(addr); err != nil || port != "8080" {
					return nil, fmt.Errorf("%s: %w", addr, err)
				}
				return dial(ctx, network, addr)
			}
		})
		ctx := limited(t, time.Hour)
		s := mustSession(ctx, t, c)
		if s.String() != "session 1 with http://[fd00::2]:8080" || s.MasterAddress() != "fd00::2" {
			t.Errorf("%v, master %s", s, s.MasterAddress())
		}
		c.SetMembers([]string{"fd00::1", "fd00:0:0::2", "fd00::3"})
		n.down("fd00::2", "dead")
		n.set("fd00::3", master("P", "fd00::3", "fd00::3"))
		c.Invalidate(s, errors.New("gone"))
		if s := mustSession(ctx, t, c); s.MasterAddress() != "fd00::3" {
			t.Errorf("took %v", s)
		}
	})
}
