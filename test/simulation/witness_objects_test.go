package simulation

import (
	"slices"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// seenVM is a VM as one database has it.
type seenVM struct {
	uuid, name string
	named      time.Time // since when it is called so, and is there
	power      timeline
	host       timeline  // reference of where it is resident
	gone       time.Time // with those that are not there any more
	apart      bool      // a template, a snapshot or a control domain
	held       bool      // current_operations show a task that is not ours
	heldSince  time.Time
	freed      time.Time // when somebody else who was at it for long let go of it
	allowed    []string
	blocked    map[string]string
	guest      string // VM_guest_metrics
	need       int64  // bytes of memory
	protected  bool   // by high availability

	declared    time.Time   // when its declaration last changed
	cleanFailed time.Time   // a clean shutdown of ours did, since its power state or its declaration changed
	against     []time.Time // when somebody else changed its power state or its host
	written     time.Time
}

// again is the VM's past, for the next database.
func (vm *seenVM) again() *seenVM {
	return &seenVM{
		uuid: vm.uuid, name: vm.name, power: slices.Clip(vm.power), host: slices.Clip(vm.host), gone: vm.gone, apart: vm.apart,
		declared: vm.declared, cleanFailed: vm.cleanFailed, against: slices.Clip(vm.against),
	}
}

type seenHost struct {
	name    string
	metrics string // host_metrics
	enabled timeline
}

// seenGuest is what the agent in a guest has told.
type seenGuest struct{ drivers bool }

type seenTask struct {
	name, vm    string
	ours, ended bool
	since       time.Time
	endedAt     time.Time
	life        int
	cancelled   bool // we asked for it
	destroyed   int  // times we asked for it, less the times that it was not done
	marked      int
	op          *seenOp // that it carries out
}

func (w *witness) seeWrite(e entry) {
	v := w.views[e.Host]
	if v == nil {
		return
	}
	v.over = false
	switch e.Class {
	case "pool":
		v.uuid, v.ha = e.Text("uuid"), e.Flag("ha_enabled")
		if w.uuid == "" {
			w.uuid = v.uuid
		}
		if v.uuid == w.uuid && e.Kind == simulator.FactAdd {
			w.ours = v
		}
	case "VM":
		w.seeVM(v, e)
	case "VM_guest_metrics":
		_, spoke := e.Map("PV_drivers_version")["major"]
		v.guests[e.Ref] = &seenGuest{drivers: spoke || e.Map("other")["feature-shutdown"] != "" || e.Map("other")["feature-suspend"] != ""}
	case "task":
		w.seeTask(v, e)
	case "host":
		v.seeHost(e)
	case "host_metrics":
		w.seeLiveness(v, e)
	case "session":
		w.seeSession(v, e)
	}
}

func (w *witness) seeVM(v *view, e entry) {
	if e.Kind == simulator.FactDel {
		if vm := v.vms[e.Ref]; vm != nil {
			vm.gone = e.At
			v.former[e.Ref] = vm
			delete(v.vms, e.Ref)
			w.rename(v, e.Ref, vm, "", e.At)
		}
		return
	}
	vm := v.vms[e.Ref]
	if vm == nil {
		vm = v.former[e.Ref]
		delete(v.former, e.Ref)
		if vm == nil {
			vm = &seenVM{declared: w.changed}
		}
		vm.gone, vm.name = time.Time{}, ""
		v.vms[e.Ref] = vm
	}
	vm.written = e.At
	vm.apart = e.Flag("is_a_template") || e.Flag("is_a_snapshot") || e.Flag("is_control_domain")
	w.noteMove(v, e, vm)
	vm.uuid = e.Text("uuid")
	w.rename(v, e.Ref, vm, e.Text("name_label"), e.At)
	was := vm.held
	vm.held = false
	for task := range e.Map("current_operations") {
		if t := v.tasks[task]; t == nil || !t.ours {
			vm.held = true
		}
	}
	switch {
	case vm.held && !was:
		vm.heldSince = e.At
	case was && !vm.held && e.At.Sub(vm.heldSince) > 4*tolerance:
		vm.freed = e.At
	}
	if !vm.apart {
		vm.allowed, vm.blocked, vm.guest = e.List("allowed_operations"), e.Map("blocked_operations"), e.Text("guest_metrics")
		vm.need, vm.protected = e.Number("memory_dynamic_min")+e.Number("memory_overhead"), e.Flag("ha_always_run")
	}
	w.judge(v, e.Ref, e.At)
}

// noteMove notes where a VM is and in which power state, and whether somebody else has brought it there.
func (w *witness) noteMove(v *view, e entry, vm *seenVM) {
	power, host := e.Text("power_state"), e.Text("resident_on")
	moved := vm.power.now() != "" && (power != vm.power.now() || power == "Running" && host != vm.host.now() && vm.host.now() != "OpaqueRef:NULL")
	if moved && !v.working(vm.uuid) && e.Kind == simulator.FactMod {
		vm.against = append(vm.against, e.At)
	}
	if power != vm.power.now() {
		vm.cleanFailed = time.Time{}
	}
	vm.power.set(e.At, power)
	vm.host.set(e.At, host)
	if decls := w.declarations(vm); len(decls) == 1 && drift(v, vm, decls[0]) == "" {
		delete(w.failing, e.Ref)
	}
}

// working reports whether a task of ours is at a VM.
func (v *view) working(uuid string) bool {
	for _, t := range v.tasks {
		if t.ours && !t.ended && t.vm == uuid {
			return true
		}
	}
	return false
}

// rename keeps the VMs of each name.
func (w *witness) rename(v *view, ref string, vm *seenVM, name string, at time.Time) {
	if vm.apart {
		vm.name = name
		return
	}
	if vm.name == name {
		return
	}
	old := vm.name
	delete(v.names[old], ref)
	vm.name, vm.named = name, at
	if name != "" {
		if v.names[name] == nil {
			v.names[name] = map[string]bool{}
		}
		v.names[name][ref] = true
	}
	for other := range v.names[old] {
		w.judge(v, other, at)
	}
	for other := range v.names[name] {
		w.judge(v, other, at)
	}
}

func (w *witness) seeTask(v *view, e entry) {
	if e.Kind == simulator.FactDel {
		delete(v.tasks, e.Ref)
		return
	}
	t := v.tasks[e.Ref]
	if t == nil {
		t = &seenTask{since: e.At, life: w.life}
		v.tasks[e.Ref] = t
	}
	t.name = e.Text("name_label")
	for key, value := range e.Map("other_config") {
		switch strings.TrimPrefix(strings.ToLower(key), "http:") {
		case "xencontroller-owner":
			t.ours = true
		case "xencontroller-vm":
			t.vm = value
		}
	}
	if t.op == nil && t.ours {
		w.matchTask(v, t)
	}
	status := e.Text("status")
	if ended := status != "pending" && status != "cancelling"; ended && !t.ended {
		t.ended, t.endedAt = true, e.At
		w.taskEnded(v, t, status)
	}
}

func (v *view) seeHost(e entry) {
	if e.Kind == simulator.FactDel {
		delete(v.hosts, e.Ref)
		return
	}
	h := v.hosts[e.Ref]
	if h == nil {
		h = &seenHost{}
		v.hosts[e.Ref] = h
	}
	h.name, h.metrics = e.Text("name_label"), e.Text("metrics")
	h.enabled.set(e.At, yesNo(e.Flag("enabled")))
}

func (w *witness) seeLiveness(v *view, e entry) {
	if e.Kind == simulator.FactDel {
		return
	}
	alive := v.alive[e.Ref]
	if is := yesNo(e.Flag("live")); alive.now() != is {
		alive.set(e.At, is)
		v.alive[e.Ref] = alive
		w.judgeAll(v, e.At)
	}
}

// hostsNamed are the references of the declared hosts that there are.
func (v *view) hostsNamed(names []string) (refs []string) {
	for ref, h := range v.hosts {
		if slices.Contains(names, h.name) {
			refs = append(refs, ref)
		}
	}
	return refs
}
