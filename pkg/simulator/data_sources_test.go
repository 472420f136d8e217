package simulator

import "testing"

// The figures of hosts and VMs: what there is, what they are now, and that they are kept when somebody says so.
func TestDataSources(t *testing.T) {
	p, w := recordedPool(t, Model{})
	vm, host := vmNamed(p, "web1"), hostRefOf(p, "xen-2")
	enabled := func(class, ref string) map[string]any {
		list := map[string]any{}
		for _, s := range w.must(class+".get_data_sources", ref).(Set) {
			list[field(s, "name_label").(string)] = field(s, "enabled")
		}
		return list
	}
	if got := enabled("VM", vm); got["memory"] != true || got["cpu_usage"] != false || got["cpu1"] != true || got["vif_0_rx"] != true {
		t.Errorf("the VM has %v", got)
	}
	if got := enabled("host", host); got["memory_free_kib"] != true || got["cpu_avg"] != true || got["cpu0"] != true {
		t.Errorf("the host has %v", got)
	}
	if got := w.must("VM.query_data_source", vm, "memory"); got != "2147483648" {
		t.Errorf("memory is %v", got)
	}
	if got, want := w.must("host.query_data_source", host, "memory_total_kib"), w.must("host_metrics.get_memory_total", w.must("host.get_metrics", host)); got == want || got == "0" {
		t.Errorf("memory_total_kib is %v, memory_total %v", got, want)
	}
	for _, c := range []struct{ want, method, ref, name string }{
		{`INTERNAL_ERROR | Rrd.Invalid_data_source("nothing")`, "VM.query_data_source", vm, "nothing"},
		{`INTERNAL_ERROR | Rrd.Invalid_data_source("cpu_usage")`, "VM.query_data_source", vm, "cpu_usage"},
		{"VM_BAD_POWER_STATE | " + vmNamed(p, "web5") + " | running | halted", "VM.query_data_source", vmNamed(p, "web5"), "memory"},
		{"HANDLE_INVALID | host | OpaqueRef:gone", "host.query_data_source", "OpaqueRef:gone", "memory"},
	} {
		if got := w.refused(c.method, c.ref, c.name); got != c.want {
			t.Errorf("%s of %s answers %s, want %s", c.method, c.name, got, c.want)
		}
	}
	w.must("VM.record_data_source", vm, "cpu_usage")
	if got := w.must("VM.query_data_source", vm, "cpu_usage"); got != "0" {
		t.Errorf("once it is kept it is %v", got)
	}
	w.must("VM.forget_data_source_archives", vm, "cpu_usage")
	w.refused("VM.query_data_source", vm, "cpu_usage")
	if ops := w.must("VM.get_current_operations", vm).(Map); len(ops) > 0 {
		t.Errorf("the VM is left with %v", ops)
	}
}
