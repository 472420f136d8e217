package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/test/conformance/suite"
)

// The simulator is an XAPI server, in each release, and nothing is left behind.
func TestSimulator(t *testing.T) {
	for _, version := range []string{"8.2", "24.19", "26"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			pool := simulator.Start(t, simulator.Model{VMs: 4, Version: version})
			before := pool.State()
			client := &http.Client{Transport: &http.Transport{DialContext: pool.Dial, DisableKeepAlives: true}}
			cfg := suite.Config{Caller: &suite.Caller{URL: pool.URLs()[0], Client: client}, Username: "root", Password: "xenroot"}
			suite.Play(t.Context(), cfg, suite.Cases(), func(o suite.Outcome) {
				if o.Left != "" || o.Err != nil {
					t.Errorf("%s: %s%v", o.Case, o.Left, o.Err)
				}
			})
			after := pool.State()
			if len(after.Tasks) != len(before.Tasks) || len(after.Sessions) != len(before.Sessions) || !reflect.DeepEqual(after.VMs, before.VMs) {
				t.Errorf("%d tasks and %d sessions are left, and of VMs\n%+v", len(after.Tasks), len(after.Sessions), after.VMs)
			}
		})
	}
}

// A VM that may be used is used in place of one that the suite makes.
func TestAllowedVM(t *testing.T) {
	pool := simulator.Start(t, simulator.Model{VMs: 4})
	client := &http.Client{Transport: &http.Transport{DialContext: pool.Dial, DisableKeepAlives: true}}
	cfg := suite.Config{Caller: &suite.Caller{URL: pool.URLs()[0], Client: client}, Username: "root", Password: "xenroot", AllowVM: "app-1"}
	starts := slices.DeleteFunc(suite.Cases(), func(c suite.Case) bool { return !c.StartsVM })
	suite.Play(t.Context(), cfg, starts, func(o suite.Outcome) {
		if o.Err != nil {
			t.Errorf("%s: %v", o.Case, o.Err)
		}
	})
	if calls := pool.Calls(); calls["VM.create"] > 0 || calls["VM.start"] == 0 || pool.PowerState("app-1") != "Halted" {
		t.Errorf("VM.create was called %d times, VM.start %d, and app-1 is %s", calls["VM.create"], calls["VM.start"], pool.PowerState("app-1"))
	}
	cfg.AllowVM = "web-1" // which runs
	suite.Play(t.Context(), cfg, starts[:1], func(o suite.Outcome) {
		if o.Err == nil {
			t.Error("a VM that runs was used")
		}
	})
}

// A server that answers wrongly is found out: each of these lies is told by the case that is named.
func TestLiesAreFound(t *testing.T) {
	nothing := func(simulator.Invocation) (any, error) { return nil, nil }
	broken := func(i simulator.Invocation) (any, error) { return nil, i.Fail("INTERNAL_ERROR") }
	always := func(v any) simulator.Handler { return func(simulator.Invocation) (any, error) { return v, nil } }
	for _, lie := range []struct {
		message string
		handler simulator.Handler
		told    string
	}{
		{"session.logout", nothing, "login/logout ends the session"},
		{"session.logout", nothing, "session/one ends without the other"},
		{"session.logout", nothing, "json/a session is good on both"},
		{"session.get_originator", always("x"), "session/knows who made it"},
		{"host.get_uuid", always("x"), "objects/lists, records and getters agree"},
		{"pool.get_master", always("OpaqueRef:NULL"), "objects/one pool, whose master is a host"},
		{"secret.set_value", broken, "objects/make, change, destroy"},
		{"secret.get_value", always("conformance"), "objects/make, change, destroy"},
		{"secret.get_value", always("conformance"), "strings/come back as they went"},
		{"secret.get_uuid", always("x"), "objects/the record is its fields"},
		{"secret.get_all_records_where", always(simulator.Map{}), "objects/where"},
		{"secret.add_to_other_config", nothing, "maps/keys"},
		{"secret.set_other_config", nothing, "maps/as a whole"},
		{"task.set_status", nothing, "tasks/made by a client"},
		{"task.destroy", nothing, "tasks/made by a client"},
		{"task.add_to_other_config", nothing, "tasks/notes of a client"},
		{"VM.start", nothing, "tasks/a failure is in the task"},
		{"secret.create", broken, "tasks/a result is in the task"},
		{"task.set_progress", nothing, "events/from tells everything once, then what changed"},
		{"event.from", always(simulator.Map{}), "events/from waits as long as it is asked to"},
		{"event.from", always(simulator.Map{}), "events/from of one object"},
		{"event.from", always(simulator.Map{}), "events/from counts what there is"},
		{"event.register", nothing, "events/next tells what happened since"},
		{"task.set_status", nothing, "events/next tells a life in order"},
		{"event.next", nothing, "events/next ends with its session"},
		{"event.unregister", nothing, "events/unregister"},
		{"VM.destroy", nothing, "vm/made, changed and destroyed"},
		{"VM.add_tags", nothing, "vm/made, changed and destroyed"},
		{"VM.pause", nothing, "vm/start, pause, unpause, stop"},
		{"VM.hard_shutdown", broken, "vm/asynchronous start and stop"},
		{"VM.hard_shutdown", broken, "vm/its events tell its power state"},
		{"VM.get_possible_hosts", always(simulator.Set{}), "vm/where it may run"},
	} {
		t.Run(lie.message+" "+lie.told, func(t *testing.T) {
			t.Parallel()
			pool := simulator.Start(t, simulator.Model{VMs: 4})
			play := func() (err error) {
				client := &http.Client{Transport: &http.Transport{DialContext: pool.Dial, DisableKeepAlives: true}}
				cfg := suite.Config{Caller: &suite.Caller{URL: pool.URLs()[0], Client: client}, Username: "root", Password: "xenroot", Patience: 10 * time.Second}
				one := slices.DeleteFunc(suite.Cases(), func(c suite.Case) bool { return c.Name != lie.told })
				suite.Play(t.Context(), cfg, one, func(o suite.Outcome) { err = o.Err })
				return err
			}
			if err := play(); err != nil {
				t.Fatalf("it fails for the truth too: %v", err)
			}
			if _, err := pool.Handle(lie.message, lie.handler); err != nil {
				t.Fatal(err)
			}
			if err := play(); err == nil {
				t.Error("the case did not notice")
			}
		})
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
	before := pool.State()
	var out bytes.Buffer
	if code := run(t.Context(), []string{"--url", pool.URLs()[0], "--password-file", password}, &out, io.Discard); code != 0 {
		t.Errorf("exit code %d:\n%s", code, &out)
	}
	if !strings.Contains(out.String(), "0 failed, 0 left out") {
		t.Errorf("the last line is not what it should be:\n%s", &out)
	}
	started := pool.Calls()["VM.start"]
	if code := run(t.Context(), []string{"--url", pool.URLs()[0], "--password-file", password, "--no-start"}, &out, io.Discard); code != 0 {
		t.Errorf("without starting a VM: exit code %d:\n%s", code, &out)
	}
	if again := pool.Calls()["VM.start"] - started; again > 3 { // those of the dispatcher's cases, which touch nothing
		t.Errorf("VM.start was called %d times where no VM is to be started", again)
	}
	if after := pool.State(); !reflect.DeepEqual(after.VMs, before.VMs) {
		t.Errorf("VMs have changed:\n%+v\nwere\n%+v", after.VMs, before.VMs)
	}
	if code := run(t.Context(), []string{"--url", pool.URLs()[0]}, io.Discard, io.Discard); code != 2 {
		t.Errorf("without a password: exit code %d", code)
	}
}
