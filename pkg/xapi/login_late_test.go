package xapi_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi"
)

// TestSlowLoginsLeaveNoSession lets a pool take longer over its first logins than a probe waits.
func TestSlowLoginsLeaveNoSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool, err := simulator.New(simulator.Model{Password: "xenroot"})
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		for n := range 2 {
			pool.Inject(simulator.Nth(n+1, simulator.On("session.login_with_password", simulator.Delay(40*time.Second))))
		}
		client, err := xapi.New(xapi.Config{
			Addresses: pool.URLs()[:1], Username: "root", Dial: pool.Dial,
			Password: func(context.Context) (string, error) { return "xenroot", nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		mustSession(limited(t, time.Hour), t, client)
		time.Sleep(2 * time.Minute)
		if n := len(pool.State().Sessions); n != 1 {
			t.Errorf("%d sessions, want the one in use", n)
		}
		if err := client.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
