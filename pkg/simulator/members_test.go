package simulator

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// localLoginAt opens a session of one member itself.
func localLoginAt(t *testing.T, p *Pool, address string) *wire {
	t.Helper()
	w := dial(t, p, address)
	v, err := w.raw("session.slave_local_login_with_password", "root", "xenroot")
	if err != nil {
		t.Fatal(err)
	}
	w.session = v.(string)
	return w
}

// hostRefOf is the reference of a host, as the pool last knew it.
func hostRefOf(p *Pool, name string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.member(name).host
}

// confOf is a host's pool.conf.
func confOf(p *Pool, name string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.member(name).conf.String()
}

// What the old master wrote in the ten seconds of its fuse is lost: the new one starts from its copy. What runs is not.
func TestDesignateLosesWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 5})
		w := login1(t, p)
		web, app := vmNamed(p, "web-1"), vmNamed(p, "app-1")
		w.must("VM.set_name_description", web, "before")
		w.must("pool.designate_new_master", hostRefOf(p, "xen-2"))
		w.must("VM.set_name_description", web, "lost")
		w.must("VM.start_on", app, hostRefOf(p, "xen-3"), false, false)
		time.Sleep(20 * time.Second)
		next := dial(t, p, "10.0.0.2")
		next.login()
		if got := next.must("VM.get_name_description", web); got != "before" {
			t.Errorf("the description is %q, want what it was at the change", got)
		}
		if p.PowerState("app-1") != xen.Running || p.HostOf("app-1") != "xen-3" {
			t.Errorf("app-1 is %s on %s, want Running on xen-3: its domain runs there", p.PowerState("app-1"), p.HostOf("app-1"))
		}
		for _, h := range p.State().Hosts {
			if !h.Enabled || !h.Live {
				t.Errorf("%s: enabled %v, live %v, want both", h.Name, h.Enabled, h.Live)
			}
		}
		checkInvariants(t, p)
	})
}

// A change of the master is refused with all as it was while one member does not answer, or another change is under way.
func TestDesignateRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2, Timing: Timing{Designate: Span{Min: 10 * time.Second}}})
		w, other := login1(t, p), login1(t, p)
		xen2 := hostRefOf(p, "xen-2")
		first := make(chan error, 1)
		go func() { _, err := w.call("pool.designate_new_master", xen2); first <- err }()
		time.Sleep(time.Second)
		if got := other.refused("pool.designate_new_master", xen2); !strings.HasPrefix(got, "OTHER_OPERATION_IN_PROGRESS | pool") {
			t.Errorf("a second change is answered %s", got)
		}
		if err := p.HostDies("xen-3"); err != nil {
			t.Fatal(err)
		}
		if err := <-first; err == nil || !strings.HasPrefix(err.Error(), "HA_ABORT_NEW_MASTER") {
			t.Errorf("with a dead member: %v, want HA_ABORT_NEW_MASTER", err)
		}
		time.Sleep(time.Minute)
		if got := p.State().Pool.Master; got != "xen-1" {
			t.Errorf("the master is %s, want xen-1 as before", got)
		}
		if got := other.must("pool.get_current_operations", other.must("pool.get_all").(Set)[0]).(Map); len(got) != 0 {
			t.Errorf("the pool is still marked: %v", got)
		}
	})
}

// The copy that a member starts from is as old as its last backup.
func TestStaleCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for stale, want := range map[bool]string{false: "late", true: "early"} {
			p := Start(t, Model{VMs: 2, StaleCopies: stale})
			w := login1(t, p)
			web := vmNamed(p, "web-1")
			w.must("VM.set_name_description", web, "early")
			time.Sleep(3*backupEvery + time.Second) // each member in turn
			w.must("VM.set_name_description", web, "late")
			if err := p.KillMaster("xen-2"); err != nil {
				t.Fatal(err)
			}
			next := dial(t, p, "10.0.0.2")
			next.login()
			if got := next.must("VM.get_name_description", web); got != want {
				t.Errorf("stale %v: the description is %q, want %q", stale, got, want)
			}
		}
	})
}

// pool.sync_database makes the copies new.
func TestSyncDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2, StaleCopies: true})
		w := login1(t, p)
		web := vmNamed(p, "web-1")
		w.must("VM.set_name_description", web, "synced")
		w.must("pool.sync_database")
		w.must("VM.set_name_description", web, "late")
		if err := p.KillMaster("xen-3"); err != nil {
			t.Fatal(err)
		}
		next := dial(t, p, "10.0.0.3")
		next.login()
		if got := next.must("VM.get_name_description", web); got != "synced" {
			t.Errorf("the description is %q, want that of the sync", got)
		}
	})
}

// In emergency mode a member answers the emergency error to everybody, with any session, but does the calls that help.
func TestEmergencyMode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2, Version: "26.17"})
		if err := p.MasterDies(); err != nil {
			t.Fatal(err)
		}
		if err := p.CrashXapi("xen-2"); err != nil {
			t.Fatal(err)
		}
		w := localLoginAt(t, p, "10.0.0.2")
		if _, err := w.raw("session.login_with_password", "root", "xenroot"); err == nil || err.Error() != "HOST_STILL_BOOTING[]" {
			t.Errorf("a login answers %v", err)
		}
		if got := w.refused("VM.get_all"); got != "HOST_STILL_BOOTING" {
			t.Errorf("VM.get_all answers %s", got)
		}
		if got := w.must("host.is_in_emergency_mode"); got != true {
			t.Errorf("is_in_emergency_mode is %v", got)
		}
		if got := w.must("pool.is_slave", hostRefOf(p, "xen-2")); got != true {
			t.Errorf("is_slave is %v", got)
		}
		w.must("pool.emergency_reset_master", "10.0.0.3")
		w.must("session.local_logout")
		time.Sleep(fuseTime + time.Second)
		if got := confOf(p, "xen-2"); got != "slave:10.0.0.3" {
			t.Errorf("pool.conf is %s", got)
		}
		third := localLoginAt(t, p, "10.0.0.3")
		third.must("pool.emergency_transition_to_master")
		time.Sleep(fuseTime + 2*retryMaster)
		if _, err := dial(t, p, "10.0.0.2").raw("session.login_with_password", "root", "xenroot"); err == nil || err.Error() != "HOST_IS_SLAVE[10.0.0.3]" {
			t.Errorf("a login at the member that was reset answers %v", err)
		}
	})
}

// A host that pool.conf calls its own slave, or that its master does not know, waits for a human and says why.
func TestEmergencyErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		w := localLoginAt(t, p, "10.0.0.2")
		w.must("pool.emergency_reset_master", "10.0.0.2")
		time.Sleep(fuseTime + time.Second)
		_, err := dial(t, p, "10.0.0.2").raw("session.login_with_password", "root", "xenroot")
		if err == nil || err.Error() != "HOST_ITS_OWN_SLAVE[]" {
			t.Errorf("its own slave answers %v", err)
		}
		write(p, func(t *tx) { t.destroy("host", p.member("xen-3").host) })
		if err := p.CrashXapi("xen-3"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		_, err = dial(t, p, "10.0.0.3").raw("session.login_with_password", "root", "xenroot")
		if want := "HOST_UNKNOWN_TO_MASTER[" + p.member("xen-3").hostUUID + "]"; err == nil || err.Error() != want {
			t.Errorf("an unknown host answers %v, want %s", err, want)
		}
	})
}

// Stored dates are the master's, and a member whose clock is more than five minutes off is an alert, once.
func TestClockSkew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 1})
		w := login1(t, p)
		host := hostRefOf(p, "xen-2")
		if err := p.SkewClock("xen-2", 10*time.Minute); err != nil {
			t.Fatal(err)
		}
		hourOf := func(v any) string { return strings.TrimSuffix(v.(string), "Z") }
		want := time.Now().Add(10 * time.Minute).UTC().Format("20060102T15:04:05")
		if got := hourOf(w.must("host.get_servertime", host)); got != want {
			t.Errorf("the member's time is %s, want %s", got, want)
		}
		time.Sleep(5 * time.Minute)
		p.view(func(x *tx) {
			if n := len(x.find("message", "name", "HOST_CLOCK_SKEW_DETECTED")); n != 1 {
				t.Errorf("%d alerts, want one", n)
			}
		})
		if err := p.SkewClock("xen-1", -time.Hour); err != nil {
			t.Fatal(err)
		}
		task := w.must("task.create", "x", "")
		if got, want := hourOf(w.must("task.get_created", task)), time.Now().Add(-time.Hour).UTC().Format("20060102T15:04:05"); got != want {
			t.Errorf("a task was made at %s, want the master's %s", got, want)
		}
	})
}
