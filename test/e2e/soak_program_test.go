package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program is a process whose output goes to a file, so that all of it is there after kill -9 too.
type program struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed once it has ended
}

// launch runs the program until it ends or the test does.
func launch(tb testing.TB, log string, args ...string) *program {
	tb.Helper()
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		tb.Fatal(err)
	}
	defer out.Close() //nolint:errcheck // the program has it
	p := &program{cmd: exec.Command(binary, args...), log: log, done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "NO_COLOR=1")
	p.cmd.Stdout, p.cmd.Stderr = out, out
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() { p.cmd.Wait(); close(p.done) }() //nolint:errcheck // the exit code is looked at
	tb.Cleanup(p.kill)
	return p
}

// kill ends the process at once.
func (p *program) kill() {
	p.cmd.Process.Kill() //nolint:errcheck // it may have ended
	<-p.done
}

// terminate sends SIGTERM, and returns how long the end took, or an error where it was none to be content with.
func (p *program) terminate(patience time.Duration) (time.Duration, error) {
	begin := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, fmt.Errorf("SIGTERM: %w", err)
	}
	select {
	case <-p.done:
	case <-time.After(patience):
		p.cmd.Process.Signal(syscall.SIGQUIT) //nolint:errcheck // its goroutines say what it waits for
		<-p.done
		return 0, fmt.Errorf("it did not end within %s of SIGTERM", patience)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		return 0, fmt.Errorf("exit code %d after SIGTERM", code)
	}
	return time.Since(begin), nil
}

// text is all that it has printed so far.
func (p *program) text() []byte {
	text, _ := os.ReadFile(p.log) // launch made it
	return text
}

// tail is the last that it has printed.
func (p *program) tail() string {
	text := p.text()
	return string(text[max(0, len(text)-3000):])
}

// says waits until it has printed something.
func (p *program) says(tb testing.TB, what string) {
	tb.Helper()
	eventually(tb, fmt.Sprintf("%s holds %q", p.log, what), func() error {
		if bytes.Contains(p.text(), []byte(what)) {
			return nil
		}
		select {
		case <-p.done:
			return stop{fmt.Errorf("it has ended: %s", p.tail())}
		default:
			return errors.New("not yet")
		}
	})
}

// usage is what a process has of the machine; zero where that cannot be seen.
type usage struct {
	rss int64 // bytes
	fds int
}

func (u usage) String() string { return fmt.Sprintf("%d MB, %d fds", u.rss>>20, u.fds) }

// usage looks at the process. Only Linux shows it.
func (p *program) usage() (u usage) {
	proc := "/proc/" + strconv.Itoa(p.cmd.Process.Pid)
	status, err := os.ReadFile(proc + "/status")
	if err != nil {
		return usage{}
	}
	for line := range strings.Lines(string(status)) {
		if words := strings.Fields(line); len(words) == 3 && words[0] == "VmRSS:" {
			kib, _ := strconv.ParseInt(words[1], 10, 64) // the kernel wrote it
			u.rss = kib << 10
		}
	}
	fds, err := os.ReadDir(proc + "/fd")
	if err != nil {
		return usage{}
	}
	u.fds = len(fds)
	return u
}
