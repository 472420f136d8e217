package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Input is everything that a decision depends on. Nothing in it is changed but what Memory remembers.
type Input struct {
	Now      time.Time
	Snapshot store.Snapshot
	Declared *Declared
	// InFlight holds our operations that are not known to be over, by metadata.name. The memory that they claim on their
	// hosts counts as used even before the pool shows it.
	InFlight map[string]Operation
	// History is what happened to each VM before, by metadata.name. Missing: nothing did.
	History map[string]History
	// BeingMade holds records that were first seen while they were cloned, copied, snapshotted, imported or provisioned,
	// and still are. They count as not existing yet.
	BeingMade map[xen.VMRef]bool
	// Displaced holds tasks of ours that were cancelled and do not end. Their entries in current_operations do not stand in
	// the way of a hard_shutdown. xapi: hard_shutdown cancels what it displaces, and waits for it.
	Displaced map[xen.TaskRef]bool
	// Limits are the budgets; the zero value has the defaults.
	Limits Limits
	// Memory makes decisions about placement cheap, and never different; nil: each sums up all VMs.
	Memory *MemoryBook
}

// Operation is an operation of ours that is not known to be over.
type Operation struct {
	Action    Action
	Task      xen.TaskRef // empty while the call has not been answered, or its answer was lost
	Sent      time.Time
	Progress  float64   // 0 to 1
	Cancelled time.Time // when it took too long; zero: it did not yet
}

// History is what happened to one VM before; a new declaration of the VM clears it.
type History struct {
	// Since is when the VM was first seen in its present power state while the present one was declared and something could
	// be done about it. Zero: now.
	Since time.Time
	// CleanFailed says that a clean shutdown of ours has failed since then.
	CleanFailed bool
	// Attempts is the number of failed actions in a row, LastError what the last one died of.
	Attempts  int
	LastError string
	// NextAttempt is the earliest time of the next action; zero: at once.
	NextAttempt time.Time
	// Contested holds the fields that somebody else has turned back too often.
	Contested []Field
}

// Field is a field of the declaration that can differ from the pool.
type Field string

// The fields.
const (
	FieldPowerState Field = "powerState"
	FieldPlacement  Field = "placement"
)

// Fields returns every field.
func Fields() []Field { return []Field{FieldPowerState, FieldPlacement} }

// Declared is the declared VMs with the indexes that decisions need. It never changes.
type Declared struct {
	vms     []*v1alpha1.VirtualMachine // by name
	byName  map[string]*v1alpha1.VirtualMachine
	byUUID  map[string][]string // names
	byLabel map[string][]string // names
}

// Declare indexes declared VMs; their order does not matter. The VMs must not be changed afterwards.
func Declare(vms []*v1alpha1.VirtualMachine) *Declared {
	d := &Declared{
		vms:     slices.Clone(vms),
		byName:  make(map[string]*v1alpha1.VirtualMachine, len(vms)),
		byUUID:  map[string][]string{},
		byLabel: map[string][]string{},
	}
	slices.SortFunc(d.vms, func(a, b *v1alpha1.VirtualMachine) int {
		return strings.Compare(a.Metadata.Name, b.Metadata.Name)
	})
	for _, vm := range d.vms {
		name := vm.Metadata.Name
		d.byName[name] = vm
		if vm.Spec.UUID != "" {
			d.byUUID[vm.Spec.UUID] = append(d.byUUID[vm.Spec.UUID], name)
		} else {
			label := labelOf(vm)
			d.byLabel[label] = append(d.byLabel[label], name)
		}
	}
	return d
}

// VM returns the VM declared under this metadata.name.
func (d *Declared) VM(name string) (*v1alpha1.VirtualMachine, bool) {
	if d == nil {
		return nil, false
	}
	vm, ok := d.byName[name]
	return vm, ok
}

// Names returns the names of all declared VMs, sorted.
func (d *Declared) Names() []string {
	if d == nil {
		return nil
	}
	names := make([]string, len(d.vms))
	for i, vm := range d.vms {
		names[i] = vm.Metadata.Name
	}
	return names
}

// Touching returns the names of the declared VMs that a VM record may be meant by: those that declare its uuid, then
// those that declare its name_label.
func (d *Declared) Touching(vm *xen.VM) []string {
	if d == nil {
		return nil
	}
	byUUID, byLabel := d.byUUID[vm.UUID], d.byLabel[vm.NameLabel]
	if len(byUUID) == 0 {
		return byLabel
	}
	return append(slices.Clone(byUUID), byLabel...)
}

// labelOf is the name_label that a declaration without a uuid means.
func labelOf(vm *v1alpha1.VirtualMachine) string {
	if vm.Spec.NameLabel != "" {
		return vm.Spec.NameLabel
	}
	return vm.Metadata.Name
}
