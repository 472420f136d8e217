package xapi_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// speaking makes a master that answers calls as of protocols: "2.0", "1.0" of JSON-RPC, "xml". Others get what xapi
// answers to something that it cannot read. Calls that more knows are its own.
func speaking(protocols string, more ...func(fakeCall) string) func(fakeCall) string {
	xml := master("P", "a", "a")
	return func(c fakeCall) string {
		protocol := c.json
		if protocol == "" {
			protocol = "xml"
		}
		if !strings.Contains(protocols, protocol) {
			return refused
		}
		for _, m := range more {
			if text := m(c); text != "" {
				return text
			}
		}
		if c.json == "" {
			return xml(c)
		}
		switch c.method {
		case "session.login_with_password":
			return inJSON(`"OpaqueRef:session-a-1"`)
		case "pool.get_all_records":
			return inJSON(`{"OpaqueRef:pool":{"uuid":"P","master":"OpaqueRef:host-a"}}`)
		case "session.get_this_host":
			return inJSON(`"OpaqueRef:host-a"`)
		case "host.get_address":
			return inJSON(`"a"`)
		case "VM.get_power_state":
			return inJSON(`"Running"`)
		}
		return inJSON(`""`)
	}
}

func inJSON(value string) string { return `{"jsonrpc":"2.0","result":` + value + `,"id":1}` }

// TestProtocolIsFound connects to hosts that speak different things: which protocol the calls go through in the end, and
// how many logins it takes to find out.
func TestProtocolIsFound(t *testing.T) {
	for _, tt := range []struct {
		protocol xapi.Protocol
		host     string
		want     string // protocol of the call; empty: there is no way
		logins   int
	}{
		{xapi.ProtocolAuto, "2.0 1.0 xml", "2.0", 1},
		{"", "2.0 1.0 xml", "2.0", 1},
		{xapi.ProtocolAuto, "1.0 xml", "1.0", 2},
		{xapi.ProtocolAuto, "xml", "", 3},
		{xapi.ProtocolXML, "2.0 1.0 xml", "", 1},
		{xapi.ProtocolJSON, "2.0 1.0 xml", "2.0", 1},
		{xapi.ProtocolJSON, "1.0 xml", "1.0", 2},
	} {
		t.Run(string(tt.protocol)+" with "+tt.host, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t, "a")
				n.set("a", speaking(tt.host))
				c := n.client(t, []string{"a"}, func(cfg *xapi.Config) { cfg.Protocol = tt.protocol })
				ctx := limited(t, time.Hour)
				state, err := xapi.Call(ctx, c, vm.GetPowerState())
				if state != xen.Running || err != nil {
					t.Fatal(state, err)
				}
				if got := n.last("a").json; got != tt.want {
					t.Errorf("the call went as %q", got)
				}
				if got := n.called("a", "session.login_with_password"); got != tt.logins {
					t.Errorf("%d logins", got)
				}
				c.Invalidate(c.Current(), errors.New("gone"))
				mustSession(ctx, t, c)
				if got := n.called("a", "session.login_with_password"); got != tt.logins+1 {
					t.Errorf("%d logins the next time: what was found out is forgotten", got-tt.logins)
				}
			})
		})
	}
}

// TestProtocolOfOtherServers connects to servers that know XML-RPC only and have their own ways to say so.
func TestProtocolOfOtherServers(t *testing.T) {
	fault := `<?xml version="1.0"?><methodResponse><fault><value><string>not well-formed</string></value></fault></methodResponse>`
	for name, answer := range map[string]string{
		"xapi's page": refused, "a web page": page, "no answer": drop, "half an answer": cut, "a fault in XML": fault, "nothing": "",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t, "a")
				xml := master("P", "a", "a")
				n.set("a", func(c fakeCall) string {
					if c.json != "" {
						return answer
					}
					return xml(c)
				})
				c := n.client(t, []string{"a"})
				began := time.Now()
				if state, err := xapi.Call(limited(t, time.Hour), c, vm.GetPowerState()); state != xen.Running || err != nil {
					t.Error(state, err)
				}
				if took := time.Since(began); took > 3*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// TestProtocolIsRefused asks a host for the one thing that it does not speak: an error that says so, not a search for ever.
func TestProtocolIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a")
		n.set("a", speaking("xml"))
		c := n.client(t, []string{"a"}, func(cfg *xapi.Config) { cfg.Protocol = xapi.ProtocolJSON })
		_, err := c.Session(limited(t, 10*time.Second))
		if refusal, ok := errors.AsType[*xapi.HTTPError](err); !ok || !strings.Contains(refusal.Error(), "Malformed_method_request") {
			t.Error(err)
		}
	})
}

// TestProtocolFallsOver breaks the replies of one method in one protocol. It goes through the other from then on, alone,
// and that is told once. A changing call is not made again.
func TestProtocolFallsOver(t *testing.T) {
	list, start := xen.VMGetAllRecords().Request, vm.Start(false, false).Request
	goodXML := ok(record("OpaqueRef:vm", record("uuid", "u", "name_label", "web-1")))
	goodJSON := inJSON(`{"OpaqueRef:vm":{"uuid":"u","name_label":"web-1"}}`)
	for name, tt := range map[string]struct {
		prefer xapi.Protocol
		req    xen.Request
		xml    string
		json   string
		first  string // what became of the first call
		second string
		told   string
	}{
		"JSON is cut":             {xapi.ProtocolAuto, list, goodXML, goodJSON[:60], "ok", "ok", "protocol a xml VM.get_all_records"},
		"JSON is nonsense":        {xapi.ProtocolAuto, list, goodXML, inJSON(`{"OpaqueRef:vm":{"uuid":"u","name_label":"a\x"}}`), "ok", "ok", "protocol a xml VM.get_all_records"},
		"both are broken":         {xapi.ProtocolAuto, list, goodXML[:200], goodJSON[:60], "unreadable", "unreadable", "protocol a xml VM.get_all_records"},
		"JSON of a change is cut": {xapi.ProtocolAuto, start, ok(""), inJSON(`""`)[:20], "unknown", "ok", "protocol a xml VM.start"},
		"only JSON is allowed":    {xapi.ProtocolJSON, list, goodXML, goodJSON[:60], "unreadable", "unreadable", ""},
		"only XML is allowed":     {xapi.ProtocolXML, list, goodXML[:200], goodJSON, "unreadable", "unreadable", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				registry := prometheus.NewRegistry()
				var told story
				n := newNetwork(t, "a")
				n.set("a", speaking("2.0 xml", func(c fakeCall) string {
					switch {
					case c.method != tt.req.Method:
						return ""
					case c.json != "":
						return tt.json
					}
					return tt.xml
				}))
				c := n.client(t, []string{"a"}, func(cfg *xapi.Config) {
					cfg.Protocol, cfg.OnTransition, cfg.Metrics = tt.prefer, told.add, xapi.NewMetrics(registry)
				})
				ctx := limited(t, time.Hour)
				s := mustSession(ctx, t, c)
				for i, want := range []string{tt.first, tt.second, tt.second} {
					var into any
					if tt.req.Method == list.Method {
						into = &xen.ObjectList{}
					}
					if got := outcomeOf(s.Do(ctx, tt.req, into)); got != want {
						t.Errorf("call %d: %s, want %s", i+1, got, want)
					}
				}
				if state, err := xapi.Call(ctx, s, vm.GetPowerState()); state != xen.Running || err != nil || (n.last("a").json == "") != (tt.prefer == xapi.ProtocolXML) {
					t.Errorf("another method: %v, %v, as %q", state, err, n.last("a").json)
				}
				want, count := []string{"found a"}, "0"
				if tt.told != "" {
					want, count = append(want, tt.told), "1"
				}
				told.want(t, want...)
				compare(t, registry, `
# HELP xencontroller_xapi_protocol_switches_total Methods whose replies could not be read in one protocol (from) and go through the other since.
# TYPE xencontroller_xapi_protocol_switches_total counter
xencontroller_xapi_protocol_switches_total{from="json",pool="test"} `+count+`
xencontroller_xapi_protocol_switches_total{from="xml",pool="test"} 0
`, "xencontroller_xapi_protocol_switches_total")
			})
		})
	}
}

func outcomeOf(err error) string {
	if _, unknown := errors.AsType[*xapi.OutcomeUnknownError](err); unknown {
		return "unknown"
	}
	if _, unreadable := errors.AsType[*xapi.ReplyError](err); unreadable {
		return "unreadable"
	}
	if err != nil {
		return err.Error()
	}
	return "ok"
}

// TestProtocolWhereThereWasXAPI puts a web server in the place of a host, and then a host again that speaks less.
func TestProtocolWhereThereWasXAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a")
		n.set("a", speaking("2.0 xml"))
		c := n.client(t, []string{"a"}, func(cfg *xapi.Config) { cfg.Protocol = xapi.ProtocolAuto })
		ctx := limited(t, time.Hour)
		s := mustSession(ctx, t, c)
		n.set("a", always(page))
		wantError[*xapi.NotXAPIError](t, s.Do(ctx, vm.GetPowerState().Request, nil))
		n.set("a", speaking("xml"))
		if state, err := xapi.Call(ctx, c, vm.GetPowerState()); state != xen.Running || err != nil {
			t.Error(state, err)
		}
	})
}

// TestProtocolsOfAPool does the same work through each protocol with each release: lists, a failure, a task with its
// mark, events in both ways, and a key that makes XML ill-formed.
func TestProtocolsOfAPool(t *testing.T) {
	for _, version := range []string{"8.2", "24.19", "26"} {
		for _, protocol := range []xapi.Protocol{xapi.ProtocolXML, xapi.ProtocolJSON, xapi.ProtocolAuto} {
			t.Run(version+" "+string(protocol), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { useProtocol(t, version, protocol) })
			})
		}
	}
}

func useProtocol(t *testing.T, version string, protocol xapi.Protocol) {
	pool := simulator.Start(t, simulator.Model{Version: version})
	c := dialPool(t, pool, 1, func(cfg *xapi.Config) { cfg.Protocol = protocol })
	ctx := limited(t, time.Hour)
	s := mustSession(ctx, t, c)
	ref := pool.VMRef("app-1")
	if _, err := xapi.Call(ctx, s, xen.EventRegister([]string{"vm"})); err != nil {
		t.Fatal(err)
	}
	if _, err := xapi.Call(ctx, s, ref.AddToOtherConfig(`a&b<c>"d"`, "é")); err != nil {
		t.Fatal(err)
	}
	list, err := xapi.Call(ctx, s, xen.GetAllRecords(xen.ClassVM))
	if err != nil || len(list.Objects) < 20 || len(list.Skipped) > 0 {
		t.Fatalf("%d objects, %d skipped, %v", len(list.Objects), len(list.Skipped), err)
	}
	for _, o := range list.Objects {
		if app := o.Record.(*xen.VM); o.Ref == string(ref) {
			if value, _ := app.OtherConfig.Get(`a&b<c>"d"`); value != "é" {
				t.Errorf("other_config is %v", app.OtherConfig)
			}
		}
	}
	if err := s.Do(ctx, pool.VMRef("web-1").Start(false, false).Request, nil); !errors.Is(err, xen.VMBadPowerState) || !strings.HasPrefix(err.Error(), "VM.start: VM_BAD_POWER_STATE [") {
		t.Errorf("a failure: %v", err)
	}
	task, err := s.Async(ctx, ref.Start(false, false).Request, map[string]string{"id": "7"})
	if err != nil {
		t.Fatal(err)
	}
	record, err := xapi.Call(ctx, s, task.GetRecord())
	if mark, _ := record.OtherConfig.Get("http:id"); mark != "7" || err != nil {
		t.Errorf("the task's other_config is %v, %v", record.OtherConfig, err)
	}
	if events, err := s.NextEvents(ctx); err != nil || len(events) == 0 || events[0].Class != xen.ClassVM || events[0].Snapshot == nil {
		t.Errorf("event.next: %d events, %v", len(events), err)
	}
	batch, err := xapi.Call(ctx, s, xen.EventFrom([]string{"vm"}, "", 1))
	if err != nil || len(batch.Events) < 20 || batch.Token == "" {
		t.Errorf("event.from: %d events, token %q, %v", len(batch.Events), batch.Token, err)
	}
	if _, err := xapi.Call(ctx, s, task.Destroy()); err != nil {
		t.Error(err)
	}
}
