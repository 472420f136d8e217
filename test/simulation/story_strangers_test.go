package simulation

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// prepare does what the model needs somebody to do before anything else: HA is turned on.
func (st *story) prepare() error {
	if !st.HA {
		return nil
	}
	done := make(chan error, 1)
	st.visit("installer", func(s *stranger) error {
		_, err := s.call("pool.enable_ha", []string{}, map[string]string{})
		if err == nil {
			_, err = s.call("pool.set_ha_host_failures_to_tolerate", s.thePool(), min(1, st.Hosts-1))
		}
		done <- err
		return err
	})
	return <-done
}

// thePool is the pool's reference; "" where nobody tells.
func (s *stranger) thePool() string {
	var pools []string
	if result, err := s.call("pool.get_all"); err == nil && json.Unmarshal(result, &pools) == nil && len(pools) == 1 {
		return pools[0]
	}
	return ""
}

// persons are what a person's client asks of a VM, whose tasks it leaves behind.
var persons = map[string][]any{
	"Async.VM.start": {false, false}, "Async.VM.clean_shutdown": nil, "Async.VM.hard_shutdown": nil, "Async.VM.clean_reboot": nil,
	"Async.VM.suspend": nil, "Async.VM.resume": {false, false}, "Async.VM.pause": nil, "Async.VM.unpause": nil,
}

// person is somebody with a client of their own who does something to a VM, and does not clean up after that.
func (st *story) person(args []string) error {
	method := "Async.VM." + args[0]
	more, err := oneOf(persons, method)
	if err != nil {
		return err
	}
	vm := st.pool.VMRef(args[1])
	st.visit("XenCenter", func(s *stranger) error {
		_, err := s.call(method, append([]any{vm}, more...)...)
		return err
	})
	return nil
}

// balancer migrates a running VM every now and then.
func (st *story) balancer(args []string) error {
	every, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	d, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(st.Seed, uint64(time.Since(st.history.began))))
	st.visit("balancer", func(s *stranger) error {
		for end := time.Now().Add(d); time.Now().Before(end); {
			if err := s.balance(rng); err != nil {
				st.history.notef("%s: %v", s.name, err)
			}
			if !s.wait(every) {
				break
			}
		}
		return nil
	})
	return nil
}

// balance moves one VM.
func (s *stranger) balance(rng *rand.Rand) error {
	state := s.st.pool.State()
	var running []string
	for _, vm := range state.VMs {
		if vm.PowerState == "Running" && len(vm.Operations) == 0 {
			running = append(running, vm.UUID)
		}
	}
	if len(running) == 0 {
		return nil
	}
	vm, err := s.text("VM.get_by_uuid", running[rng.IntN(len(running))])
	if err != nil {
		return err
	}
	host, err := s.text("host.get_by_uuid", state.Hosts[rng.IntN(len(state.Hosts))].UUID)
	if err == nil {
		_, err = s.call("Async.VM.pool_migrate", vm, host, map[string]string{})
	}
	return err
}

// snapshot is a backup as Xen Orchestra makes it: migrations are blocked, a snapshot is made, copied and taken away.
func (st *story) snapshot(args []string) error {
	d, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	vm := string(st.pool.VMRef(args[0]))
	blocked := []string{"pool_migrate", "migrate_send"}
	st.visit("backup", func(s *stranger) error {
		for _, operation := range blocked {
			_, _ = s.call("VM.add_to_blocked_operations", vm, operation, "VM migration is blocked during backup") // somebody else may have blocked it
		}
		taken, err := s.text("VM.snapshot", vm, "backup of "+args[0])
		s.wait(d)
		for _, operation := range blocked {
			_, _ = s.call("VM.remove_from_blocked_operations", vm, operation) // it may be gone
		}
		if err == nil {
			_, err = s.call("VM.destroy", taken)
		}
		return err
	})
	return nil
}

// protect has HA keep a VM running.
func (st *story) protect(args []string) error {
	vm := st.pool.VMRef(args[0])
	st.visit("XenCenter", func(s *stranger) error {
		_, err := s.call("VM.set_ha_restart_priority", vm, "restart")
		return err
	})
	return nil
}

// echo has every object of a class be told again, although nothing of it has changed. xapi: event.inject is a mod event of
// the object as it is, which followers of both kinds get (wire §5.6); and a snapshot of event.from that is newer than its
// token comes again with the next (§5.4).
func (st *story) echo(args []string) error {
	st.visit("echo", func(s *stranger) error {
		result, err := s.call(args[0] + ".get_all")
		if err != nil {
			return err
		}
		var refs []string
		if err := json.Unmarshal(result, &refs); err != nil {
			return err
		}
		for _, ref := range refs[:min(20, len(refs))] {
			if _, err := s.call("event.inject", args[0], ref); err != nil {
				return err
			}
		}
		return nil
	})
	return nil
}

// meddle cancels or destroys a task of ours, once there is one.
func (st *story) meddle(args []string) error {
	d, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	if !slices.Contains([]string{"cancel", "destroy"}, args[0]) {
		return fmt.Errorf("%q is nothing to do to a task", args[0])
	}
	st.visit("meddler", func(s *stranger) error {
		for end := time.Now().Add(d); time.Now().Before(end); {
			for _, t := range st.pool.State().Tasks {
				if t.Status == "pending" && slices.ContainsFunc(slices.Collect(maps.Keys(t.OtherConfig)), isMark) {
					_, err := s.call("task."+args[0], t.Ref)
					return err
				}
			}
			if !s.wait(700 * time.Millisecond) {
				break
			}
		}
		return nil
	})
	return nil
}

// isMark recognises the mark of our tasks.
func isMark(key string) bool { return strings.HasSuffix(strings.ToLower(key), "xencontroller-owner") }

// logUsOut ends every session of ours.
func (st *story) logUsOut([]string) error {
	st.visit("meddler", func(s *stranger) error {
		result, err := s.call("session.get_all_records")
		if err != nil {
			return err
		}
		var sessions map[string]struct {
			Originator string `json:"originator"`
		}
		if err := json.Unmarshal(result, &sessions); err != nil {
			return err
		}
		for _, ref := range slices.Sorted(maps.Keys(sessions)) {
			if sessions[ref].Originator == originator {
				other := &stranger{st: st, name: s.name, host: s.host, session: ref}
				if _, err := other.call("session.logout"); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return nil
}

// eject takes a host out of the pool: its VMs are moved or stopped, a master hands over before that.
func (st *story) eject(args []string) error {
	name := args[0]
	if st.pool.State().Pool.Master == name {
		return fmt.Errorf("%s is the master", name)
	}
	st.visit("XenCenter", func(s *stranger) error {
		uuid := ""
		for _, h := range st.pool.State().Hosts {
			if h.Name == name {
				uuid = h.UUID
			}
		}
		host, err := s.text("host.get_by_uuid", uuid)
		if err != nil {
			return err
		}
		if _, err := s.call("host.disable", host); err != nil {
			return err
		}
		for _, vm := range st.pool.State().VMs {
			if vm.Host == name {
				_ = st.pool.HaltVM(vm.Name) // who ejects a host does not mind
			}
		}
		_, err = s.call("pool.eject", host)
		return err
	})
	return nil
}

// renewCertificate gives a host another certificate.
func (st *story) renewCertificate(args []string) error {
	if st.TLS == "" {
		return fmt.Errorf("nobody looks at certificates")
	}
	st.visit("XenCenter", func(s *stranger) error {
		hosts, err := s.call("host.get_by_name_label", args[0])
		if err != nil {
			return err
		}
		var refs []string
		if err := json.Unmarshal(hosts, &refs); err != nil || len(refs) != 1 {
			return fmt.Errorf("no host %s", args[0])
		}
		_, err = s.call("host.reset_server_certificate", refs[0])
		return err
	})
	return nil
}
