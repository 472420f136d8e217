package simulator

import "time"

// measureEvery is how often hosts report how much memory is in use. xapi: 5 s, written only if it has changed.
const measureEvery = 5 * time.Second

// measureLoop keeps the figures of memory up to date until the life ends.
func (l *life) measureLoop() {
	tick := time.NewTicker(measureEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-l.done():
			return
		}
		_ = l.update(func(t *tx) error { t.measure(); return nil }) // at the end of the life the next turn returns
	}
}

// reside writes where a VM is. The hosts that this concerns are measured anew.
func (t *tx) reside(vm, host string) {
	t.life.pool.unmeasured[t.str("VM", vm, "resident_on")] = true
	t.life.pool.unmeasured[host] = true
	t.set("VM", vm, "resident_on", host)
}

// measure writes host_metrics.memory_free and VM_metrics.memory_actual where VMs have come or gone. xapi: these are Xen's
// own figures; VMs on their way to a host do not count yet.
func (t *tx) measure() {
	for _, m := range t.life.pool.members {
		if !t.life.pool.unmeasured[m.host] || m.state == memberDown || m.state == memberSilent {
			continue
		}
		metrics := t.str("host", m.host, "metrics")
		h := hostMemory{Total: t.num("host_metrics", metrics, "memory_total"), Overhead: t.num("host", m.host, "memory_overhead")}
		for _, vm := range t.strs("host", m.host, "resident_VMs") {
			memory := t.vmMemory(vm)
			h.VMs = append(h.VMs, memory)
			t.set("VM_metrics", t.str("VM", vm, "metrics"), "memory_actual", memory.DynamicMax)
		}
		t.set("host_metrics", metrics, "memory_free", h.free(countDynamicMax))
	}
	clear(t.life.pool.unmeasured)
}
