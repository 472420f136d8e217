package plan

import (
	"fmt"
	"strings"

	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Manageable reports whether a record is a VM that may be touched at all. xapi: templates, snapshots and control domains
// are VM records too, and a snapshot has is_a_template and is_a_snapshot.
func Manageable(vm *xen.VM) bool {
	return !vm.IsATemplate && !vm.IsDefaultTemplate && !vm.IsASnapshot && !vm.IsControlDomain
}

// Making names the operation that is still making a record: a record that is first seen with it in current_operations does
// not exist yet. xapi: the source of a clone, copy, snapshot or checkpoint shows the same entry; it exists.
func Making(vm *xen.VM) (xen.VMOperation, bool) {
	for _, op := range vm.CurrentOperations.All() {
		switch op {
		case xen.VMOperationClone, xen.VMOperationCopy, xen.VMOperationSnapshot, xen.VMOperationCheckpoint,
			xen.VMOperationImport, xen.VMOperationProvision:
			return op, true
		default:
		}
	}
	return "", false
}

// find is the one VM of the pool that a declaration means, or the reason why there is none.
func (d *decider) find(decl *v1alpha1.VirtualMachine) (xen.VMRef, *xen.VM, *hold) {
	ref, vm, h := d.lookUp(decl)
	if h != nil {
		return "", nil, h
	}
	if d.in.BeingMade[ref] {
		return "", nil, wait(ReasonBeingMade, "%s is still being made: %s", decl.Metadata.Name, operations(vm))
	}
	if names := d.in.Declared.Touching(vm); len(names) > 1 {
		return "", nil, stall(ReasonDeclaredTwice, "%s mean the same VM (uuid %s): declare it once",
			strings.Join(names, " and "), vm.UUID)
	}
	return ref, vm, nil
}

// lookUp finds the record by uuid or name_label.
func (d *decider) lookUp(decl *v1alpha1.VirtualMachine) (xen.VMRef, *xen.VM, *hold) {
	if uuid := decl.Spec.UUID; uuid != "" {
		ref, ok := d.in.Snapshot.ByUUID(xen.ClassVM, uuid)
		if !ok {
			return "", nil, stall(ReasonNotFound, "no VM of the pool has the uuid %s", uuid)
		}
		vm, ok := store.Get[xen.VM](d.in.Snapshot, ref)
		switch {
		case !ok:
			return "", nil, stall(ReasonNotFound, "no VM of the pool has the uuid %s", uuid)
		case !Manageable(vm):
			return "", nil, stall(ReasonNotManageable, "%s is %s: only VMs can be declared", uuid, kindOf(vm))
		}
		return xen.VMRef(ref), vm, nil
	}
	return d.byLabel(labelOf(decl))
}

// byLabel finds the one VM with a name_label. Templates, snapshots and control domains do not count, and a record that
// is still being made counts only where there is nothing else.
func (d *decider) byLabel(label string) (xen.VMRef, *xen.VM, *hold) {
	var ref, made xen.VMRef
	var vm, madeVM *xen.VM
	var uuids []string
	kind := ""
	for _, r := range d.in.Snapshot.ByNameLabel(xen.ClassVM, label) {
		candidate, ok := store.Get[xen.VM](d.in.Snapshot, r)
		switch {
		case !ok:
		case !Manageable(candidate):
			kind = kindOf(candidate)
		case d.in.BeingMade[xen.VMRef(r)]:
			made, madeVM = xen.VMRef(r), candidate
		default:
			ref, vm = xen.VMRef(r), candidate
			uuids = append(uuids, candidate.UUID)
		}
	}
	switch {
	case len(uuids) > 1:
		return "", nil, stall(ReasonAmbiguousName, "%d VMs are called %q (uuids %s): none is touched; declare the uuid",
			len(uuids), label, sorted(uuids))
	case vm != nil:
		return ref, vm, nil
	case madeVM != nil:
		return made, madeVM, nil
	case kind != "":
		return "", nil, stall(ReasonNotFound, "no VM of the pool is called %q; %s is, which is never touched", label, kind)
	}
	return "", nil, stall(ReasonNotFound, "no VM of the pool is called %q", label)
}

func kindOf(vm *xen.VM) string {
	switch {
	case vm.IsControlDomain:
		return "a control domain"
	case vm.IsASnapshot:
		return "a snapshot"
	}
	return "a template"
}

// operations lists current_operations in words.
func operations(vm *xen.VM) string {
	words := make([]string, 0, len(vm.CurrentOperations))
	for _, op := range vm.CurrentOperations.All() {
		words = append(words, string(op))
	}
	return sorted(words)
}

// lost reports whether the VM is on a host that the pool holds for dead, and that host's name.
func (d *decider) lost(vm *xen.VM) (string, bool) {
	if vm.PowerState != xen.Running && vm.PowerState != xen.Paused {
		return "", false // xapi: a VM that has just stopped keeps its resident_on for a moment
	}
	host, ok := store.Get[xen.Host](d.in.Snapshot, string(vm.ResidentOn))
	if !ok {
		return "", false
	}
	metrics, ok := store.Get[xen.HostMetrics](d.in.Snapshot, string(host.Metrics))
	return host.NameLabel, ok && !metrics.Live
}

// hostName is a host's name_label, or something to call it by.
func (d *decider) hostName(ref xen.HostRef) string {
	if ref.IsNull() {
		return ""
	}
	if host, ok := store.Get[xen.Host](d.in.Snapshot, string(ref)); ok {
		return host.NameLabel
	}
	return fmt.Sprintf("unknown host %s", ref)
}
