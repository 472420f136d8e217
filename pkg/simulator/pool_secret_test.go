package simulator

import (
	"testing"
	"testing/synctest"
)

// Who knows the pool's secret is a member: his session is good on every member, and for calls that are nobody else's.
func TestPoolSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		w, member := dial(t, p, "10.0.0.1"), dial(t, p, "10.0.0.2")
		host := hostRefOf(p, "xen-2")
		if _, err := w.raw("session.slave_login", host, "guess"); err == nil || err.Error() != "SESSION_AUTHENTICATION_FAILED["+host+", Pool credentials invalid]" {
			t.Errorf("a wrong secret: %v", err)
		}
		if _, err := member.raw("session.slave_login", host, p.Secret()); err == nil || err.Error() != "HOST_IS_SLAVE[10.0.0.1]" {
			t.Errorf("at a member: %v", err)
		}
		v, err := w.raw("session.slave_login", host, p.Secret())
		if err != nil {
			t.Fatal(err)
		}
		w.session, member.session = v.(string), v.(string)
		if w.must("session.get_pool", w.session) != true || w.must("session.get_this_host", w.session) != host {
			t.Error("the session is not that of the member")
		}
		member.must("VM.get_all")
		member.must("host.propose_new_master", "10.0.0.2", true)
		v, err = member.raw("session.slave_local_login", p.Secret())
		if err != nil {
			t.Fatal(err)
		}
		member.session = v.(string)
		member.must("host.is_in_emergency_mode")
		if got := answers(t, p, "GET /audit_log HTTP/1.1\r\nCookie: pool_secret=guess\r\n\r\n"); got != "HTTP/1.1 401 Unauthorised, closed" {
			t.Errorf("a handler with a wrong secret: %s", got)
		}
		if got := answers(t, p, "GET /audit_log HTTP/1.1\r\nCookie: pool_secret="+p.Secret()+"\r\n\r\n"); got == "HTTP/1.1 401 Unauthorised, closed" {
			t.Errorf("a handler with the secret: %s", got)
		}
	})
}
