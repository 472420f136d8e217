package simulator

import (
	"testing"
	"testing/synctest"
	"time"
)

// A member that cannot come up says why to every call but those of emergency mode, until it is mended (wire §4.6).
func TestStrandedMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 1})
		if err := p.Strand("xen-1", "HOST_BROKEN"); err == nil {
			t.Error("the master can be stranded")
		}
		for _, c := range [][]string{
			{"HOST_MASTER_CANNOT_TALK_BACK", "10.0.0.3"},
			{"HOST_HAS_NO_MANAGEMENT_IP"},
			{"HOST_BROKEN"},
			{"HOST_XAPI_VERSION_HIGHER_THAN_COORDINATOR", "26.17"},
		} {
			if err := p.Strand("xen-3", c[0], c[1:]...); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
			w := dial(t, p, "10.0.0.3")
			_, err := w.raw("session.login_with_password", "root", "xenroot")
			if want := fail(c[0], c[1:]...).Error(); err == nil || err.Error() != want {
				t.Errorf("a login answers %v, want %s", err, want)
			}
			if _, err := w.raw("session.slave_local_login_with_password", "root", "xenroot"); err != nil {
				t.Errorf("a local login answers %v", err)
			}
		}
		if err := p.Mend("xen-3"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if got := p.State().Hosts[2]; got.Answers != "up" || !got.Enabled {
			t.Errorf("mended it is %+v", got)
		}
		if _, err := dial(t, p, "10.0.0.3").raw("session.login_with_password", "root", "xenroot"); err == nil || err.Error() != "HOST_IS_SLAVE[10.0.0.1]" {
			t.Errorf("a login answers %v", err)
		}
		if err := p.Mend("xen-3"); err == nil {
			t.Error("what is well can be mended")
		}
	})
}
