package simulator

import "strings"

// antiAffinityAlert is the alert about a group whose VMs should be apart and are not.
const antiAffinityAlert = "ALL_RUNNING_VMS_IN_ANTI_AFFINITY_GRP_ON_SINGLE_HOST"

// watchGroup posts the alert about a VM's anti-affinity group once two or more of its running VMs are all on one host, and
// takes it away when that is no longer so; on another host it is a new one. xapi: the first such group counts; the alert
// names the pool.
func (t *tx) watchGroup(vm string) {
	for _, group := range t.strs("VM", vm, "groups") {
		if t.str("VM_group", group, "placement") == "anti_affinity" {
			t.updateGroupAlert(group)
			return
		}
	}
}

// updateGroupAlert brings a group's alert up to date.
func (t *tx) updateGroupAlert(group string) {
	uuid, body := t.str("VM_group", group, "uuid"), ""
	if host := t.gatheredOn(group); host != nullRef {
		body = "<body><message>Breach on VM anti-affinity rules</message><VM_group>" + uuid + "</VM_group><host>" +
			t.str("host", host, "uuid") + "</host></body>"
	}
	told := false
	for _, alert := range t.find("message", "name", antiAffinityAlert) {
		switch text := t.str("message", alert, "body"); {
		case text == body:
			told = true
		case strings.Contains(text, "<VM_group>"+uuid+"<"):
			t.destroy("message", alert)
		}
	}
	if body != "" && !told {
		t.create("message", values{
			"name": antiAffinityAlert, "priority": int64(3), "cls": "Pool", "obj_uuid": t.str("pool", t.the("pool"), "uuid"),
			"timestamp": t.now(), "body": body,
		})
	}
}

// gatheredOn is the host that all running VMs of a group are on, where there are two of them at least; else nullRef.
func (t *tx) gatheredOn(group string) string {
	host, n := nullRef, 0
	for _, vm := range t.strs("VM_group", group, "VMs") {
		on := t.str("VM", vm, "resident_on")
		if t.str("VM", vm, "power_state") != running || on == nullRef {
			continue
		}
		if n++; n > 1 && on != host {
			return nullRef
		}
		host = on
	}
	if n < 2 {
		return nullRef
	}
	return host
}
