package main

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// endWriter ends a command once it has said that it is ready.
type endWriter struct {
	strings.Builder
	end func(said string)
}

func (w *endWriter) Write(p []byte) (int, error) {
	n, err := w.Builder.Write(p)
	if strings.Contains(string(p), "Ctrl-C") {
		w.end(w.String())
	}
	return n, err
}

func TestSimulateOverTLSAndUnixSocket(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	path := filepath.Join(t.TempDir(), "xapi")
	out := &endWriter{end: func(string) {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Error(err)
		} else {
			_ = conn.Close() // it was there, which is all that was asked
		}
		cancel()
	}}
	f := simulateFlags{listen: "https://127.0.37.1:0", unix: path, timing: "none", speed: 1, model: simulator.Model{Hosts: 2, VMs: 1}}
	if err := simulate(ctx, &env{out: out}, f); err != nil {
		t.Fatal(err)
	}
	said := out.String()
	if strings.Count(said, "  SHA-256 ") != 2 || !strings.Contains(said, "xen-2  https://127.0.37.2:") || !strings.Contains(said, "curl -k ") ||
		!strings.Contains(said, "unix  "+path) {
		t.Errorf("it says\n%s", said)
	}
}
