package simulator

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestKillMaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 4})
		w := login1(t, p)
		w.must("event.register", setOf("*"))
		web := vmNamed(p, "web-1")
		write(p, func(t *tx) {
			t.set("VM", web, "name_description", "kept")
			t.create("task", values{"name_label": "forgotten"})
			_ = t.addTo("VM", web, "current_operations", "OpaqueRef:x", "start")
		})
		broken := make(chan error, 1)
		reader := w.again(p)
		reader.must("event.next")
		go func() { _, err := reader.call("event.next"); broken <- err }()
		synctest.Wait()
		if err := p.KillMaster("xen-2"); err != nil {
			t.Fatal(err)
		}
		if err := <-broken; err == nil {
			t.Error("event.next was answered by a master that is gone")
		}
		if _, err := p.Dial(t.Context(), "tcp", "10.0.0.1:80"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("the dead master answers %v, want refused", err)
		}
		slave := dial(t, p, "10.0.0.3")
		if _, err := slave.raw("session.login_with_password", "root", "xenroot"); err.Error() != "HOST_IS_SLAVE[10.0.0.2]" {
			t.Errorf("a member answers %v, want HOST_IS_SLAVE with the new master", err)
		}
		next := dial(t, p, "10.0.0.2")
		next.session = w.session
		if got, want := next.refused("VM.get_all"), "SESSION_INVALID | "+w.session; got != want {
			t.Errorf("the old session gets %s, want %s", got, want)
		}
		next.login()
		if got := next.must("VM.get_name_description", web); got != "kept" {
			t.Errorf("description %q, want what was written before", got)
		}
		if ops := next.must("VM.get_current_operations", web).(Map); len(ops) != 0 {
			t.Errorf("operations in progress survived: %v", ops)
		}
		if tasks := next.must("task.get_all").(Set); len(tasks) != 0 {
			t.Errorf("tasks survived: %v", tasks)
		}
		if id := next.must("event.get_current_id"); id != "0" {
			t.Errorf("event ids go on at %s, want 0", id)
		}
		if got := next.refused("event.next")[:22]; got != "SESSION_NOT_REGISTERED" {
			t.Errorf("event.next answers %s, want SESSION_NOT_REGISTERED", got)
		}
		master := next.must("pool.get_master", next.must("pool.get_all").(Set)[0])
		if got := next.must("host.get_address", master); got != "10.0.0.2" {
			t.Errorf("pool.master has address %s, want 10.0.0.2", got)
		}
		time.Sleep(11 * time.Minute)
		live := 0
		for _, m := range next.must("host_metrics.get_all_records").(Map) {
			if field(m.Value, "live") == true {
				live++
			}
		}
		if live != 2 {
			t.Errorf("%d hosts live after eleven minutes, want 2", live)
		}
	})
}

// Without a successor members go on naming the dead master, and calls with a session hang.
func TestMasterDeadAndNobodyPromoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		w := login1(t, p)
		if err := p.KillMaster(""); err != nil {
			t.Fatal(err)
		}
		slave := dial(t, p, "10.0.0.2")
		if _, err := slave.raw("session.login_with_password", "root", "xenroot"); err.Error() != "HOST_IS_SLAVE[10.0.0.1]" {
			t.Errorf("a member answers %v, want HOST_IS_SLAVE with the dead master", err)
		}
		slave.session = w.session
		answered := make(chan error, 1)
		go func() { _, err := slave.call("VM.get_all"); answered <- err }()
		time.Sleep(time.Hour)
		select {
		case err := <-answered:
			t.Errorf("a call with a session was answered: %v", err)
		default:
		}
		if err := p.StartMember("xen-1"); err != nil { // it is still its own master
			t.Fatal(err)
		}
		<-answered //nolint:errcheck // its end is what matters
		login1(t, p).must("VM.get_all")
	})
}

func TestBootingMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2, Boot: time.Minute})
		if err := p.KillMaster("xen-3"); err != nil {
			t.Fatal(err)
		}
		w := dial(t, p, "10.0.0.3")
		if _, err := w.raw("session.login_with_password", "root", "xenroot"); err.Error() != "HOST_STILL_BOOTING[]" {
			t.Errorf("a booting host answers %v, want HOST_STILL_BOOTING", err)
		}
		time.Sleep(time.Minute + time.Second)
		w.login()
		if err := p.StartMember("xen-1"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute + time.Second)
		if _, err := dial(t, p, "10.0.0.1").raw("session.login_with_password", "root", "xenroot"); err.Error() != "HOST_IS_SLAVE[10.0.0.3]" {
			t.Errorf("the former master answers %v, want HOST_IS_SLAVE with the new one", err)
		}
	})
}

func TestSilentMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		if err := p.SilenceMember("xen-2"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begun := time.Now()
		if _, err := p.Dial(ctx, "tcp", "10.0.0.2:80"); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Minute {
			t.Errorf("after %v: %v, want the context's end after a minute", time.Since(begun), err)
		}
	})
}

func TestWrongNames(t *testing.T) {
	p := Start(t, Model{VMs: 2})
	for what, err := range map[string]error{
		"promoting nobody we know": p.KillMaster("xen-9"),
		"promoting the master":     p.KillMaster("xen-1"),
		"stopping the master":      p.StopMember("xen-1"),
		"starting what is up":      p.StartMember("xen-2"),
		"stopping nobody":          p.StopMember("x"),
	} {
		if err == nil {
			t.Errorf("%s was accepted", what)
		}
	}
}

func TestListen(t *testing.T) {
	p := Start(t, Model{VMs: 2, Hosts: 2})
	if err := p.Listen("http://127.0.31.1:0"); err != nil {
		t.Fatal(err)
	}
	urls := p.URLs()
	if len(urls) != 2 || !strings.HasPrefix(urls[0], "http://127.0.31.1:") || !strings.HasPrefix(urls[1], "http://127.0.31.2:") {
		t.Fatalf("URLs %v", urls)
	}
	conn, err := net.Dial("tcp", urls[1][len("http://"):])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	w := wireOn(t, conn)
	if _, err := w.raw("session.login_with_password", "root", "xenroot"); err.Error() != "HOST_IS_SLAVE[127.0.31.1]" {
		t.Errorf("the member answers %v, want HOST_IS_SLAVE with the master's new address", err)
	}
	other := Start(t, Model{VMs: 2, Hosts: 2})
	if err := other.Listen(urls[0]); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a taken address gives %v, want address in use", err)
	}
	if err := p.Listen(urls[0]); err == nil {
		t.Error("a second Listen was accepted")
	}
	for _, bad := range []string{"127.0.0.1:80", "ftp://127.0.0.1:80", "http://127.0.0.1", "http://localhost:80", ""} {
		if err := other.Listen(bad); err == nil {
			t.Errorf("listening on %q was accepted", bad)
		}
	}
	if err := p.KillMaster("xen-2"); err != nil {
		t.Fatal(err)
	}
	if _, err := net.Dial("tcp", urls[0][len("http://"):]); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the dead master answers %v, want refused", err)
	}
	if err := p.StartMember("xen-1"); err != nil {
		t.Fatal(err)
	}
	back, err := net.Dial("tcp", urls[0][len("http://"):])
	if err != nil {
		t.Fatal(err)
	}
	_ = back.Close()
}
