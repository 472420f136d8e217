package xapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// output collects everything that a client says.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write makes it a place for records.
func (o *output) Write(p []byte) (int, error) {
	o.add(string(p))
	return len(p), nil
}

func (o *output) add(parts ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	fmt.Fprintln(&o.text, parts...)
}

// TestNoSecretIsTold makes servers repeat the password and the session's reference wherever they can, and looks for them
// in all errors, printed in every way, in the log at its highest verbosity, in the metrics, in what is recorded, in
// transitions, and in the file that remembers the pool.
func TestNoSecretIsTold(t *testing.T) {
	for _, protocol := range []xapi.Protocol{xapi.ProtocolXML, xapi.ProtocolJSON} {
		t.Run(string(protocol), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { tellNoSecret(t, protocol) })
		})
	}
}

func tellNoSecret(t *testing.T, protocol xapi.Protocol) {
	var out output
	state := filepath.Join(t.TempDir(), "state.json")
	registry := prometheus.NewRegistry()
	loud := func(cfg *xapi.Config) {
		cfg.Protocol, cfg.Record, cfg.StateFile = protocol, &out, state
		cfg.OnTransition = func(t xapi.Transition) { out.add(fmt.Sprintf("%v %+v %#v", t, t, t), t.Err) }
		cfg.Log = funcr.New(func(prefix, args string) { out.add(prefix, args) }, funcr.Options{Verbosity: 100})
		cfg.Metrics = xapi.NewMetrics(registry)
	}
	n := newNetwork(t, "a", "b")
	tell := func(err error) {
		if err == nil {
			t.Error("no error to look at")
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			out.add(fmt.Sprintf("%v %+v %#v", e, e, e))
		}
	}
	failure := func(words ...string) string {
		if protocol == xapi.ProtocolXML {
			return failure(words...)
		}
		text, err := json.Marshal(words)
		if err != nil {
			t.Error(err)
		}
		return `{"jsonrpc":"2.0","error":` + string(text) + `,"id":0}`
	}
	echo := func(c fakeCall) string {
		return failure("INTERNAL_ERROR", "Expected string, got S("+strings.Join(c.params, ";")+")")
	}
	n.set("a", speaking(string(protocol)+" 2.0", func(c fakeCall) string {
		switch c.method {
		case "VM.start":
			return failure("SESSION_INVALID", c.params[0])
		case "VM.set_name_label", "Async.VM.start":
			return echo(c)
		case "VM.get_power_state":
			return "<html>" + c.params[0]
		}
		return ""
	}))
	n.set("b", echo)
	c := n.client(t, []string{"a"}, loud)
	ctx := limited(t, time.Hour)
	s := mustSession(ctx, t, c)
	out.add(fmt.Sprintf("%v %+v %#v %+v", s, s, s, struct{ inner any }{s}))
	synctest.Wait() // printing reads every field, so nobody may write one
	out.add(fmt.Sprintf("%+v %#v", c, c))
	tell(c.Do(ctx, vm.SetNameLabel("x").Request, nil))
	_, err := c.Current().Async(ctx, vm.Start(false, false).Request, map[string]string{"vm": "u"})
	tell(err)
	tell(c.Do(ctx, vm.GetPowerState().Request, new(xen.PowerState)))
	tell(c.Do(ctx, vm.Start(false, false).Request, nil))
	n.set("a", always(failure("HOST_IS_SLAVE", "b")))
	c.Invalidate(c.Current(), xen.SessionInvalid)
	short, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	_, err = c.Session(short)
	tell(err)
	_ = c.Close(ctx)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out.add(families)
	out.add(readFile(t, state))

	said := out.text.String()
	for _, secret := range []string{password, "OpaqueRef:session"} {
		if i := strings.Index(said, secret); i >= 0 {
			t.Errorf("%q is told: …%s…", secret, said[max(0, i-200):min(len(said), i+100)])
		}
	}
	for _, expected := range []string{"<redacted>", "xencontroller_xapi_requests_total", `"method"="VM.start"`, "lost the master", `"method":"Async.VM.start"`, `"master": "http://a"`} {
		if !strings.Contains(said, expected) {
			t.Errorf("the output lacks %q: is it looked at at all?", expected)
		}
	}
}

// TestUnreadableReply hides references in what the decoder says of a reply: it may have been that of a login.
func TestUnreadableReply(t *testing.T) {
	err := &xapi.ReplyError{Address: "http://a", Method: "session.login_with_password", Protocol: xapi.ProtocolJSON, Err: errors.New("byte 7: OpaqueRef:0-1-2 is no number")}
	if got := err.Error(); got != "http://a: session.login_with_password: JSON-RPC: byte 7: <redacted> is no number" {
		t.Error(got)
	}
}
