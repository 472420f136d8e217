package simulator

// restarted recomputes what a new master computes at its start. Nothing is in progress any more: work that was cut short
// is put into order as the hosts report it.
func (p *Pool) restarted(t *tx) {
	for _, vm := range t.all("VM") {
		t.set("VM", vm, "scheduled_to_be_resident_on", nullRef)
		t.resync(vm)
	}
	for _, vdi := range t.all("VDI") {
		t.refreshVDI(vdi)
	}
	for _, vm := range t.all("VM") {
		t.refreshAll(vm)
	}
	for _, host := range t.all("host") {
		t.refreshHost(host)
	}
	for _, sr := range t.all("SR") {
		t.refreshSR(sr)
	}
	t.refreshPool()
}

// resync makes a VM's record agree with itself after an operation that never ended.
func (t *tx) resync(vm string) {
	if t.flag("VM", vm, "is_control_domain") {
		return
	}
	switch t.str("VM", vm, "power_state") {
	case halted:
		t.detachDevices(vm)
		t.reside(vm, nullRef)
		t.set("VM", vm, "domid", int64(-1))
	case running, paused:
		host := t.str("VM", vm, "resident_on")
		if len(t.strs("VM", vm, "consoles")) == 0 { // cut short in a reboot
			t.attachDevices(vm)
			t.newDomain(vm)
			t.openConsole(vm, host, "rfb")
			t.domainCounted(vm)
		}
		if image := t.str("VM", vm, "suspend_VDI"); image != nullRef { // cut short in a suspend
			t.set("VM", vm, "suspend_VDI", nullRef)
			t.dropDisk(image)
		}
		guest := t.str("VM", vm, "guest_metrics")
		if !t.flag("VM_guest_metrics", guest, "PV_drivers_detected") && t.str("VM", vm, "power_state") == running {
			t.awaitAgent(vm)
		}
	}
}
