//go:build unix

package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// serveHere names the environment variable that makes this test's binary a server: its value is a served, as JSON.
const serveHere = "XENCONTROLLER_BENCH_SERVES"

// served says which pool a process of its own serves, on how many cores.
type served struct {
	Listen   string
	Hosts    int
	VMs      int
	Version  string
	Cores    int
	Scripted bool // by a server that has its answers ready, over TLS
}

// usage is what a serving process has used so far.
type usage struct {
	CPU        time.Duration // user and system
	Peak       int64         // bytes of memory that were resident at most
	Resident   int64         // bytes of memory in use by Go after a collection
	Goroutines int
}

func TestMain(m *testing.M) {
	if text := os.Getenv(serveHere); text != "" {
		if err := serve(text, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serve serves a pool: it prints the URL of the first host, then a usage for each line that it reads.
func serve(text string, in io.Reader, out io.Writer) error {
	var s served
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return err
	}
	runtime.GOMAXPROCS(s.Cores)
	if s.Scripted {
		return serveScripted(s, in, out)
	}
	pool, err := simulator.New(simulator.Model{Hosts: s.Hosts, VMs: s.VMs, Version: s.Version})
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := pool.Listen(s.Listen); err != nil {
		return err
	}
	fmt.Fprintln(out, pool.URLs()[0])
	for lines := bufio.NewScanner(in); lines.Scan(); {
		u, err := used(lines.Text() == "collect")
		if err != nil {
			return err
		}
		if err := json.NewEncoder(out).Encode(u); err != nil {
			return err
		}
	}
	return nil
}

func used(collect bool) (usage, error) {
	if collect {
		debug.FreeOSMemory()
	}
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return usage{}, err
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	unit := int64(1024) // of Maxrss
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	return usage{CPU: time.Duration(r.Utime.Nano() + r.Stime.Nano()), Peak: int64(r.Maxrss) * unit, //nolint:unconvert // an int32 on some systems
		Resident: int64(m.Sys - m.HeapReleased), Goroutines: runtime.NumGoroutine()}, nil
}

// process is a server in a process of its own.
type process struct {
	url  string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Scanner
	once sync.Once
}

// start runs a server until the benchmark ends.
func start(b *testing.B, s served) *process {
	b.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serveHere+"="+string(text))
	cmd.Stderr = b.Output()
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	p := &process{cmd: cmd, in: in, out: bufio.NewScanner(out)}
	p.out.Buffer(nil, 64<<20)
	b.Cleanup(func() { p.end(b) })
	if !p.out.Scan() {
		b.Fatal("the server did not start")
	}
	p.url = p.out.Text()
	return p
}

// end ends the process.
func (p *process) end(b *testing.B) {
	p.once.Do(func() {
		_ = p.in.Close() // which ends it
		if err := p.cmd.Wait(); err != nil {
			b.Errorf("the server's process: %v", err)
		}
	})
}

// usage asks the process what it has used; after a collection of garbage where collect says so.
func (p *process) usage(b *testing.B, collect bool) usage {
	b.Helper()
	word := "usage"
	if collect {
		word = "collect"
	}
	var u usage
	p.ask(b, word, &u)
	return u
}

// ask sends the process a line and reads its answer.
func (p *process) ask(b *testing.B, line string, answer any) {
	b.Helper()
	if _, err := io.WriteString(p.in, line+"\n"); err != nil || !p.out.Scan() {
		b.Fatalf("the server's process has gone: %v", err)
	}
	if err := json.Unmarshal(p.out.Bytes(), answer); err != nil {
		b.Fatal(err)
	}
}
