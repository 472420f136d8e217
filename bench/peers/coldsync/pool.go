//go:build unix

package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// firstHost is where the pool's first host listens; the others follow.
const firstHost = "127.0.45.1:8045"

// pool is a simulator in a process of its own.
type pool struct {
	cmd   *exec.Cmd
	url   string
	ended chan error
}

// build compiles the command into a file.
func build(ctx context.Context, path string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/xencontroller/xencontroller/cmd/xencontroller")
	cmd.Dir = filepathOfModule
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

// filepathOfModule is the root of the controller's module, as seen from bench/peers.
const filepathOfModule = "../.."

// startPool starts the simulator and waits until it can be called.
func startPool(ctx context.Context, o options) (*pool, error) {
	u := url.URL{Scheme: "http", Host: firstHost}
	if o.tls {
		u.Scheme = "https"
	}
	cmd := exec.CommandContext(ctx, o.simulator, "simulate", "--timing", "none", "--listen", u.String(),
		"--hosts", strconv.Itoa(o.hosts), "--vms", strconv.Itoa(o.vms))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &pool{cmd: cmd, url: u.String(), ended: make(chan error, 1)}
	go func() { p.ended <- cmd.Wait() }()
	for {
		conn, err := net.DialTimeout("tcp", firstHost, time.Second)
		if err == nil {
			return p, conn.Close()
		}
		select {
		case err := <-p.ended:
			return nil, fmt.Errorf("the simulator ended: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// end ends the simulator.
func (p *pool) end() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	<-p.ended
}
