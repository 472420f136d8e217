package simulator

import (
	"testing"
	"testing/synctest"
	"time"
)

// trial is what a password is worth at an address: "" if it is good.
func trial(t *testing.T, p *Pool, address, method, password string) string {
	t.Helper()
	if _, err := dial(t, p, address).raw(method, "root", password); err != nil {
		return err.Error()
	}
	return ""
}

// Each host has the password in a file of its own: one that cannot be reached keeps the old one until it reports again,
// one that was ejected keeps it for good.
func TestPasswordsOfMembers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 1})
		w := login1(t, p)
		const local, login, refused = "session.slave_local_login_with_password", "session.login_with_password", "SESSION_AUTHENTICATION_FAILED[root, Permission denied]"
		w.must("pool.eject", hostRefOf(p, "xen-3"))
		time.Sleep(time.Hour)
		if err := p.StopMember("xen-2"); err != nil {
			t.Fatal(err)
		}
		w.must("session.change_password", "not looked at", "new")
		if got := trial(t, p, "10.0.0.1", login, "xenroot"); got != refused {
			t.Errorf("the old password at the master: %s", got)
		}
		if got := trial(t, p, "10.0.0.3", login, "xenroot"); got != "" {
			t.Errorf("the old password at the ejected host: %s", got)
		}
		if got := trial(t, p, "10.0.0.3", login, "new"); got != refused {
			t.Errorf("the new password at the ejected host: %s", got)
		}
		if err := p.StartMember("xen-2"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if got := trial(t, p, "10.0.0.2", local, "new"); got != "" {
			t.Errorf("the new password at a member that has come back: %s", got)
		}
		w.must("session.change_password", "new", "newer")
		if got := trial(t, p, "10.0.0.2", local, "newer"); got != "" {
			t.Errorf("the newest password at a member that can be reached: %s", got)
		}
	})
}

func TestOnlyRootChangesThePassword(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: 1, Users: []User{{"eve", "e", "pool-admin"}}})
	const want = "RBAC_PERMISSION_DENIED | session.change_password | No permission in user session. (Roles with this permission: )"
	if got := loginAs(t, p, "eve", "e").refused("session.change_password", "e", "f"); got != want {
		t.Error(got)
	}
}

// Who may not run extensions does not hear that there is none of a name.
func TestUnknownMethodsNeedAPermission(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: 1, Users: people})
	const want = "RBAC_PERMISSION_DENIED | host.call_extension | No permission in user session. (Roles with this permission: pool-admin)"
	if got := loginAs(t, p, "carol", "c").refused("VM.frobnicate"); got != want {
		t.Errorf("a pool-operator gets %s", got)
	}
	if got := login1(t, p).refused("Async.VM.frobnicate"); got != "MESSAGE_METHOD_UNKNOWN | VM.frobnicate" {
		t.Errorf("root gets %s", got)
	}
}
