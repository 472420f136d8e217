package xapi_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/xencontroller/xencontroller/pkg/xapi"
)

// TestMetrics plays a short life and compares what was counted.
func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		n := newNetwork(t, "a")
		n.set("a", master("P", "a", "a", once(1, "VM.start", failure("VM_BAD_POWER_STATE", "x", "halted", "running")), once(1, "VM.get_power_state", drop)))
		c := n.client(t, []string{"a"}, func(cfg *xapi.Config) { cfg.Metrics = xapi.NewMetrics(registry) })
		ctx := limited(t, time.Hour)
		s := mustSession(ctx, t, c)
		_ = c.Do(ctx, vm.Start(false, false).Request, nil)
		_ = c.Do(ctx, vm.GetPowerState().Request, nil)
		c.Invalidate(s, errors.New("event.next broke"))
		now := mustSession(ctx, t, c)
		ended := make(chan error)
		go func() {
			_, err := now.NextEvents(ctx)
			ended <- err
		}()
		synctest.Wait()
		compare(t, registry, `
# HELP xencontroller_xapi_failovers_total Sessions that were lost and replaced, by what showed that they were of no use: an error code of XAPI, transport, or timeout.
# TYPE xencontroller_xapi_failovers_total counter
xencontroller_xapi_failovers_total{pool="test",reason="HOST_IS_SLAVE"} 0
xencontroller_xapi_failovers_total{pool="test",reason="SESSION_INVALID"} 0
xencontroller_xapi_failovers_total{pool="test",reason="timeout"} 0
xencontroller_xapi_failovers_total{pool="test",reason="transport"} 1
# HELP xencontroller_xapi_requests_total Calls to the pool by how they ended: OK, the error code of XAPI, or transport where no answer could be read.
# TYPE xencontroller_xapi_requests_total counter
xencontroller_xapi_requests_total{code="OK",method="VM.get_power_state",pool="test"} 1
xencontroller_xapi_requests_total{code="OK",method="host.get_address",pool="test"} 2
xencontroller_xapi_requests_total{code="OK",method="pool.get_all_records",pool="test"} 2
xencontroller_xapi_requests_total{code="OK",method="session.get_this_host",pool="test"} 2
xencontroller_xapi_requests_total{code="OK",method="session.login_with_password",pool="test"} 2
xencontroller_xapi_requests_total{code="OK",method="session.logout",pool="test"} 1
xencontroller_xapi_requests_total{code="VM_BAD_POWER_STATE",method="VM.start",pool="test"} 1
xencontroller_xapi_requests_total{code="transport",method="VM.get_power_state",pool="test"} 1
# HELP xencontroller_xapi_sessions Sessions that this process has opened in the pool and not yet closed, as far as it knows.
# TYPE xencontroller_xapi_sessions gauge
xencontroller_xapi_sessions{pool="test"} 1
`)
		if err := c.Close(ctx); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, xapi.ErrClosed) {
			t.Errorf("event.next ended with %v", err)
		}
		compare(t, registry, `
# HELP xencontroller_xapi_sessions Sessions that this process has opened in the pool and not yet closed, as far as it knows.
# TYPE xencontroller_xapi_sessions gauge
xencontroller_xapi_sessions{pool="test"} 0
`, "xencontroller_xapi_sessions")
		if got := testutil.CollectAndCount(registry, "xencontroller_xapi_request_duration_seconds"); got != 7 {
			t.Errorf("%d durations: event.next must have none", got)
		}
	})
}

func compare(t *testing.T, g prometheus.Gatherer, want string, names ...string) {
	t.Helper()
	if names == nil {
		names = []string{"xencontroller_xapi_requests_total", "xencontroller_xapi_failovers_total", "xencontroller_xapi_sessions"}
	}
	if err := testutil.GatherAndCompare(g, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
}
