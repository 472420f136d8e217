package simulator

import (
	"fmt"
	"time"
)

// now is the time as xapi writes it into most fields.
func (t *tx) now() time.Time { return wholeSecond(t.life.clock()) }

// settle puts a VM on a host: what xapi does in one call, so that no client sees the VM nowhere or counted twice.
func (t *tx) settle(vm, host, parent string) {
	t.innerTask("VM.atomic_set_resident_on", parent, nullRef, func(string) {
		t.reside(vm, host)
		t.set("VM", vm, "scheduled_to_be_resident_on", nullRef)
	})
}

// newDomain gives the VM the number of a new domain on its host.
func (t *tx) newDomain(vm string) {
	host := t.str("VM", vm, "resident_on")
	domids := t.life.pool.domids
	domids[host]++
	t.set("VM", vm, "domid", domids[host])
}

// openConsole gives a live VM its console.
func (t *tx) openConsole(vm, host, protocol string) {
	uuid := t.life.pool.newUUID()
	t.create("console", values{
		"uuid": uuid, "protocol": protocol, "VM": vm,
		"location": fmt.Sprintf("https://%s/console?uuid=%s", t.str("host", host, "address"), uuid),
	})
}

// closeConsoles takes a VM's consoles away.
func (t *tx) closeConsoles(vm string) {
	for _, console := range t.strs("VM", vm, "consoles") {
		t.destroy("console", console)
	}
}

// writeTimeOffset writes the clock's offset as xapi does: out of the map, and in again.
func (t *tx) writeTimeOffset(vm string) {
	platform := startedPlatform(t.dict("VM", vm, "platform"))
	t.set("VM", vm, "platform", withoutKey(platform, "timeoffset"))
	t.set("VM", vm, "platform", platform)
}

// domainUp writes what a host reports of a domain that has come to be, after its number.
func (t *tx) domainUp(vm string) {
	host, metrics := t.str("VM", vm, "resident_on"), t.str("VM", vm, "metrics")
	t.openConsole(vm, host, "rfb")
	t.set("VM", vm, "memory_target", t.num("VM", vm, "memory_dynamic_max"))
	t.writeTimeOffset(vm)
	t.set("VM_metrics", metrics, "hvm", t.str("VM", vm, "domain_type") == "hvm")
	t.set("VM_metrics", metrics, "start_time", t.now())
}

// domainCounted writes the rest of it.
func (t *tx) domainCounted(vm string) {
	t.set("VM_metrics", t.str("VM", vm, "metrics"), "VCPUs_number", t.num("VM", vm, "VCPUs_at_startup"))
	t.set("VM", vm, "last_boot_CPU_flags", bootFlags(true))
}

// domainDown writes what a host reports of a domain that is gone. xapi: the guest's last report stays, addresses and all.
func (t *tx) domainDown(vm string) {
	metrics := t.str("VM", vm, "metrics")
	t.closeConsoles(vm)
	t.set("VM", vm, "memory_target", int64(0))
	t.set("VM_metrics", metrics, "hvm", false)
	t.set("VM_metrics", metrics, "start_time", epoch())
	t.set("VM_metrics", metrics, "VCPUs_number", int64(0))
	t.set("VM", vm, "last_boot_CPU_flags", bootFlags(false))
}

// resetToHalted writes that a VM has stopped. xapi: power_state first, resident_on only after the devices.
func (t *tx) resetToHalted(vm string) {
	t.set("VM_metrics", t.str("VM", vm, "metrics"), "current_domain_type", "unspecified")
	t.set("VM", vm, "power_state", halted)
	t.detachDevices(vm)
	t.startedAnew(vm)
	t.leaveHost(vm)
}

// leaveHost writes that a VM has no domain any more.
func (t *tx) leaveHost(vm string) {
	t.reside(vm, nullRef)
	t.set("VM", vm, "scheduled_to_be_resident_on", nullRef)
	t.set("VM", vm, "domid", int64(-1))
	t.refreshVM(vm)
}

// attachDevices writes that a VM's devices are in use.
func (t *tx) attachDevices(vm string) {
	for _, vbd := range t.strs("VM", vm, "VBDs") {
		t.set("VBD", vbd, "currently_attached", true)
	}
	for _, vif := range t.strs("VM", vm, "VIFs") {
		t.set("VIF", vif, "currently_attached", true)
	}
}

// detachDevices writes that they are not.
func (t *tx) detachDevices(vm string) {
	for _, vbd := range t.strs("VM", vm, "VBDs") {
		t.set("VBD", vbd, "currently_attached", false)
		t.set("VBD", vbd, "reserved", false)
		t.set("VBD", vbd, "current_operations", Map{})
	}
	for _, vif := range t.strs("VM", vm, "VIFs") {
		t.set("VIF", vif, "currently_attached", false)
		t.set("VIF", vif, "reserved", false)
		t.set("VIF", vif, "current_operations", Map{})
	}
	for _, class := range []string{"VGPU", "VUSB"} {
		for _, device := range t.strs("VM", vm, class+"s") {
			t.set(class, device, "currently_attached", false)
		}
	}
}

// markDevices marks a VM's devices as being attached. xapi: a resume marks the disks only.
func (t *tx) markDevices(vm, task string, interfaces bool) {
	for _, vbd := range t.strs("VM", vm, "VBDs") {
		t.mark("VBD", vbd, task, "attach")
		t.refreshVBD(vbd)
	}
	if !interfaces {
		return
	}
	for _, vif := range t.strs("VM", vm, "VIFs") {
		t.mark("VIF", vif, task, "attach")
		t.refreshVIF(vif)
	}
}

// unmarkDevices takes the marks away.
func (t *tx) unmarkDevices(vm, task string) {
	for _, vif := range t.strs("VM", vm, "VIFs") {
		t.unmark("VIF", vif, task)
		t.refreshVIF(vif)
	}
	for _, vbd := range t.strs("VM", vm, "VBDs") {
		t.unmark("VBD", vbd, task)
		t.refreshVBD(vbd)
	}
}

// refreshDisks recomputes the allowed_operations of the VDIs of a VM.
func (t *tx) refreshDisks(vm string) {
	for _, vbd := range t.strs("VM", vm, "VBDs") {
		t.refreshDisk(vbd)
	}
}
