package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// begin starts the controller. With a mistake in the manifests it must refuse, and name the file; then that is put right.
func (s *soak) begin() {
	s.t.Helper()
	if s.fleet.broken != "" {
		s.refuses()
	}
	hasty := s.lives > 0 && s.chance(8) // killed while it is still coming up
	s.spawn()
	if !hasty {
		s.life.says(s.t, `"xencontroller runs"`)
		s.up = true
	}
	least, most := 2*time.Second, 9*time.Second
	if hasty {
		least, most = 0, time.Second
	}
	s.agenda.after(s.between(least, most), s.strike)
}

// spawn starts the next life.
func (s *soak) spawn() {
	s.t.Helper()
	s.lives++
	s.up = false
	clear(s.turned)
	s.witness.begin(s.lives)
	known := s.address[0]
	if _, err := os.Stat(s.in("state/pool.json")); errors.Is(err, fs.ErrNotExist) {
		known = strings.Join(s.address[:3], ",") // nothing else says where the others are
	}
	args := []string{
		"run", "-f", s.fleet.dir, "--pool", known, "--username", "root", "--password-file", s.in("password"),
		"--http", s.web, "--journal", s.in("state/journal.json"), "--state-file", s.in("state/pool.json"),
		"--record", s.record(), "--log-format", "json", "--connect-timeout", "2m", "-v",
	}
	if s.chance(4) {
		args = append(args, "-v")
	}
	s.life = launch(s.t, s.in(fmt.Sprintf("life-%03d.log", s.lives)), args...)
}

// record is the file of the calls of this life.
func (s *soak) record() string { return s.in(fmt.Sprintf("calls-%03d.jsonl", s.lives)) }

// refuses starts a life that must not live.
func (s *soak) refuses() {
	s.t.Helper()
	s.spawn()
	select {
	case <-s.life.done:
	case <-time.After(patience):
		s.t.Fatalf("a controller runs on manifests with a mistake: %s", s.fleet.broken)
	}
	if code := s.life.cmd.ProcessState.ExitCode(); code != 1 || !bytes.Contains(s.life.text(), []byte(s.fleet.broken+":")) {
		s.t.Fatalf("exit code %d for a mistake in %s:\n%s", code, s.fleet.broken, s.life.tail())
	}
	s.buried()
	s.fleet.mend()
}

// strike ends a life, by SIGKILL or now and then by SIGTERM, and begins the next one.
func (s *soak) strike() {
	s.t.Helper()
	s.stillLives()
	if s.up && s.chance(6) {
		s.terminate(time.Now().After(s.mending))
	} else {
		s.life.kill()
		s.count.kills++
	}
	s.buried()
	for _, file := range []string{"state/journal.json", "state/pool.json"} {
		if s.chance(4) {
			s.count.forgotten++
			if err := os.Remove(s.in(file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				s.t.Fatal(err)
			}
		}
	}
	s.begin()
}

// stillLives fails where the life has ended by itself.
func (s *soak) stillLives() {
	s.t.Helper()
	select {
	case <-s.life.done:
		s.t.Fatalf("life %d has ended by itself, with exit code %d:\n%s", s.lives, s.life.cmd.ProcessState.ExitCode(), s.life.tail())
	default:
	}
}

// terminate ends a life by SIGTERM. On a pool that is whole it leaves no session behind.
func (s *soak) terminate(whole bool) {
	s.t.Helper()
	took, err := s.life.terminate(endPatience)
	if err != nil {
		s.t.Fatalf("life %d: %v:\n%s", s.lives, err, s.life.tail())
	}
	s.count.terms++
	s.slowest = max(s.slowest, took)
	s.check()
	if left := s.witness.sessionsOf(s.lives); whole && left > 0 {
		s.t.Fatalf("life %d ended by SIGTERM and left %d sessions", s.lives, left)
	}
}

// buried looks through what a life has left in files.
func (s *soak) buried() {
	s.t.Helper()
	s.check()
	s.clean("its log", s.life.text())
	calls, err := os.ReadFile(s.record())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.t.Fatal(err)
	}
	s.clean("the record of its calls", calls)
	for line := range bytes.Lines(calls) {
		if bytes.HasSuffix(line, []byte("\n")) && !json.Valid(line) {
			s.t.Fatalf("life %d: the record of its calls holds %q", s.lives, line)
		}
	}
	_ = os.Remove(s.record())                                           // it may have been refused before it came to make one
	_ = os.Remove(s.in(fmt.Sprintf("life-%03d.log", s.lives-keptLogs))) // in a long run the first are gone already
}

// keptLogs is of how many lives the logs are kept.
const keptLogs = 200

// clean looks for secrets and for what the runtime says when it dies.
func (s *soak) clean(what string, text []byte) {
	s.t.Helper()
	for _, word := range append(s.witness.secretsOf(s.lives), soakPassword, "DATA RACE", "panic:", "fatal error:", "goroutine 1 [") {
		if i := bytes.Index(text, []byte(word)); i >= 0 {
			s.t.Fatalf("life %d: %s holds %q: …%s…", s.lives, what, word, text[max(0, i-300):min(len(text), i+1000)])
		}
	}
}
