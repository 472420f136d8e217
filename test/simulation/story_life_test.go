package simulation

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/reconcile"
)

// beginAgain is how long whoever supervises our process waits after one that would not begin.
const beginAgain = 10 * time.Second

// live has our process live one life after the other.
func (st *story) live() {
	for {
		p, err := st.begin()
		if err != nil {
			st.history.notef("our process does not begin: %v", err)
			if !st.rest(beginAgain) {
				return
			}
			continue
		}
		select {
		case <-p.killed:
		case <-st.ended:
			return
		}
		time.Sleep(time.Microsecond) // what it sent last is on its way
		st.history.notef(noteKilled)
		_ = p.stop() // who was killed says nothing
		st.mu.Lock()
		pause := st.pause
		st.mu.Unlock()
		if !st.rest(pause) {
			return
		}
	}
}

// rest waits, and says whether the story goes on.
func (st *story) rest(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-st.ended:
		return false
	}
}

// begin starts a life of the process, as cmd/xencontroller does: not without manifests that it can read.
func (st *story) begin() (*process, error) {
	if _, err := desired.Load([]string{st.fleet.dir}, nil); err != nil {
		return nil, fmt.Errorf("its manifests have mistakes")
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.life++
	if st.loseIt {
		st.journal, st.loseIt = &reconcile.MemoryJournal{}, false
	}
	p := &process{pool: st.pool, turns: st.turns}
	st.history.add(entry{note: fmt.Sprintf("our process begins its life %d", st.life), begun: true, dryRun: st.DryRun})
	if err := startProcess(context.Background(), p, st.around(p)); err != nil {
		return nil, err
	}
	st.process = p
	return p, nil
}

// around is what the next life finds. The lock must be held.
func (st *story) around(p *process) surroundings {
	a := surroundings{
		schedule: st.schedule, life: st.life, addresses: st.addresses(), journal: st.journal, full: st.diskFull, log: st.read, told: st.told,
		manifests: st.fleet.dir, watch: st.fleet.watch, declared: func(set *desired.Set, err error) { st.declared(p, set, err) },
	}
	if st.State {
		a.stateFile = st.stateFile()
	}
	return a
}

// addresses are those of the pool that the next life is given: all hosts, but one that has left the pool only where a file
// says which pool is meant. Whoever ejects a host takes its address out of the configuration.
func (st *story) addresses() (list []string) {
	_, err := os.Stat(st.stateFile())
	for _, h := range st.pool.State().Hosts {
		if h.Role == "apart" && err != nil {
			continue
		}
		if st.TLS != "" {
			h.URL = strings.Replace(h.URL, "http://", "https://", 1)
		}
		list = append(list, h.URL)
	}
	return list
}

func (st *story) stateFile() string { return filepath.Join(st.dir, "state.json") }

// declared is told of each set of manifests that our process reads, and puts it in force.
func (st *story) declared(p *process, set *desired.Set, err error) {
	if p.isDead() {
		return
	}
	p.page.overview.Declare(set, err)
	if err != nil {
		st.history.notef("the manifests are refused")
		return
	}
	st.mu.Lock()
	st.set = set
	if !st.fleet.wasMeant(set) {
		st.logged = append(st.logged, "rule 8: a set came into force that nobody declared: "+set.Hash())
	}
	st.mu.Unlock()
	st.history.add(entry{note: "declared: " + set.Hash()[:12], declared: set})
	p.controller.SetDeclared(set)
}

func (st *story) diskFull() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return time.Now().Before(st.full)
}

// kill lets the process die at the n-th time from now that it writes to the wire or to its journal, before or after that,
// with its journal kept or lost, and begin again after a while.
func (st *story) kill(args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	d, err := time.ParseDuration(args[3])
	if err != nil {
		return err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.pause, st.loseIt = d, args[2] == "lose"
	st.process.mu.Lock()
	defer st.process.mu.Unlock()
	st.process.dieIn, st.process.dieSent = n, args[1] == "after"
	return nil
}

// fillJournal lets the disk of the journal be full for a while.
func (st *story) fillJournal(args []string) error {
	d, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.full = time.Now().Add(d)
	return nil
}

// spoilState loses the file that remembers the pool's members, or leaves half of it.
func (st *story) spoilState(args []string) error {
	text, err := os.ReadFile(st.stateFile())
	if err != nil {
		return fmt.Errorf("there is no state file yet")
	}
	if args[0] == "lost" {
		return os.Remove(st.stateFile())
	}
	return os.WriteFile(st.stateFile(), text[:len(text)/2], 0o600)
}
