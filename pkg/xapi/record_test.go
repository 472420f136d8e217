package xapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// lines reads what was recorded.
func lines(t *testing.T, recorded string) (calls []xapi.RecordedCall) {
	t.Helper()
	for line := range strings.Lines(recorded) {
		var c xapi.RecordedCall
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		calls = append(calls, c)
	}
	return calls
}

// TestRecord reads back what was recorded of a few calls.
func TestRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		n := newNetwork(t, "a")
		n.set("a", master("P", "a", "a", once(1, "VM.start", failure("VM_BAD_POWER_STATE", "OpaqueRef:vm", "halted", "running"))))
		c := n.client(t, []string{"a"}, func(cfg *xapi.Config) { cfg.Record = &out })
		ctx := limited(t, time.Hour)
		s := mustSession(ctx, t, c)
		_ = c.Do(ctx, vm.Start(false, true).Request, nil)
		if _, err := s.Async(ctx, vm.Start(false, true).Request, map[string]string{"k": "v"}); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(ctx); err != nil {
			t.Fatal(err)
		}
		calls := lines(t, out.String())
		var methods []string
		for _, c := range calls {
			methods = append(methods, c.Method)
		}
		if want := []string{"session.login_with_password", "pool.get_all_records", "session.get_this_host", "host.get_address", "VM.start", "Async.VM.start", "session.logout"}; !slices.Equal(methods, want) {
			t.Fatalf("recorded %v", methods)
		}
		start, async := calls[4], calls[5]
		if start.Code != "VM_BAD_POWER_STATE" || start.Address != "http://a" || start.Protocol != xapi.ProtocolXML || start.Pool != "test" ||
			len(start.Params) != 3 || start.Params[0] != "OpaqueRef:vm" || start.Params[2] != true || !strings.Contains(start.Error, "halted, running") {
			t.Errorf("%+v", start)
		}
		if start.Bytes != int64(len(failure("VM_BAD_POWER_STATE", "OpaqueRef:vm", "halted", "running"))) || start.Reply != failure("VM_BAD_POWER_STATE", "OpaqueRef:vm", "halted", "running") {
			t.Errorf("%d bytes: %s", start.Bytes, start.Reply)
		}
		if async.Code != "OK" || async.Mark["k"] != "v" {
			t.Errorf("%+v", async)
		}
	})
}

// TestRecordHidesSecrets sends secrets of every kind, and has the server say them again.
func TestRecordHidesSecrets(t *testing.T) {
	canary := func(n int) string { return "canary-" + strings.Repeat("x", n) }
	config := xen.StringMap("server", "nas", "cifspassword", canary(1), "chappassword", canary(2))
	sr := xen.SRRef("OpaqueRef:sr")
	for name, req := range map[string]xen.Request{
		"change_password":      xen.SessionChangePassword(canary(1), canary(2)).Request,
		"a map with a secret":  {Method: "SR.create", Params: []any{xen.HostRef("OpaqueRef:h"), config, int64(1), "name"}},
		"a key and its value":  sr.AddToSMConfig("chappassword", canary(1)).Request,
		"a secret":             {Method: "secret.create", Params: []any{&xen.Secret{Value: canary(1)}}},
		"its value":            {Method: "secret.set_value", Params: []any{xen.SecretRef("OpaqueRef:s"), canary(1)}},
		"a session elsewhere":  {Method: "Async.VM.migrate_send", Params: []any{vm, xen.StringMap("host", "h", "session_id", canary(1)), true}},
		"a session":            {Method: "VM.recover", Params: []any{vm, xen.SessionRef("OpaqueRef:" + canary(1)), true}},
		"a URL with a user":    {Method: "VM.import", Params: []any{"http://root:" + canary(1) + "@nas/vm.xva", sr}},
		"a password of a pool": {Method: "Async.pool.join", Params: []any{"10.0.0.1", "root", canary(1)}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				n := newNetwork(t, "a")
				n.set("a", master("P", "a", "a", func(c fakeCall) string {
					if c.method == req.Method {
						return failure("INTERNAL_ERROR", "got "+strings.Join(c.params, ";"))
					}
					return ""
				}))
				c := n.client(t, []string{"a"}, func(cfg *xapi.Config) { cfg.Record = &out })
				err := c.Do(limited(t, time.Hour), req, nil)
				said := out.String() + err.Error()
				for _, secret := range []string{"canary", password, "OpaqueRef:session"} {
					if i := strings.Index(said, secret); i >= 0 {
						t.Errorf("%q is told: …%s…", secret, said[max(0, i-200):min(len(said), i+100)])
					}
				}
				if !strings.Contains(said, "<redacted>") || !strings.Contains(said, req.Method) {
					t.Errorf("is it looked at at all? %s", said)
				}
			})
		})
	}
}

// TestRecordHidesReplies has the server give out secrets.
func TestRecordHidesReplies(t *testing.T) {
	canary := "canary-1"
	for method, value := range map[string]string{
		"secret.get_all_records":    record("OpaqueRef:s", record("uuid", "u", "value", canary)),
		"host.migrate_receive":      record("host", "h", "session_id", canary),
		"PBD.get_device_config":     record("server", "nas", "cifspassword", canary),
		"Cluster.get_cluster_token": canary,
		"SR.get_sm_config":          record("url", "http://u:"+canary+"@h/", "CHAPsecret", canary),
		"VM.get_other_config":       record("long", strings.Repeat("y", 64<<10-400), "password", canary+strings.Repeat("z", 400)), // cut in the middle
	} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				n := newNetwork(t, "a")
				n.set("a", master("P", "a", "a", once(1, method, ok(value))))
				c := n.client(t, []string{"a"}, func(cfg *xapi.Config) { cfg.Record = &out })
				if err := c.Do(limited(t, time.Hour), xen.Request{Method: method, Params: []any{"OpaqueRef:x"}}, nil); err != nil {
					t.Fatal(err)
				}
				if said := out.String(); strings.Contains(said, "canary") {
					t.Error(said[max(0, len(said)-600):])
				}
				if calls := lines(t, out.String()); calls[4].Method != method || !strings.Contains(calls[4].Reply, "<redacted>") {
					t.Errorf("%.300v", calls[4])
				}
			})
		})
	}
}

// TestTraceParent sends the header where it is one, and leaves it out where it does not fit.
func TestTraceParent(t *testing.T) {
	type key struct{}
	parent := "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a")
		n.set("a", master("P", "a", "a"))
		c := n.client(t, []string{"a"}, func(cfg *xapi.Config) {
			cfg.TraceParent = func(ctx context.Context) string { text, _ := ctx.Value(key{}).(string); return text }
		})
		ctx := limited(t, time.Hour)
		s := mustSession(ctx, t, c)
		for sent, want := range map[string]string{"": "", parent: parent, "x\r\nInjected: y": ""} {
			if err := s.Do(context.WithValue(ctx, key{}, sent), vm.Start(false, false).Request, nil); err != nil {
				t.Fatal(err)
			}
			if got := n.last("a").header.Get("Traceparent"); got != want {
				t.Errorf("%q was sent for %q", got, sent)
			}
		}
		mark := map[string]string{"a": strings.Repeat("x", 850)}
		if _, err := s.Async(context.WithValue(ctx, key{}, parent), vm.Start(false, false).Request, mark); err != nil {
			t.Fatal(err)
		}
		if got := n.last("a").header; got.Get("Traceparent") != "" || len(got.Get("X-Http-Other-Config-A")) != 850 {
			t.Errorf("headers that are too long: %v", got)
		}
	})
}

// TestOutcomeUnknown carries everything that finds the call again.
func TestOutcomeUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a")
		n.set("a", master("P", "a", "a", once(1, "Async.VM.start_on", drop)))
		c := n.client(t, []string{"a"})
		ctx := limited(t, time.Hour)
		s := mustSession(ctx, t, c)
		time.Sleep(time.Minute) // virtual
		_, err := s.Async(ctx, vm.StartOn("OpaqueRef:host", false, false).Request, map[string]string{"id": "7"})
		lost, ok := errors.AsType[*xapi.OutcomeUnknownError](err)
		if !ok {
			t.Fatal(err)
		}
		if lost.Method != "Async.VM.start_on" || lost.Task != "Async.VM.start_on" || lost.Address != "http://a" || lost.Epoch != 1 || lost.Mark["id"] != "7" ||
			!slices.Equal(lost.Refs, []string{"OpaqueRef:vm", "OpaqueRef:host"}) || !lost.Sent.Equal(time.Now()) {
			t.Errorf("%+v", lost)
		}
	})
}

// TestLabels invents methods and codes: metrics do not grow with them.
func TestLabels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		n := newNetwork(t, "a")
		var code int
		n.set("a", master("P", "a", "a", func(c fakeCall) string {
			if c.method != "VM.start" {
				return ""
			}
			code++
			return failure("CODE_" + strings.Repeat("X", code%70) + strings.Repeat("Y", code/70))
		}))
		c := n.client(t, []string{"a"}, func(cfg *xapi.Config) { cfg.Metrics = xapi.NewMetrics(registry) })
		ctx := limited(t, time.Hour)
		mustSession(ctx, t, c)
		before := testutil.CollectAndCount(registry, "xencontroller_xapi_requests_total")
		for _, method := range []string{"VM.no_such_method", "Unheard.of", "VM.start<script>", "nonsense", "VM." + strings.Repeat("x", 100)} {
			_ = c.Do(ctx, xen.Request{Method: method}, nil)
		}
		if got := testutil.CollectAndCount(registry, "xencontroller_xapi_requests_total") - before; got > 2 { // other, refused by the server or by us
			t.Errorf("invented methods made %d series", got)
		}
		for range 2000 {
			_ = c.Do(ctx, vm.Start(false, false).Request, nil)
		}
		if got := testutil.CollectAndCount(registry, "xencontroller_xapi_requests_total") - before; got > 260 {
			t.Errorf("invented codes made %d series", got)
		}
	})
}
