package simulation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

const (
	quiet   = 25 * time.Minute // after the last step everything has to come to rest within this time
	maxTurn = 150_000          // of one schedule; a long one takes some ten thousand
)

// story is a schedule that is being played.
type story struct {
	*schedule
	pool    *simulator.Pool
	turns   *turns
	history *history
	fleet   map[string]string // what is declared: specs by metadata.name
	set     *desired.Set

	mu       sync.Mutex
	process  *process // the life that goes on, or the last one
	life     uint64
	journal  *reconcile.MemoryJournal
	loseIt   bool          // the next life begins without the journal
	pause    time.Duration // until the next life
	full     time.Time     // until when the journal's disk is full
	ending   bool
	removers []func()
	logged   []string // lines that hold a secret
	watchers sync.WaitGroup
	looks    *looks
	secrets  secrets
	final    *final // once it was spoken
}

// outcome is a schedule that was played.
type outcome struct {
	history  *history
	problems []string
}

// play plays a schedule in a bubble of its own.
func play(t *testing.T, s *schedule) (o outcome) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil { // goroutines that are left end the bubble with a panic
			o.problems = append(o.problems, fmt.Sprint("panic: ", p))
		}
	}()
	synctest.Test(t, func(*testing.T) {
		st := &story{
			schedule: s, history: &history{began: time.Now()}, fleet: map[string]string{}, turns: newTurns(s.Seed, maxTurn),
			journal: &reconcile.MemoryJournal{}, looks: newLooks(s.Seed),
		}
		o.history = st.history
		o.problems = st.tell()
	})
	return o
}

// tell plays it from the first life of the process to the last.
func (st *story) tell() (problems []string) {
	model := st.model()
	model.Key = keyOf
	pool, err := simulator.New(model)
	if err != nil {
		return []string{err.Error()}
	}
	st.pool = pool
	defer pool.Close()
	go st.turns.run()
	pool.Observe(func(f simulator.Fact) {
		st.secrets.learn(&f)
		st.history.observe(f)
	})
	if err := st.begin(); err != nil {
		return []string{err.Error()}
	}
	began := time.Now()
	for _, s := range st.Steps {
		st.until(began.Add(s.At))
		st.do(s)
	}
	st.heal()
	st.until(time.Now().Add(quiet))
	problems = st.verdict()
	st.mu.Lock()
	st.ending = true
	p := st.process
	st.mu.Unlock()
	if err := p.stop(); err != nil {
		st.read(err.Error())
		problems = append(problems, "the end: "+err.Error())
	}
	close(p.killed) // its watcher need not wait any more
	st.watchers.Wait()
	problems = append(problems, st.leftBehind()...)
	st.turns.end()
	return append(problems, breaches(st.history)...)
}

// begin starts a life of the process. The lock must not be held.
func (st *story) begin() error {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.life++
	if st.loseIt {
		st.journal, st.loseIt = &reconcile.MemoryJournal{}, false
	}
	p := &process{pool: st.pool, turns: st.turns}
	st.process = p
	st.history.add(entry{note: fmt.Sprintf("our process begins its life %d", st.life), begun: true, dryRun: st.DryRun})
	if err := startProcess(context.Background(), p, st.schedule, st.life, st.journal, st.diskFull, st.read, st.told); err != nil {
		return err
	}
	if st.set != nil {
		p.declare(st.set)
	}
	st.watchers.Go(func() { st.watch(p) })
	return nil
}

// watch begins the next life when one was killed.
func (st *story) watch(p *process) {
	<-p.killed
	st.mu.Lock()
	ending, pause := st.ending, st.pause
	st.mu.Unlock()
	if ending {
		return
	}
	time.Sleep(time.Microsecond) // what it sent last is on its way
	st.history.notef(noteKilled)
	_ = p.stop() // who was killed says nothing
	time.Sleep(pause)
	if err := st.begin(); err != nil {
		st.history.notef("our process does not begin: %v", err)
	}
}

func (st *story) diskFull() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return time.Now().Before(st.full)
}

// do does one step. What cannot be done is noted: a host that is dead already does not die.
func (st *story) do(s step) {
	st.history.notef("%s", s)
	args := slices.Clone(s.Args)
	for len(args) < 4 {
		args = append(args, "")
	}
	var err error
	switch s.What {
	case "declare":
		st.fleet[args[0]] = strings.Join(s.Args[1:], " ")
		err = st.declare("")
	case "undeclare":
		delete(st.fleet, args[0])
		err = st.declare("")
	case "typo":
		err = st.declare("spec: {powerSate: Halted}\n")
	case "click":
		err = st.click(args[0], args[1], args[2])
	case "rename":
		err = st.pool.SetField(xen.ClassVM, string(st.pool.VMRef(args[0])), "name_label", args[1])
	case "twin":
		err = st.pool.AddVM(simulator.VMSpec{Name: args[0]})
	case "guest":
		err = st.pool.AddVM(simulator.VMSpec{Name: args[0], NoAgent: args[1] == "mute", Stubborn: args[1] == "stubborn"})
	case "remove":
		err = st.pool.RemoveVM(args[0])
	case "backup":
		err = st.backup(args[0], args[1])
	case "fault":
		err = st.fault(args[0], args[1], args[2], args[3])
	case "kill", "restart":
		err = st.kill(args[0], args[1], args[2], args[3])
	case "journal-full":
		d, bad := time.ParseDuration(args[0])
		st.mu.Lock()
		st.full, err = time.Now().Add(d), bad
		st.mu.Unlock()
	default:
		err = st.toPool(s.What, args[0], args[1])
	}
	if err != nil {
		st.history.notef("that did not happen: %v", err)
	}
}

// declare puts the fleet in force, or keeps the last good set where a manifest is bad.
func (st *story) declare(bad string) error {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(st.fleet)) {
		fmt.Fprintf(&b, "---\napiVersion: xencontroller.io/v1alpha1\nkind: VirtualMachine\nmetadata: {name: %s}\nspec: %s\n", name, st.fleet[name])
	}
	if bad != "" {
		fmt.Fprintf(&b, "---\napiVersion: xencontroller.io/v1alpha1\nkind: VirtualMachine\nmetadata: {name: broken}\n%s", bad)
	}
	set, err := desired.Parse(desired.File{Name: "fleet.yaml", Data: []byte(b.String())})
	if err != nil {
		return err
	}
	st.mu.Lock()
	st.set = set
	p := st.process
	st.mu.Unlock()
	st.history.add(entry{note: "declared: " + set.Hash()[:12], declared: set})
	p.declare(set)
	return nil
}

// click is somebody else who does something to a VM.
func (st *story) click(verb, name, host string) error {
	switch verb {
	case "halt":
		return st.pool.HaltVM(name)
	case "start":
		return st.pool.StartVM(name)
	case "pause":
		return st.pool.PauseVM(name)
	case "unpause":
		return st.pool.UnpauseVM(name)
	case "suspend":
		return st.pool.SuspendVM(name)
	case "resume":
		return st.pool.ResumeVM(name)
	case "migrate":
		return st.pool.MigrateVM(name, host)
	case "power-off":
		return st.pool.PowerOffInGuest(name)
	case "reboot":
		return st.pool.RebootInGuest(name)
	case "crash":
		return st.pool.CrashGuest(name)
	}
	return fmt.Errorf("%q is nothing to click on", verb)
}

// backup holds a VM's current_operations for a while.
func (st *story) backup(name, for_ string) error {
	d, err := time.ParseDuration(for_)
	if err != nil {
		return err
	}
	ref := string(st.pool.VMRef(name))
	for _, vm := range st.pool.State().VMs {
		if vm.Name == name && len(vm.Operations) > 0 {
			return fmt.Errorf("%s is busy", name)
		}
	}
	if err := st.pool.SetField(xen.ClassVM, ref, "current_operations", map[string]string{"OpaqueRef:backup": "snapshot"}); err != nil {
		return err
	}
	time.AfterFunc(d, func() {
		_ = st.pool.SetField(xen.ClassVM, ref, "current_operations", map[string]string{}) // it may be gone by now
	})
	return nil
}

// toPool does something to a host or to the whole pool.
func (st *story) toPool(what, host, by string) error {
	switch what {
	case "lose-events":
		st.pool.LoseEvents()
	case "drop-connections":
		st.pool.DropConnections()
	case "kill-master":
		return st.pool.KillMaster(host)
	case "die":
		return st.pool.HostDies(host)
	case "power":
		return st.pool.StartHost(host)
	case "crash":
		return st.pool.CrashXapi(host)
	case "stop-member":
		return st.pool.StopMember(host)
	case "start-member":
		return st.pool.StartMember(host)
	case "disable":
		return st.pool.DisableHost(host)
	case "enable":
		return st.pool.EnableHost(host)
	case "skew":
		d, err := time.ParseDuration(by)
		if err != nil {
			return err
		}
		return st.pool.SkewClock(host, d)
	default:
		return fmt.Errorf("%q is no step", what)
	}
	return nil
}

// fault lets the n-th call of a method meet a mishap, within a time from now.
func (st *story) fault(mishap, method, nth, within string) error {
	n, err := strconv.Atoi(nth)
	if err != nil {
		return err
	}
	d, err := time.ParseDuration(within)
	if err != nil {
		return err
	}
	m, err := mishapNamed(mishap)
	if err != nil {
		return err
	}
	remove := st.pool.Inject(simulator.Nth(n, simulator.On(method, m)))
	st.mu.Lock()
	st.removers = append(st.removers, remove)
	st.mu.Unlock()
	time.AfterFunc(d, remove)
	return nil
}

func mishapNamed(name string) (simulator.Mishap, error) {
	kind, arg, _ := strings.Cut(name, ":")
	switch kind {
	case "lose-reply":
		return simulator.LoseReply, nil
	case "reset":
		return simulator.Reset, nil
	case "hang":
		return simulator.Hang, nil
	case "task-hangs":
		return simulator.TaskHangs, nil
	case "events-lost":
		return simulator.EventsLost, nil
	case "delay":
		d, err := time.ParseDuration(arg)
		return simulator.Delay(d), err
	case "task-fails":
		return simulator.TaskFails(arg, "simulated"), nil
	case "fails":
		return simulator.FailWith(arg, "OpaqueRef:simulated"), nil
	}
	return nil, fmt.Errorf("%q is no mishap", name)
}

// kill lets the process die at its n-th request from now, with its journal kept or lost, and begin again after a while.
func (st *story) kill(nth, when, what, pause string) error {
	n, err := strconv.Atoi(nth)
	if err != nil {
		return err
	}
	d, err := time.ParseDuration(pause)
	if err != nil {
		return err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.pause, st.loseIt = d, what == "lose"
	st.process.mu.Lock()
	defer st.process.mu.Unlock()
	st.process.dieIn, st.process.dieSent = n, when == "after"
	return nil
}

// heal ends every fault and brings every host back.
func (st *story) heal() {
	st.history.notef(noteHealed)
	st.mu.Lock()
	removers := st.removers
	p := st.process
	st.mu.Unlock()
	for _, remove := range removers {
		remove()
	}
	p.mu.Lock()
	p.dieIn = 0
	p.mu.Unlock()
	s := st.pool.State()
	for _, h := range s.Hosts {
		if h.Answers == "silent" {
			_ = st.pool.StartHost(h.Name) // its verdict is the pool's state
		}
	}
	for _, h := range s.Hosts {
		if h.Answers == "down" {
			_ = st.pool.StartMember(h.Name)
		}
	}
}
