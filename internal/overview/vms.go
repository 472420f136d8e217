package overview

import (
	"cmp"
	"slices"
	"strings"

	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/web"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// vms are the declared VMs, then those that nobody declares.
func (m *Maker) vms(snap store.Snapshot) []web.VirtualMachine {
	m.mu.Lock()
	set := m.set
	m.mu.Unlock()
	status := map[string]reconcile.VMStatus{}
	for _, s := range m.cfg.Status() {
		status[s.Name] = s
	}
	list := []web.VirtualMachine{}
	managed := map[string]bool{}
	for _, decl := range set.VMs() {
		s := status[decl.Metadata.Name]
		vm := m.vmView(snap, string(s.VM))
		managed[string(s.VM)] = true
		vm.Name, vm.Managed = decl.Metadata.Name, true
		vm.Spec = &web.Spec{Hosts: decl.Spec.Placement.Hosts, Mode: string(decl.Spec.Mode)}
		if decl.Spec.PowerState != nil {
			vm.Spec.PowerState = string(*decl.Spec.PowerState)
		}
		m.addStatus(&vm, s)
		list = append(list, vm)
	}
	for ref, vm := range store.All[xen.VM](snap) {
		if !managed[ref] && plan.Manageable(vm) {
			v := m.vmView(snap, ref)
			v.Name = vm.NameLabel
			list = append(list, v)
		}
	}
	slices.SortStableFunc(list, func(a, b web.VirtualMachine) int {
		if a.Managed != b.Managed {
			return map[bool]int{true: -1, false: 1}[a.Managed]
		}
		return natural(a.Name, b.Name)
	})
	return list
}

// vmView is what the pool says of a VM.
func (m *Maker) vmView(snap store.Snapshot, ref string) web.VirtualMachine {
	v := web.VirtualMachine{Pool: m.cfg.Pool}
	vm, ok := store.Get[xen.VM](snap, ref)
	if !ok {
		return v
	}
	v.NameLabel, v.UUID, v.PowerState, v.MemoryBytes = vm.NameLabel, vm.UUID, string(vm.PowerState), vm.MemoryDynamicMax
	if !vm.ResidentOn.IsNull() {
		v.Host = hostName(snap, vm.ResidentOn)
	}
	return v
}

// addStatus adds what the controller says of a VM.
func (m *Maker) addStatus(vm *web.VirtualMachine, s reconcile.VMStatus) {
	for _, d := range s.Drift {
		vm.Drift = append(vm.Drift, web.Drift{Field: string(d.Field), Declared: d.Wanted, Observed: d.Found})
	}
	for _, c := range s.Conditions {
		vm.Conditions = append(vm.Conditions, web.Condition{
			Type: string(c.Type), Status: string(c.Status), Reason: string(c.Reason), Message: c.Message, LastTransitionTime: c.LastTransitionTime,
		})
	}
	vm.Failures = s.Attempts
	if !s.NextAttempt.IsZero() {
		next := s.NextAttempt
		vm.NextAttempt = &next
	}
	if s.Action == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.running {
		if a.VM == s.Name {
			vm.Action = &a
		}
	}
}

// natural orders names as people count: web-2 before web-10.
func natural(a, b string) int {
	for a != "" && b != "" {
		i, j := digits(a), digits(b)
		if i > 0 && j > 0 {
			x, y := strings.TrimLeft(a[:i], "0"), strings.TrimLeft(b[:j], "0")
			if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); c != 0 {
				return c
			}
			a, b = a[i:], b[j:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

// digits is how many digits a text begins with.
func digits(s string) int {
	return len(s) - len(strings.TrimLeft(s, "0123456789"))
}

// hostName is the name_label of a host, or a dash.
func hostName(snap store.Snapshot, ref xen.HostRef) string {
	if host, ok := store.Get[xen.Host](snap, string(ref)); ok {
		return host.NameLabel
	}
	return "-"
}
