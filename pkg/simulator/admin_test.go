package simulator

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// TestAdminHandler goes through every endpoint: what it answers, and what became of the pool.
func TestAdminHandler(t *testing.T) {
	p := Start(t, Model{})
	admin := p.AdminHandler()
	for _, c := range []struct {
		request string
		status  int
		words   string
	}{
		{"GET /", 200, "POST /vm/NAME/halt"},
		{"GET /state", 200, `"name": "web-1"`},
		{"POST /vm/web-1/halt", 200, `"done": true`},
		{"POST /vm/web-1/halt", 409, "VM_BAD_POWER_STATE"},
		{"POST /vm/web-1/start", 200, `"done": true`},
		{"POST /vm/web-1/pause", 200, `"done": true`},
		{"POST /vm/web-1/unpause", 200, `"done": true`},
		{"POST /vm/web-1/suspend", 200, `"done": true`},
		{"POST /vm/web-1/resume", 200, `"done": true`},
		{"POST /vm/web-1/migrate", 409, "migrate?host=HOST"},
		{"POST /vm/web-1/migrate?host=nope", 409, `no host \"nope\"`},
		{"POST /vm/web-1/migrate?host=xen-2", 200, `"done": true`},
		{"POST /vm/nope/halt", 409, `no VM \"nope\"`},
		{"POST /vm/db-1/power-off", 200, `"done": true`},
		{"POST /host/xen-3/disable", 200, `"done": true`},
		{"POST /host/xen-3/enable", 200, `"done": true`},
		{"POST /host/xen-3/stop", 200, `"done": true`},
		{"POST /host/xen-3/start", 200, `"done": true`},
		{"POST /fault/lose-events", 200, `"done": true`},
		{"POST /fault/drop-connections", 200, `"done": true`},
		{"GET /vm/web-1/halt", 405, "takes POST"},
		{"POST /state", 405, "takes GET"},
		{"GET /fault/meteor", 404, "there is no /fault/meteor"},
		{"POST /fault/kill-master?promote=nope", 409, `no host \"nope\"`},
		{"POST /fault/kill-master?promote=xen-2", 200, `"done": true`},
		{"POST /fault/kill-host", 409, `which one?`},
		{"POST /fault/kill-host?host=xen-3", 200, `"done": true`},
		{"POST /fault/kill-host?host=xen-3", 409, `dead already`},
		{"POST /fault/start-host?host=xen-3", 200, `"done": true`},
		{"POST /fault/start-host?host=xen-2", 409, `up already`},
		{"POST /fault/crash-xapi?host=xen-3", 200, `"done": true`},
		{"POST /fault/designate?host=xen-9", 409, `no host`},
		{"POST /fault/clock?host=xen-3&skew=much", 409, `by how much?`},
		{"POST /fault/clock?host=xen-3&skew=-90s", 200, `"done": true`},
	} {
		method, target, _ := strings.Cut(c.request, " ")
		rec := httptest.NewRecorder()
		admin.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), method, target, nil))
		if rec.Code != c.status || !strings.Contains(rec.Body.String(), c.words) {
			t.Errorf("%s answers %d %s; want %d with %s", c.request, rec.Code, rec.Body, c.status, c.words)
		}
	}
	if p.HostOf("web-1") != "xen-2" || p.PowerState("db-1") != xen.Halted {
		t.Errorf("web-1 is on %s, db-1 is %s", p.HostOf("web-1"), p.PowerState("db-1"))
	}
	rec := httptest.NewRecorder()
	admin.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/state", nil))
	var s State
	if err := json.Unmarshal(rec.Body.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	if s.Pool.Master != "xen-2" || len(s.Hosts) != 3 || s.Hosts[0].Answers != "down" || len(s.VMs) != 21 {
		t.Errorf("master %s, hosts %+v, %d VMs; want xen-2, the first of three down, 21", s.Pool.Master, s.Hosts, len(s.VMs))
	}
	if strings.Contains(rec.Body.String(), "OpaqueRef:") {
		t.Error("the state shows references, which may be those of sessions")
	}
}
