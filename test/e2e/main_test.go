// Package e2e runs whole processes over real sockets, as a stranger would.
package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the program under test, which TestMain builds.
var binary string

func TestMain(m *testing.M) {
	os.Exit(build(m))
}

// build compiles the program, with the race detector where the tests have it.
func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "xencontroller-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "xencontroller")
	args := []string{"build", "-o", binary}
	if raceDetector {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "../../cmd/xencontroller")...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building the program:", err)
		return 1
	}
	return m.Run()
}

// process is a running program.
type process struct {
	tb     testing.TB
	cmd    *exec.Cmd
	output *buffer
	done   chan struct{} // closed once it has ended
}

// buffer collects what a process prints.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// start runs the program until it ends or the test does.
func start(tb testing.TB, args ...string) *process {
	tb.Helper()
	p := &process{tb: tb, cmd: exec.Command(binary, args...), output: &buffer{}, done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "NO_COLOR=1")
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() { p.cmd.Wait(); close(p.done) }() //nolint:errcheck // the exit code is looked at
	tb.Cleanup(func() {
		p.kill()
		if tb.Failed() {
			text := p.output.String()
			tb.Logf("the last that %v printed:\n%s", args, text[max(0, len(text)-4000):])
		}
	})
	return p
}

// kill ends the process at once, as a power cut does.
func (p *process) kill() {
	p.cmd.Process.Kill() //nolint:errcheck // it may have ended
	<-p.done
}

// terminate sends SIGTERM and returns the exit code, and how long the end took.
func (p *process) terminate() (code int, took time.Duration) {
	p.tb.Helper()
	begin := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.tb.Fatal(err)
	}
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		p.tb.Fatalf("it did not end within 20 s of SIGTERM")
	}
	return p.cmd.ProcessState.ExitCode(), time.Since(begin)
}

// prints waits until the output holds a text.
func (p *process) prints(text string) {
	p.tb.Helper()
	eventually(p.tb, fmt.Sprintf("the output holds %q", text), func() error {
		if strings.Contains(p.output.String(), text) {
			return nil
		}
		select {
		case <-p.done:
			return stop{fmt.Errorf("the process has ended:\n%s", p.output)}
		default:
			return errors.New("not yet")
		}
	})
}

// stop is an error that waiting cannot mend.
type stop struct{ error }

// patience is how long anything may take; far more than it needs on a slow machine.
const patience = 90 * time.Second

// eventually waits for a check to pass.
func eventually(tb testing.TB, what string, check func() error) {
	tb.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := check()
		if err == nil {
			return
		}
		final, over := errors.AsType[stop](err)
		if over || time.Now().After(deadline) {
			if over {
				err = final.error
			}
			tb.Fatalf("waiting until %s: %v", what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// command runs the program to its end and returns what it printed.
func command(tb testing.TB, args ...string) (stdout, stderr string, code int) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		tb.Fatal(err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

// passwordFile is a file with the simulated pool's password.
func passwordFile(tb testing.TB, password string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "password")
	if err := os.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// freePort finds a port that is free on the addresses of a few hosts.
func freePort(tb testing.TB, base string) int {
	tb.Helper()
	l, err := net.Listen("tcp", base+":0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = l.Close() }() // nobody has come
	return l.Addr().(*net.TCPAddr).Port
}
