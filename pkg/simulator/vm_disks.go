package simulator

// makeDisk makes a VDI as a call of a task: a VDI.create beside it, and within that what the storage backend calls.
func (t *tx) makeDisk(v values, parent string) string {
	sr, vdi := v["SR"].(string), ""
	uuid := t.life.pool.newUUID()
	v["uuid"], v["location"] = uuid, uuid
	v["physical_utilisation"], v["managed"] = v["virtual_size"], true
	t.storageTask("VDI.create", parent, sr, "vdi_create", func(string) string {
		vdi = t.introduceDisk(v)
		return vdi
	})
	return vdi
}

// destroyDisk destroys a VDI the same way.
func (t *tx) destroyDisk(vdi, parent string) {
	if !t.exists("VDI", vdi) {
		return
	}
	t.storageTask("VDI.destroy", parent, t.str("VDI", vdi, "SR"), "vdi_destroy", func(task string) string {
		t.mark("VDI", vdi, task, "destroy")
		t.refreshVDI(vdi)
		t.innerTask("VDI.db_forget", nullRef, nullRef, func(string) { t.dropDisk(vdi) })
		return ""
	})
}

// storageTask is an operation on an SR as a task of its own, under another one.
func (t *tx) storageTask(name, parent, sr, operation string, f func(task string) (result string)) {
	task := t.create("task", values{
		"name_label": name, "created": t.now(), "status": "pending", "resident_on": t.masterHost(), "type": "<none/>",
		"subtask_of": parent, "backtrace": "()",
	})
	t.set("task", task, "allowed_operations", setOf("cancel"))
	t.mark("SR", sr, task, operation)
	t.refreshSR(sr)
	result := f(task)
	t.unmark("SR", sr, task)
	t.refreshSR(sr)
	t.endInnerTask(task, "<value>"+result+"</value>")
}
