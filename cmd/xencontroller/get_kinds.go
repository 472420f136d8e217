package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// kind is something that "get" can show: what it is called, where it comes from, and the columns of its table.
type kind struct {
	singular, plural string
	class            xen.Class
	classes          []xen.Class // that its rows are made of
	columns, wide    []string
	// hidden says which records are shown only with --all.
	hidden func(xen.Record) bool
	cells  func(snap store.Snapshot, r xen.Record, now time.Time) []string
}

// is reports whether a word names the kind.
func (k *kind) is(word string) bool { return word == k.singular || word == k.plural }

// kinds lists all of them.
func kinds() []*kind {
	return []*kind{
		{
			singular: "vm", plural: "vms", class: xen.ClassVM,
			classes: []xen.Class{xen.ClassVM, xen.ClassHost, xen.ClassVMGuestMetrics},
			columns: []string{"NAME", "POWER STATE", "HOST", "MEMORY", "OPERATION"}, wide: []string{"VCPUS", "ADDRESS", "UUID"},
			hidden: notAVM, cells: vmCells,
		},
		{
			singular: "host", plural: "hosts", class: xen.ClassHost,
			classes: []xen.Class{xen.ClassVM, xen.ClassHost, xen.ClassHostMetrics, xen.ClassPool},
			columns: []string{"NAME", "STATE", "ROLE", "ADDRESS", "VMS", "MEMORY FREE"}, wide: []string{"MEMORY", "VERSION", "UUID"},
			cells: hostCells,
		},
		{
			singular: "task", plural: "tasks", class: xen.ClassTask,
			classes: []xen.Class{xen.ClassTask, xen.ClassHost},
			columns: []string{"NAME", "STATUS", "PROGRESS", "AGE"}, wide: []string{"HOST", "ERROR", "UUID"},
			cells: taskCells,
		},
	}
}

// notAVM reports whether a record is not what people call a VM.
func notAVM(r xen.Record) bool {
	vm, ok := r.(*xen.VM)
	return ok && (vm.IsATemplate || vm.IsASnapshot || vm.IsControlDomain)
}

func vmCells(snap store.Snapshot, r xen.Record, _ time.Time) []string {
	vm := r.(*xen.VM)
	var running []string
	for _, op := range vm.CurrentOperations.All() {
		running = append(running, string(op))
	}
	return []string{
		vm.NameLabel, string(vm.PowerState), hostName(snap, vm.ResidentOn), bytesText(vm.MemoryDynamicMax), orDash(strings.Join(running, ",")),
		fmt.Sprint(vm.VCPUsAtStartup), orDash(vmAddress(snap, vm)), vm.UUID,
	}
}

// vmAddress is the first address that the guest reports. xapi: a stopped VM keeps its last one, so only a running one is asked.
func vmAddress(snap store.Snapshot, vm *xen.VM) string {
	if vm.PowerState != xen.Running || vm.Domid < 0 {
		return ""
	}
	metrics, ok := store.Get[xen.VMGuestMetrics](snap, string(vm.GuestMetrics))
	if !ok {
		return ""
	}
	for _, key := range []string{"0/ip", "0/ipv4/0", "0/ipv6/0"} {
		if address, ok := metrics.Networks.Get(key); ok {
			return address
		}
	}
	return ""
}

func hostCells(snap store.Snapshot, r xen.Record, _ time.Time) []string {
	host := r.(*xen.Host)
	ref, _ := snap.ByUUID(xen.ClassHost, host.UUID)
	metrics, _ := store.Get[xen.HostMetrics](snap, string(host.Metrics))
	state, free, total := "ready", "-", "-"
	switch {
	case metrics == nil || !metrics.Live:
		state = "dead"
	case !host.Enabled:
		state = "disabled"
	}
	if metrics != nil {
		free, total = bytesText(metrics.MemoryFree), bytesText(metrics.MemoryTotal)
	}
	role := "member"
	if _, pool, ok := snap.Pool(); ok && string(pool.Master) == ref {
		role = "master"
	}
	vms := 0
	for _, vm := range snap.VMsOn(xen.HostRef(ref)) {
		if !vm.IsControlDomain {
			vms++
		}
	}
	version, _ := host.SoftwareVersion.Get("product_version")
	return []string{host.NameLabel, state, role, host.Address, fmt.Sprint(vms), free, total, orDash(version), host.UUID}
}

func taskCells(snap store.Snapshot, r xen.Record, now time.Time) []string {
	task := r.(*xen.Task)
	age := max(now.Sub(task.Created).Truncate(time.Second), 0) // negative where the clocks differ
	return []string{
		task.NameLabel, string(task.Status), fmt.Sprintf("%.0f%%", 100*task.Progress), age.String(),
		hostName(snap, task.ResidentOn), orDash(strings.Join(task.ErrorInfo, " ")), task.UUID,
	}
}

// hostName is the name_label of a host, or a dash.
func hostName(snap store.Snapshot, ref xen.HostRef) string {
	if host, ok := store.Get[xen.Host](snap, string(ref)); ok {
		return host.NameLabel
	}
	return "-"
}

// orDash is a text, or a dash for none.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// bytesText writes bytes as Kubernetes does: 8Gi, 512Mi.
func bytesText(n int64) string {
	units := []string{"", "Ki", "Mi", "Gi", "Ti"}
	value := float64(n)
	unit := 0
	for value >= 1024 && unit < len(units)-1 {
		value /= 1024
		unit++
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", value), ".0") + units[unit]
}
