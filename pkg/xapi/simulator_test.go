package xapi_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// dialPool makes a client for a simulated pool, configured with the addresses of its first n members.
func dialPool(t *testing.T, pool *simulator.Pool, n int, change ...func(*xapi.Config)) *xapi.Client {
	t.Helper()
	cfg := xapi.Config{
		Addresses: pool.URLs()[:n], Username: "root",
		Password: func(context.Context) (string, error) { return "xenroot", nil },
		Dial:     pool.Dial,
	}
	for _, f := range change {
		f(&cfg)
	}
	c, err := xapi.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Second)
		defer cancel()
		_ = c.Close(ctx)
	})
	return c
}

// TestPool uses a whole pool: reads, a task with a mark, events, and no session or task left behind.
func TestPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := simulator.Start(t, simulator.Model{})
		c := dialPool(t, pool, 1)
		ctx := limited(t, time.Hour)
		s := mustSession(ctx, t, c)
		if _, err := xapi.Call(ctx, s, xen.EventRegister([]string{"vm"})); err != nil {
			t.Fatal(err)
		}
		list, err := xapi.Call(ctx, s, xen.GetAllRecords(xen.ClassVM))
		if err != nil || list.Class != xen.ClassVM || len(list.Objects) < 20 || len(list.Skipped) > 0 {
			t.Fatalf("%d objects, %d skipped, %v", len(list.Objects), len(list.Skipped), err)
		}
		ref := pool.VMRef("app-1")
		task, err := s.Async(ctx, ref.Start(false, false).Request, map[string]string{"xencontroller-vm": "u"})
		if err != nil {
			t.Fatal(err)
		}
		mark, err := xapi.Call(ctx, s, task.GetOtherConfig())
		if value, _ := mark.Get("http:xencontroller-vm"); value != "u" {
			t.Errorf("the task's other_config is %v, %v", mark, err)
		}
		events, err := s.NextEvents(ctx)
		if err != nil || len(events) == 0 || events[0].Class != xen.ClassVM {
			t.Errorf("%d events, %v", len(events), err)
		}
		synctest.Wait()
		if _, err := xapi.Call(ctx, s, task.Destroy()); err != nil {
			t.Error(err)
		}
		if err := c.Close(ctx); err != nil {
			t.Error(err)
		}
		if got := pool.SessionCount(); got != 0 {
			t.Errorf("%d sessions are left", got)
		}
		if got := pool.Tasks(); len(got) != 0 {
			t.Errorf("tasks are left: %v", got)
		}
	})
}

// TestPoolFailover kills a simulated master; only its address was configured, the members are known from the pool.
func TestPoolFailover(t *testing.T) {
	for _, boot := range []time.Duration{0, 11 * time.Second, 3 * time.Minute} {
		t.Run(boot.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pool := simulator.Start(t, simulator.Model{Boot: boot})
				c := dialPool(t, pool, 1)
				ctx := limited(t, time.Hour)
				s := mustSession(ctx, t, c)
				c.SetMembers([]string{"10.0.0.1", "10.0.0.2", "10.0.0.3"})
				broken := make(chan error)
				go func() {
					_, err := s.NextEvents(ctx)
					broken <- err
				}()
				synctest.Wait()
				if err := pool.KillMaster("xen-3"); err != nil {
					t.Fatal(err)
				}
				c.Invalidate(s, <-broken)
				started := time.Now()
				now := mustSession(ctx, t, c)
				if took := time.Since(started) - boot; took > 5*time.Second {
					t.Errorf("found %v after the new master answered", took)
				}
				if now.MasterAddress() != "10.0.0.3" || now.PoolUUID() != s.PoolUUID() || now.Epoch() != 2 {
					t.Errorf("%v of pool %s with %s", now, now.PoolUUID(), now.MasterAddress())
				}
			})
		})
	}
}

// TestPoolFaults injects what a network does to one call, and looks at the VM instead of counting.
func TestPoolFaults(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault simulator.Fault
		ran   bool
		check func(error) bool
	}{
		{"lost reply", simulator.LoseReply, true, func(err error) bool {
			_, unknown := errors.AsType[*xapi.OutcomeUnknownError](err)
			return unknown && !xapi.NotExecuted(err) && !xapi.Retryable(err)
		}},
		{"reset", simulator.Reset, false, func(err error) bool { return !xapi.NotExecuted(err) }},
		{"session gone", simulator.FailWith("SESSION_INVALID", "x"), true, func(err error) bool { return err == nil }},
		{"failure", simulator.FailWith("HOST_NOT_ENOUGH_FREE_MEMORY", "1", "0"), false, func(err error) bool { return xapi.Classify(err) == xapi.Wait }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pool := simulator.Start(t, simulator.Model{})
				c := dialPool(t, pool, 3)
				ctx := limited(t, time.Hour)
				pool.Inject(simulator.Nth(1, simulator.On("VM.start", tt.fault)))
				err := c.Do(ctx, pool.VMRef("app-1").Start(false, false).Request, nil)
				if !tt.check(err) {
					t.Errorf("error: %v", err)
				}
				synctest.Wait()
				if ran := pool.PowerState("app-1") == xen.Running; ran != tt.ran {
					t.Errorf("the VM was started: %v, want %v", ran, tt.ran)
				}
			})
		})
	}
}
