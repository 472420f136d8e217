package simulation

import (
	"fmt"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// clicks are what somebody does to a VM, without a wire: each is over at once.
var clicks = map[string]func(p *simulator.Pool, vm, host string) error{
	"halt":      func(p *simulator.Pool, vm, _ string) error { return p.HaltVM(vm) },
	"start":     func(p *simulator.Pool, vm, _ string) error { return p.StartVM(vm) },
	"pause":     func(p *simulator.Pool, vm, _ string) error { return p.PauseVM(vm) },
	"unpause":   func(p *simulator.Pool, vm, _ string) error { return p.UnpauseVM(vm) },
	"suspend":   func(p *simulator.Pool, vm, _ string) error { return p.SuspendVM(vm) },
	"resume":    func(p *simulator.Pool, vm, _ string) error { return p.ResumeVM(vm) },
	"migrate":   func(p *simulator.Pool, vm, host string) error { return p.MigrateVM(vm, host) },
	"power-off": func(p *simulator.Pool, vm, _ string) error { return p.PowerOffInGuest(vm) },
	"reboot":    func(p *simulator.Pool, vm, _ string) error { return p.RebootInGuest(vm) },
	"crash":     func(p *simulator.Pool, vm, _ string) error { return p.CrashGuest(vm) },
}

func (st *story) click(args []string) error {
	click, err := oneOf(clicks, args[0])
	if err != nil {
		return err
	}
	host := ""
	if len(args) > 2 {
		host = args[2]
	}
	return click(st.pool, args[1], host)
}

// rename gives a VM another name_label.
func (st *story) rename(args []string) error {
	return st.pool.SetField(xen.ClassVM, string(st.pool.VMRef(args[0])), "name_label", args[1])
}

// twin makes a second VM of a name.
func (st *story) twin(name string) error { return st.pool.AddVM(simulator.VMSpec{Name: name}) }

// guest makes a VM: with an agent, without one, or with one that does not do what it is told.
func (st *story) guest(args []string) error {
	return st.pool.AddVM(simulator.VMSpec{Name: args[0], NoAgent: args[1] == "mute", Stubborn: args[1] == "stubborn"})
}

// backup holds a VM's current_operations for a while.
func (st *story) backup(args []string) error {
	name := args[0]
	d, err := time.ParseDuration(args[1])
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

// flip turns a VM back to a power state within seconds whenever it has another, for a while.
func (st *story) flip(args []string) error {
	name, state := args[0], args[1]
	d, err := time.ParseDuration(args[2])
	if err != nil {
		return err
	}
	back, err := oneOf(map[string]func(string) error{"Running": st.pool.StartVM, "Halted": st.pool.HaltVM}, state)
	if err != nil {
		return err
	}
	st.forAWhile(d, 7*time.Second, func() {
		if string(st.pool.PowerState(name)) != state {
			_ = back(name) // it may be in somebody's hands just now
		}
	})
	return nil
}

// forAWhile does something again and again, until the faults end at the latest.
func (st *story) forAWhile(d, every time.Duration, do func()) {
	st.watchers.Go(func() {
		over, tick := time.NewTimer(d), time.NewTicker(every+333*time.Microsecond)
		defer over.Stop()
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				do()
			case <-over.C:
				return
			case <-st.healed:
				return
			}
		}
	})
}
