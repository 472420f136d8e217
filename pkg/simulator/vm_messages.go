package simulator

import "fmt"

// announce makes the alert that ends an operation on a VM: VM_STARTED and so on. where follows the VM's name.
func (t *tx) announce(name, vm, where string) {
	uuid := t.str("VM", vm, "uuid")
	body := fmt.Sprintf("VM '%s' (uuid: %s) %s", t.str("VM", vm, "name_label"), uuid, where)
	t.create("message", values{
		"name": name, "priority": int64(5), "cls": "VM", "obj_uuid": uuid, "timestamp": t.now(), "body": body,
	})
}

// hostInWords names a host as alerts do: "xen-1 (uuid: …)".
func (t *tx) hostInWords(host string) string {
	return fmt.Sprintf("%s (uuid: %s)", t.str("host", host, "name_label"), t.str("host", host, "uuid"))
}

// hostQuoted names a host as VM_MIGRATED does: "'xen-1' (uuid: …)".
func (t *tx) hostQuoted(host string) string {
	return fmt.Sprintf("'%s' (uuid: %s)", t.str("host", host, "name_label"), t.str("host", host, "uuid"))
}

// innerTask runs f as a call that a host makes of the coordinator in the middle of its work: a task of its own, there
// for as long as the call runs. xapi: every client sees these tasks come and go. parent is the task it belongs to, or
// nullRef; host is where it runs, nullRef being the coordinator.
func (t *tx) innerTask(name, parent, host string, f func(task string)) {
	t.innerTaskWith(name, parent, host, func(task string) string { f(task); return "" })
}

// innerTaskWith is innerTask of a call that has a result.
func (t *tx) innerTaskWith(name, parent, host string, f func(task string) (result string)) {
	task := t.create("task", values{
		"name_label": name, "created": t.now(), "status": "pending", "resident_on": t.masterHost(), "type": "<none/>",
		"subtask_of": parent, "backtrace": "()",
	})
	if host != nullRef {
		t.set("task", task, "resident_on", host)
	}
	t.endInnerTask(task, "<value>"+f(task)+"</value>")
}

// endInnerTask ends a task of innerTask's kind and deletes it.
func (t *tx) endInnerTask(task, result string) {
	t.set("task", task, "allowed_operations", Set{})
	t.set("task", task, "finished", t.now())
	t.set("task", task, "progress", 1.0)
	t.set("task", task, "result", result)
	t.set("task", task, "status", "success")
	t.destroy("task", task)
}

// refreshDevices is what a host does when a domain has changed: it asks the coordinator for VM.update_allowed_operations.
func (t *tx) refreshDevices(vm string) {
	t.innerTask("VM.update_allowed_operations", nullRef, nullRef, func(string) {
		for _, vbd := range t.strs("VM", vm, "VBDs") {
			t.refreshVBD(vbd)
			t.refreshDisk(vbd)
		}
		for _, vif := range t.strs("VM", vm, "VIFs") {
			t.refreshVIF(vif)
		}
		t.refreshVM(vm)
	})
}
