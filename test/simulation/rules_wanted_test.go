package simulation

import (
	"slices"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
)

// wantedBySet holds an operation against the declared set in force, and the one before it for a moment.
func wantedBySet(w *witness, call entry) string {
	v, vm := w.asked(call)
	if vm == nil {
		return ""
	}
	sets := []*desired.Set{w.declared}
	if call.At.Sub(w.changed) <= tolerance {
		sets = append(sets, w.before)
	}
	why := "nobody declares the VM"
	for _, set := range sets {
		for _, decl := range set.VMs() {
			if decl.Spec.UUID != "" && decl.Spec.UUID != vm.uuid || decl.Spec.UUID == "" && !w.called(call, vm, decl.Spec.NameLabel) {
				continue
			}
			if why = w.unwanted(call, v, vm, decl); why == "" {
				return ""
			}
		}
	}
	return why
}

// called reports whether a VM has a name, or had it when our process last heard of it.
func (w *witness) called(call entry, vm *seenVM, name string) bool {
	return vm.name == name || vm.written.After(w.known(call).Add(-tolerance))
}

// steps are the operations that lead to each declared power state, from each other one.
var stepsTo = map[v1alpha1.PowerState]map[string][]string{
	v1alpha1.Running: {
		"Halted": {"Async.VM.start", "Async.VM.start_on"}, "Suspended": {"Async.VM.resume", "Async.VM.resume_on"}, "Paused": {"Async.VM.unpause"},
	},
	v1alpha1.Paused: {
		"Halted": {"Async.VM.start", "Async.VM.start_on"}, "Suspended": {"Async.VM.resume", "Async.VM.resume_on"}, "Running": {"Async.VM.pause"},
	},
	v1alpha1.Suspended: {
		"Halted": {"Async.VM.start", "Async.VM.start_on"}, "Running": {"Async.VM.suspend"}, "Paused": {"Async.VM.unpause"},
	},
	v1alpha1.Halted: {
		"Suspended": {"Async.VM.resume", "Async.VM.resume_on", "Async.VM.hard_shutdown"},
		"Paused":    {"Async.VM.unpause", "Async.VM.hard_shutdown"},
		"Running":   {"Async.VM.clean_shutdown", "Async.VM.hard_shutdown"},
	},
}

// unwanted is why an operation does not lead to what is declared; "": it does.
func (w *witness) unwanted(call entry, v *view, vm *seenVM, decl *v1alpha1.VirtualMachine) string {
	known := w.known(call).Add(-tolerance)
	hosts := v.hostsNamed(decl.Spec.Placement.Hosts)
	if call.Method == "Async.VM.pool_migrate" {
		switch {
		case !slices.Contains(hosts, call.Params[1]):
			return "it is not declared to be on that host"
		case slices.Contains(hosts, vm.host.now()) && !vm.host.since().After(known):
			return "it is where it is declared to be"
		}
		return ""
	}
	if decl.Spec.PowerState == nil {
		return "its power state is not declared"
	}
	aim := *decl.Spec.PowerState
	leads := func(from string) bool { return slices.Contains(stepsTo[aim][from], call.Method) }
	if !slices.ContainsFunc(vm.power.during(known), leads) {
		return "it is declared " + string(aim) + " and is " + vm.power.now()
	}
	if starts(call.Method) && len(decl.Spec.Placement.Hosts) > 0 && (len(call.Params) < 2 || !slices.Contains(hosts, call.Params[1])) {
		return "it is not declared to be on that host"
	}
	return w.tooHard(call, vm, decl.Spec.Shutdown)
}

// tooHard is why the plug is not to be pulled.
func (w *witness) tooHard(call entry, vm *seenVM, s v1alpha1.Shutdown) string {
	if call.Method != "Async.VM.hard_shutdown" || s.Mode == v1alpha1.Hard {
		return ""
	}
	if s.Mode == v1alpha1.Clean {
		return "it is declared to be shut down cleanly"
	}
	since := vm.power.since()
	for _, other := range []time.Time{w.begun, vm.declared, vm.freed} {
		if other.After(since) {
			since = other
		}
	}
	if vm.cleanFailed.IsZero() && call.At.Sub(since) < s.GracePeriod-tolerance {
		return "its grace period is not over, and no clean shutdown has failed"
	}
	return ""
}

// drift is how a VM differs from its declaration in a database, in words; "": it does not.
func drift(v *view, vm *seenVM, decl *v1alpha1.VirtualMachine) string {
	power := vm.power.now()
	if p := decl.Spec.PowerState; p != nil && string(*p) != power {
		return "it is " + power + ", declared " + string(*p)
	}
	hosts := v.hostsNamed(decl.Spec.Placement.Hosts)
	if (power == "Running" || power == "Paused") && len(hosts) > 0 && !slices.Contains(hosts, vm.host.now()) {
		return "it is on a host where it is not declared to be"
	}
	return ""
}
