package simulator

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestIdleSessionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		idle, busy := login1(t, p), login1(t, p)
		for range 30 {
			time.Sleep(time.Hour)
			busy.must("pool.get_all")
		}
		if got, want := idle.refused("pool.get_all"), "SESSION_INVALID | "+idle.session; got != want {
			t.Errorf("an idle session gets %s, want %s", got, want)
		}
		if n := p.SessionCount(); n != 1 {
			t.Errorf("%d sessions, want the busy one", n)
		}
	})
}

// Sessions without an originator share one small group; a leaky client evicts others there, never those with a name.
func TestTooManySessionsEvictTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		named := login1(t, p)
		w := dial(t, p, "10.0.0.1")
		anonymous := func() string {
			v, err := w.raw("session.login_with_password", "root", "xenroot")
			if err != nil {
				t.Fatal(err)
			}
			return v.(string)
		}
		first := anonymous()
		time.Sleep(2 * time.Second)
		for range 400 {
			anonymous()
		}
		time.Sleep(31 * time.Second)
		if n := p.SessionCount(); n != 401 {
			t.Errorf("%d sessions, want 400 anonymous ones and one with a name", n)
		}
		w.session = first
		w.refused("pool.get_all")
		named.must("pool.get_all")
	})
}

func TestLastActiveHasAGrainInNewerVersions(t *testing.T) {
	for version, want := range map[string]time.Duration{"24.19.2": 5 * time.Minute, "24.29.0": 0} {
		synctest.Test(t, func(t *testing.T) {
			p := Start(t, Model{VMs: 2, Version: version})
			w := login1(t, p)
			before := w.must("session.get_last_active", w.session)
			time.Sleep(5 * time.Minute)
			after := w.must("session.get_last_active", w.session)
			a, _ := convertTime(before)
			b, _ := convertTime(after)
			if got := b.(time.Time).Sub(a.(time.Time)); got != want {
				t.Errorf("%s: last_active moved by %v, want %v", version, got, want)
			}
		})
	}
}

func TestBadPasswordIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2, BadPassword: 2 * time.Second, Password: "secret"})
		w := dial(t, p, "10.0.0.1")
		begun := time.Now()
		_, err := w.raw("session.login_with_password", "root", "xenroot")
		if got := err.Error(); got != "SESSION_AUTHENTICATION_FAILED[root, Permission denied]" || time.Since(begun) != 2*time.Second {
			t.Errorf("after %v: %s", time.Since(begun), got)
		}
		if _, err := w.raw("session.login_with_password", "root", "secret"); err != nil {
			t.Error(err)
		}
	})
}
