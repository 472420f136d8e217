package simulator

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestUnixSocketTrustsEverybody(t *testing.T) {
	p := Start(t, Model{VMs: 2})
	path := filepath.Join(t.TempDir(), "xapi")
	if err := p.ListenUnix("", "unix://"+path); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	w := wireOn(t, conn)
	v, err := w.raw("session.login_with_password", "anybody", "wrong")
	if err != nil {
		t.Fatalf("login: %v", err)
	}
	w.session = v.(string)
	if got := w.must("session.get_auth_user_name", w.session); got != "anybody" {
		t.Errorf("the session is %v's", got)
	}
	if err := p.ListenUnix("xen-1", path); err == nil || !strings.Contains(err.Error(), "xen-1") {
		t.Errorf("a second listener: %v", err)
	}
}

// The socket of a slave is as good as the master's, and the session that it gives is good at the master over TCP.
func TestUnixSocketOfASlaveForwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		c, err := p.DialUnix("xen-2")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		w := wireOn(t, c)
		time.Sleep(time.Hour) // nobody is in a hurry here
		v, err := w.raw("session.login_with_password", "", "")
		if err != nil {
			t.Fatalf("login: %v", err)
		}
		w.session = v.(string)
		master := dial(t, p, "10.0.0.1")
		master.session = w.session
		if got, want := w.must("VM.get_all"), master.must("VM.get_all"); !equal(got, want) {
			t.Errorf("the slave's socket gives %v, the master %v", got, want)
		}
		if err := p.KillMaster(""); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if _, err := w.call("VM.get_all"); err == nil || !strings.Contains(err.Error(), "500") || time.Since(begun) != 100*time.Second {
			t.Errorf("without a master: %v after %v, want a page after 100 s", err, time.Since(begun))
		}
	})
}
