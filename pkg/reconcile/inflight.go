package reconcile

import (
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// InFlight finds the operations of a controller that runs elsewhere, by the marks of its tasks, so that a plan beside it
// does not take them for somebody else's. owner and originator are those of its Config.
func InFlight(snap store.Snapshot, declared *plan.Declared, owner, originator string) map[string]plan.Operation {
	c := &Controller{cfg: Config{Owner: owner, Originator: originator}}
	found := map[string]plan.Operation{}
	for ref, task := range store.All[xen.Task](snap) {
		m, ours := c.ours(snap, task)
		verb, known := plan.VerbOf(task.NameLabel)
		if !ours || !known || task.Ended() {
			continue
		}
		vmRef, vm := vmMarked(snap, m)
		if vm == nil {
			continue
		}
		for _, name := range declared.Touching(vm) {
			decl, _ := declared.VM(name)
			found[name] = plan.Operation{
				Action: actionOf(verb, name, vmRef, vm, decl, "begun by the controller that runs"),
				Task:   xen.TaskRef(ref), Sent: task.Created, Progress: task.Progress,
			}
		}
	}
	return found
}

// vmMarked is the VM that a mark names; nil where there is none.
func vmMarked(snap store.Snapshot, m xapi.TaskMark) (xen.VMRef, *xen.VM) {
	ref, found := snap.ByUUID(xen.ClassVM, m.VM)
	if !found {
		return "", nil
	}
	vm, _ := store.Get[xen.VM](snap, ref)
	return xen.VMRef(ref), vm
}

// actionOf is the action that a task which was found carries out, as far as the pool shows. decl may be nil.
func actionOf(verb plan.Verb, name string, ref xen.VMRef, vm *xen.VM, decl *v1alpha1.VirtualMachine, because string) plan.Action {
	now := time.Now()
	a := plan.Action{
		Verb: verb, Key: name, VM: ref, VMUUID: vm.UUID, From: vm.ResidentOn, Field: verb.Field(),
		Deadline: plan.Deadline(now, verb, vm.MemoryStaticMax), Because: because,
	}
	if !vm.ScheduledToBeResidentOn.IsNull() {
		a.Host = vm.ScheduledToBeResidentOn
	}
	if decl != nil && verb == plan.CleanShutdown && decl.Spec.Shutdown.Mode == v1alpha1.CleanThenHard {
		a.Deadline = now.Add(decl.Spec.Shutdown.GracePeriod)
	}
	return a
}
