package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/test/conformance/suite"
)

// The simulator is an XAPI server, in each release, and nothing is left behind.
func TestSimulator(t *testing.T) {
	for _, version := range []string{"8.2", "24.19", "26"} {
		pool := simulator.Start(t, simulator.Model{VMs: 4, Version: version})
		before := pool.State()
		client := &http.Client{Transport: &http.Transport{DialContext: pool.Dial, DisableKeepAlives: true}}
		cfg := suite.Config{Caller: &suite.Caller{URL: pool.URLs()[0], Client: client}, Username: "root", Password: "xenroot", AllowVM: "app-1"}
		suite.Play(t.Context(), cfg, suite.Cases(), func(o suite.Outcome) {
			t.Run(version+"/"+o.Case, func(t *testing.T) {
				if o.Left != "" {
					t.Skip(o.Left)
				}
				if o.Err != nil {
					t.Error(o.Err)
				}
			})
		})
		after := pool.State()
		if len(after.Tasks) != len(before.Tasks) || len(after.Sessions) != len(before.Sessions) || pool.PowerState("app-1") != "Halted" {
			t.Errorf("%s: %d tasks and %d sessions are left, and app-1 is %s", version, len(after.Tasks), len(after.Sessions), pool.PowerState("app-1"))
		}
	}
}

// A server that answers wrongly is found out: each of these lies is told by a case.
func TestLiesAreFound(t *testing.T) {
	for message, lie := range map[string]simulator.Handler{
		"session.logout":             func(simulator.Invocation) (any, error) { return nil, nil },
		"secret.get_value":           func(simulator.Invocation) (any, error) { return "conformance", nil },
		"task.set_status":            func(simulator.Invocation) (any, error) { return nil, nil },
		"VM.pause":                   func(simulator.Invocation) (any, error) { return nil, nil },
		"pool.get_master":            func(simulator.Invocation) (any, error) { return "OpaqueRef:NULL", nil },
		"host.get_uuid":              func(simulator.Invocation) (any, error) { return "x", nil },
		"VM.get_record":              func(i simulator.Invocation) (any, error) { return nil, i.Fail("INTERNAL_ERROR") },
		"secret.set_value":           func(i simulator.Invocation) (any, error) { return nil, i.Fail("INTERNAL_ERROR") },
		"VM.hard_shutdown":           func(i simulator.Invocation) (any, error) { return nil, i.Fail("INTERNAL_ERROR") },
		"task.destroy":               func(simulator.Invocation) (any, error) { return nil, nil },
		"secret.add_to_other_config": func(simulator.Invocation) (any, error) { return nil, nil },
	} {
		pool := simulator.Start(t, simulator.Model{VMs: 4})
		if _, err := pool.Handle(message, lie); err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Transport: &http.Transport{DialContext: pool.Dial, DisableKeepAlives: true}}
		cfg := suite.Config{Caller: &suite.Caller{URL: pool.URLs()[0], Client: client}, Username: "root", Password: "xenroot", AllowVM: "app-1", Patience: 1}
		found := false
		suite.Play(t.Context(), cfg, suite.Cases(), func(o suite.Outcome) { found = found || o.Err != nil })
		if !found {
			t.Errorf("no case noticed a wrong %s", message)
		}
	}
}

func TestCommand(t *testing.T) {
	pool := simulator.Start(t, simulator.Model{VMs: 4})
	if err := pool.Listen("http://127.0.75.1:0"); err != nil {
		t.Fatal(err)
	}
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("xenroot\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if code := run(t.Context(), []string{"--url", pool.URLs()[0], "--password-file", password}, &out, io.Discard); code != 0 {
		t.Errorf("exit code %d:\n%s", code, &out)
	}
	if !strings.Contains(out.String(), "0 failed, 2 left out") {
		t.Errorf("the last line is not what it should be:\n%s", &out)
	}
	if started := pool.Calls()["VM.start"] + pool.Calls()["VM.pause"]; started > 2 { // those of the dispatcher's cases, which touch nothing
		t.Errorf("VMs were touched %d times", started)
	}
	if code := run(t.Context(), []string{"--url", pool.URLs()[0]}, io.Discard, io.Discard); code != 2 {
		t.Errorf("without a password: exit code %d", code)
	}
}
