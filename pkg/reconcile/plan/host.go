package plan

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// refuse is why a host cannot take a VM, memory apart; empty: nothing in the cache speaks against it. The order and the
// rules are those of xapi's VM.assert_can_boot_here, and its conventions for hosts in maintenance. What the cache does not
// tell (CPU features, GPUs) is left to xapi, whose error then backs the VM off.
func (d *decider) refuse(s subject, ref xen.HostRef, host *xen.Host) string {
	if metrics, ok := store.Get[xen.HostMetrics](d.in.Snapshot, string(host.Metrics)); !ok || !metrics.Live {
		return "is not live"
	}
	if !host.Enabled {
		return "is disabled"
	}
	for _, op := range host.CurrentOperations.All() {
		switch op {
		case xen.HostAllowedOperationEvacuate, xen.HostAllowedOperationShutdown, xen.HostAllowedOperationReboot:
			return fmt.Sprintf("is busy with %s", op)
		default:
		}
	}
	if _, ok := host.OtherConfig.Get("MAINTENANCE_MODE"); ok {
		return "is in maintenance mode"
	}
	if why := d.storage(s.vm, host); why != "" {
		return why
	}
	if why := d.networks(s, ref, host); why != "" {
		return why
	}
	return cpus(s.vm, host)
}

// storage names an SR of the VM's disks, or of its memory image, that is not attached to the host. xapi: VM_REQUIRES_SR.
func (d *decider) storage(vm *xen.VM, host *xen.Host) string {
	disks := make([]xen.VDIRef, 0, len(vm.VBDs)+1)
	for _, ref := range vm.VBDs {
		if vbd, ok := store.Get[xen.VBD](d.in.Snapshot, string(ref)); ok && !vbd.Empty {
			disks = append(disks, vbd.VDI)
		}
	}
	if vm.PowerState == xen.Suspended {
		disks = append(disks, vm.SuspendVDI)
	}
	for _, ref := range disks {
		vdi, ok := store.Get[xen.VDI](d.in.Snapshot, string(ref))
		if !ok {
			continue
		}
		if sr, ok := store.Get[xen.SR](d.in.Snapshot, string(vdi.SR)); ok && !d.attached(vdi.SR, host) {
			return fmt.Sprintf("has the SR %q not attached", sr.NameLabel)
		}
	}
	return ""
}

// attached reports whether an SR is plugged on a host. A host has fewer PBDs than a shared SR has.
func (d *decider) attached(sr xen.SRRef, host *xen.Host) bool {
	return slices.ContainsFunc(host.PBDs, func(ref xen.PBDRef) bool {
		pbd, ok := store.Get[xen.PBD](d.in.Snapshot, string(ref))
		return ok && pbd.SR == sr && pbd.CurrentlyAttached
	})
}

// networks names a network of the VM that the host does not reach. xapi: VM_REQUIRES_NETWORK.
func (d *decider) networks(s subject, ref xen.HostRef, host *xen.Host) string {
	for _, own := range s.vm.VIFs {
		vif, ok := store.Get[xen.VIF](d.in.Snapshot, string(own))
		if !ok {
			continue
		}
		network, ok := store.Get[xen.Network](d.in.Snapshot, string(vif.Network))
		if ok && !d.reaches(s, vif.Network, network, ref, host) {
			return fmt.Sprintf("does not reach the network %q", network.NameLabel)
		}
	}
	return ""
}

// reaches reports whether VMs on a host can use a network. xapi: a network without PIFs is internal to the host whose
// running VMs use it, and free for any host while none does.
func (d *decider) reaches(s subject, network xen.NetworkRef, n *xen.Network, ref xen.HostRef, host *xen.Host) bool {
	if !n.Managed {
		return true
	}
	if len(n.PIFs) > 0 {
		return slices.ContainsFunc(host.PIFs, func(own xen.PIFRef) bool { // a host has fewer than a network has
			pif, ok := store.Get[xen.PIF](d.in.Snapshot, string(own))
			return ok && pif.Network == network
		})
	}
	if shared, _ := n.OtherConfig.Get("assume_network_is_shared"); shared == "true" {
		return true
	}
	return !slices.ContainsFunc(n.VIFs, func(other xen.VIFRef) bool {
		vif, ok := store.Get[xen.VIF](d.in.Snapshot, string(other))
		if !ok || !vif.CurrentlyAttached || vif.VM == s.ref {
			return false
		}
		user, ok := store.Get[xen.VM](d.in.Snapshot, string(vif.VM))
		return ok && live(user) && user.ResidentOn != ref
	})
}

// cpus is why a host has too few processors. xapi: HOST_NOT_ENOUGH_PCPUS, lifted by platform:vcpu-unrestricted.
func cpus(vm *xen.VM, host *xen.Host) string {
	if free, _ := vm.Platform.Get("vcpu-unrestricted"); free == "true" {
		return ""
	}
	text, _ := host.CPUInfo.Get("cpu_count")
	count, err := strconv.ParseInt(text, 10, 64)
	if err != nil || vm.VCPUsAtStartup <= count {
		return ""
	}
	return fmt.Sprintf("has %d processors of the %d vCPUs needed", count, vm.VCPUsAtStartup)
}
