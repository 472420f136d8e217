package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi"
)

// listening is a pool of two on https sockets.
func listening(t *testing.T) *simulator.Pool {
	t.Helper()
	pool, err := simulator.New(simulator.Model{Hosts: 2, VMs: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if err := pool.Listen("https://127.0.46.1:0"); err != nil {
		t.Fatal(err)
	}
	return pool
}

// TestConnectionFlags gets something from a pool with every flag that says how to reach it, and looks at what they left
// behind. The password comes from a program.
func TestConnectionFlags(t *testing.T) {
	pool := listening(t)
	known, record := filepath.Join(t.TempDir(), "known"), filepath.Join(t.TempDir(), "calls.jsonl")
	password := write(t, "password", "xenroot\n")
	args := []string{
		"get", "hosts", "-o", "name", "--pool", pool.URLs()[1], "--password-command", "cat " + password, "--tls-known-hosts", known,
		"--record", record, "--calls-per-second", "100", "--max-calls", "4", "-vvv", // get is quiet: one v more than run
	}
	for range 2 {
		stdout, stderr, code := runCommand(t, nil, args...)
		if code != exitOK || !strings.Contains(stdout, "xen-1") || !strings.Contains(stdout, "xen-2") {
			t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
		}
		if !strings.Contains(stderr, `"method": "session.login_with_password", "params": `) || !strings.Contains(stderr, `redacted`) {
			t.Errorf("parameters are not logged: %s", stderr)
		}
		if strings.Contains(stdout+stderr, "xenroot") {
			t.Error("the password is shown")
		}
	}
	text, err := os.ReadFile(known)
	if err != nil || strings.Count(string(text), "https://127.0.46.") != 2 {
		t.Errorf("%s, %v", text, err)
	}
	calls, err := os.ReadFile(record)
	if err != nil || strings.Contains(string(calls), "xenroot") {
		t.Errorf("the record cannot be read, or holds the password: %v", err)
	}
	logouts := 0
	for line := range strings.Lines(string(calls)) {
		var c xapi.RecordedCall
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		if c.Method == "session.logout" {
			logouts++
		}
	}
	if logouts != 2 {
		t.Errorf("%d logouts recorded", logouts)
	}
}

// TestConnectionFlagsThatExclude each other, or make no sense, are mistakes of usage.
func TestConnectionFlagsThatExclude(t *testing.T) {
	good := []string{"get", "hosts", "--pool", "https://127.0.46.9:1", "--password-file", write(t, "password", "x")}
	for _, tt := range []struct {
		more []string
		want string
	}{
		{[]string{"--password-command", "cat x"}, "give only one of --password-file and --password-command"},
		{[]string{"--tls-known-hosts", "x", "--ca-file", "y"}, "give only one of --ca-file"},
		{[]string{"--protocol", "soap"}, `protocol "soap" is none of auto, xml and json`},
		{[]string{"--max-calls", "-1"}, "a limit of calls is negative"},
	} {
		if _, stderr, code := runCommand(t, nil, append(good, tt.more...)...); code != exitUsage || !strings.Contains(stderr, tt.want) {
			t.Errorf("%v: exit code %d: %s", tt.more, code, stderr)
		}
	}
	if _, stderr, code := runCommand(t, nil, append(good, "--record", t.TempDir())...); code != exitError || !strings.Contains(stderr, "--record") {
		t.Errorf("a record that cannot be opened: exit code %d: %s", code, stderr)
	}
}
