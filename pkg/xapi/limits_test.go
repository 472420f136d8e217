package xapi_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi"
)

// TestPace makes many calls at once: they begin no faster than the limit says, and event calls and logins are apart.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a")
		n.set("a", master("P", "a", "a"))
		c := n.client(t, []string{"a"}, func(cfg *xapi.Config) { cfg.Limits = xapi.Limits{PerSecond: 10, Burst: 3} })
		ctx := limited(t, time.Hour)
		s := mustSession(ctx, t, c)
		started := time.Now()
		var all sync.WaitGroup
		for range 23 {
			all.Go(func() {
				if err := c.Do(ctx, vm.GetPowerState().Request, nil); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if took := time.Since(started); took != 2*time.Second { // 3 at once, 20 more at 10 a second
			t.Errorf("23 calls took %v", took)
		}
		started = time.Now()
		c.Invalidate(s, errors.New("gone"))
		mustSession(ctx, t, c)
		if took := time.Since(started); took != 0 {
			t.Errorf("a login with the bucket empty took %v", took)
		}
		short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
		defer cancel()
		if err := c.Do(short, vm.Start(false, false).Request, nil); !xapi.NotExecuted(err) {
			t.Errorf("a call that had no time to wait: %v", err)
		}
		if got := n.called("a", "VM.start"); got != 0 {
			t.Errorf("%d calls arrived", got)
		}
	})
}

// TestInFlight lets calls hang: no more than the limit are under way, and a new session does not wait for them.
func TestInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a")
		n.set("a", master("P", "a", "a", once(5, "VM.start", hang)))
		c := n.client(t, []string{"a"}, func(cfg *xapi.Config) { cfg.Limits = xapi.Limits{InFlight: 2} })
		ctx := limited(t, time.Hour)
		s := mustSession(ctx, t, c)
		var all sync.WaitGroup
		waiting := make(chan error, 5)
		for range 5 {
			all.Go(func() { waiting <- s.Do(ctx, vm.Start(false, false).Request, nil) })
		}
		events := make(chan error)
		go func() { _, err := s.NextEvents(ctx); events <- err }()
		synctest.Wait()
		if starts, next := n.called("a", "VM.start"), n.called("a", "event.next"); starts != 2 || next != 1 {
			t.Errorf("%d calls and %d event calls are under way", starts, next)
		}
		c.Invalidate(s, errors.New("gone"))
		for range 3 {
			if err := <-waiting; !xapi.NotExecuted(err) || xapi.Classify(err) != xapi.Elsewhere {
				t.Errorf("a call that waited for the lost session: %v", err)
			}
		}
		<-events //nolint:errcheck // its end is what matters
		started := time.Now()
		if err := c.Do(ctx, vm.GetPowerState().Request, nil); err != nil || time.Since(started) != 0 {
			t.Errorf("a call on the next session took %v: %v", time.Since(started), err)
		}
		all.Wait()
	})
}

// TestLimitsAreChecked refuses what makes no sense.
func TestLimitsAreChecked(t *testing.T) {
	for _, bad := range []xapi.Limits{{PerSecond: -1}, {Burst: -1}, {InFlight: -1}} {
		if _, err := xapi.New(xapi.Config{Addresses: []string{"unix:///a"}, Limits: bad}); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}
