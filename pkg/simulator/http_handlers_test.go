package simulator

import (
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// visitPage sends a GET and returns the whole answer.
func visitPage(t *testing.T, p *Pool, address, path string, headers ...string) string {
	t.Helper()
	w := dial(t, p, address)
	go func() {
		_, _ = io.WriteString(w.conn, "GET "+path+" HTTP/1.1\r\n"+strings.Join(append(headers, "", ""), "\r\n"))
	}()
	all, err := io.ReadAll(w.in) // handlers end the connection
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

func basic(user, password string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// TestHandlers: who may use the handlers beside the calls, and what they answer.
func TestHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: -1, Users: []User{{"reader", "r", "read-only"}, {"admin", "a", "vm-admin"}}})
		for _, s := range []VMSpec{{Name: "up", PowerState: xen.Running, Host: "xen-2"}, {Name: "down"}} {
			if err := p.AddVM(s); err != nil {
				t.Fatal(err)
			}
		}
		w := login1(t, p)
		uuid := func(vm string) string { return w.must("VM.get_uuid", string(p.VMRef(vm))).(string) }
		before := p.SessionCount()
		for _, c := range []struct{ name, address, path, header, want string }{
			{"nobody", "10.0.0.1", "/host_rrd", "x: y", "HTTP/1.1 401 Unauthorised"},
			{"an unknown session", "10.0.0.1", "/host_rrd?session_id=OpaqueRef:x", "x: y", "HTTP/1.1 401 Unauthorised"},
			{"a pool secret", "10.0.0.1", "/host_rrd?pool_secret=x", "x: y", "HTTP/1.1 401 Unauthorised"},
			{"a wrong password", "10.0.0.1", "/host_rrd", basic("root", "x"), "HTTP/1.1 401 Unauthorised"},
			{"another scheme", "10.0.0.1", "/host_rrd", "Authorization: Bearer x", "HTTP/1.1 500 Internal Error"},
			{"root's password", "10.0.0.1", "/host_rrd", basic("root", "xenroot"), "HTTP/1.0 404 Not Found\r\nConnection: close\r\nCache-Control: no-cache, no-store\r\n\r\n"},
			{"a session", "10.0.0.1", "/rrd_updates?start=0&session_id=" + w.session, "x: y", "HTTP/1.0 404 Not Found"},
			{"a session in a cookie, at a member", "10.0.0.3", "/rrd_updates?start=0", "Cookie: a=b; session_id=" + w.session, "HTTP/1.0 404 Not Found"},
			{"no start", "10.0.0.1", "/rrd_updates", basic("reader", "r"), "HTTP/1.1 400 Bad Request\r\nConnection: close"},
			{"a role without the permission", "10.0.0.1", "/export?uuid=x", basic("reader", "r"), "HTTP/1.1 403 Forbidden"},
			{"a role with it", "10.0.0.1", "/export?uuid=x", basic("admin", "a"), "HTTP/1.1 500 Internal Error"},
			{"a reference of nothing", "10.0.0.1", "/export?ref=x", basic("root", "xenroot"), "HTTP/1.1 500 Internal Error"},
			{"the RRD of a VM elsewhere", "10.0.0.1", "/vm_rrd?uuid=" + uuid("up"), basic("root", "xenroot"), "HTTP/1.1 302 Found\r\nConnection: close\r\nCache-Control: no-cache, no-store\r\nLocation: https://10.0.0.2/vm_rrd?uuid=" + uuid("up") + "\r\n\r\n"},
			{"the RRD of a VM here", "10.0.0.2", "/vm_rrd?uuid=" + uuid("up"), basic("root", "xenroot"), "HTTP/1.0 404 Not Found"},
			{"packages of the coordinator", "10.0.0.1", "/updates", "x: y", "HTTP/1.1 401 Unauthorised"},
		} {
			if got := visitPage(t, p, c.address, c.path, c.header); !strings.HasPrefix(got, c.want) {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
		}
		if got := p.SessionCount(); got != before {
			t.Errorf("there are %d sessions, %d before", got, before)
		}
	})
}

// TestExport: what precedes an export is as in xapi, and ends the client's task.
func TestExport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: -1})
		for _, s := range []VMSpec{{Name: "up", PowerState: xen.Running, Host: "xen-2"}, {Name: "down"}} {
			if err := p.AddVM(s); err != nil {
				t.Fatal(err)
			}
		}
		w := login1(t, p)
		task := w.must("task.create", "export", "").(string)
		up := string(p.VMRef("up"))
		got := visitPage(t, p, "10.0.0.1", fmt.Sprintf("/export?session_id=%s&task_id=%s&ref=%s", w.session, task, up))
		if want := "VM_BAD_POWER_STATE: [ " + up + "; halted, suspended; running ]"; !strings.Contains(got, want) {
			t.Errorf("a running VM gets %q, want %q", got, want)
		}
		if got := wordsOf(w.must("task.get_error_info", task).(Set)); len(got) == 0 || got[0] != "VM_BAD_POWER_STATE" {
			t.Errorf("the task's error is %v", got)
		}
		for _, pbd := range w.must("host.get_PBDs", hostRefOf(p, "xen-1")).(Set) {
			w.must("PBD.unplug", pbd)
		}
		got = visitPage(t, p, "10.0.0.1", fmt.Sprintf("/export?session_id=%s&ref=%s", w.session, p.VMRef("down")))
		if !strings.HasPrefix(got, "HTTP/1.1 302 Found") || strings.Contains(got, "https://10.0.0.1/") {
			t.Errorf("where the disks are not there it answers %q", got)
		}
		if tasks := p.Tasks(); len(tasks) != 1 {
			t.Errorf("there are tasks %v, want only the client's", tasks)
		}
	})
}
