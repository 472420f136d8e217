package simulation

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// mishaps are what befalls a call of ours, by the word that stands for it in a schedule; what follows a colon is given to
// it.
var mishaps = map[string]func(arg string) (simulator.Mishap, error){
	"lose-reply":      plainly(simulator.LoseReply), // carried out
	"reset":           plainly(simulator.Reset),     // not carried out
	"hang":            plainly(simulator.Hang),
	"half-reply":      plainly(simulator.HalfReply()),
	"stalled-reply":   plainly(simulator.StalledReply()),
	"proxy-refuses":   numbered(simulator.ProxyRefuses), // STATUS; not carried out
	"proxy-gives-up":  numbered(simulator.ProxyGivesUp), // STATUS; carried out
	"task-hangs":      plainly(simulator.TaskHangs),
	"events-lost":     plainly(simulator.EventsLost),
	"handshake-fails": plainly(simulator.HandshakeFails), // at the end of a migration
	"guest-lost":      plainly(simulator.GuestLost),      // at the end of a migration
	"delay": func(arg string) (simulator.Mishap, error) {
		d, err := time.ParseDuration(arg)
		return simulator.Delay(d), err
	},
	// late is carried out after so long, when nobody waits any more, and the reply is lost as well.
	"late": func(arg string) (simulator.Mishap, error) {
		d, err := time.ParseDuration(arg)
		return simulator.AllOf(simulator.Delay(d), simulator.LoseReply).Strike(simulator.Call{}), err
	},
	"task-fails": func(code string) (simulator.Mishap, error) { return simulator.TaskFails(code, "simulated"), nil },
	"fails": func(code string) (simulator.Mishap, error) {
		return simulator.FailWith(code, "OpaqueRef:simulated"), nil
	},
}

func plainly(m simulator.Mishap) func(string) (simulator.Mishap, error) {
	return func(string) (simulator.Mishap, error) { return m, nil }
}

func numbered(m func(int) simulator.Mishap) func(string) (simulator.Mishap, error) {
	return func(arg string) (simulator.Mishap, error) {
		n, err := strconv.Atoi(arg)
		return m(n), err
	}
}

func mishapNamed(name string) (simulator.Mishap, error) {
	word, arg, _ := strings.Cut(name, ":")
	m, err := oneOf(mishaps, word)
	if err != nil {
		return nil, err
	}
	return m(arg)
}

// fault lets the n-th call of a method that our process makes meet a mishap, within a time from now.
func (st *story) fault(args []string) error {
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	d, err := time.ParseDuration(args[3])
	if err != nil {
		return err
	}
	m, err := mishapNamed(args[0])
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	remove := st.pool.Inject(simulator.By(originator, simulator.Nth(n, simulator.On(args[1], m))))
	st.mu.Lock()
	st.removers = append(st.removers, remove)
	st.mu.Unlock()
	time.AfterFunc(d, remove)
	return nil
}

// heal ends every fault, sends everybody else home and brings every host back.
func (st *story) heal() {
	st.history.notef(noteHealed)
	close(st.healed)
	_ = st.mendFleet(nil) // it was whole before
	st.mu.Lock()
	removers, p := st.removers, st.process
	st.full = time.Time{}
	st.mu.Unlock()
	for _, remove := range removers {
		remove()
	}
	p.mu.Lock()
	p.dieIn = 0
	p.mu.Unlock()
	st.bringBack()
}
