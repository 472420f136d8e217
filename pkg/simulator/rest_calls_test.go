package simulator

import (
	"archive/tar"
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

// denial is what a refused call is expected to say, by its beginning.
type denial struct{ name, got, want string }

func wantAnswers(t *testing.T, answers ...denial) {
	t.Helper()
	for _, a := range answers {
		if !strings.HasPrefix(a.got, a.want) {
			t.Errorf("%s answers %q, want %q", a.name, a.got, a.want)
		}
	}
}

// TestBlobs: a blob hangs on its owner by a name that is free.
func TestBlobs(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: 1})
	w, vm := login1(t, p), string(p.VMRef(vmName(0)))
	blob := w.must("VM.create_new_blob", vm, "icon", "", false).(string)
	if got := w.must("blob.get_mime_type", blob); got != "application/octet-stream" {
		t.Errorf("its type is %v", got)
	}
	if got := text(w.must("VM.get_blobs", vm).(Map), "icon"); got != blob {
		t.Errorf("the VM has %q", got)
	}
	wantAnswers(t, denial{"a name taken", w.refused("VM.create_new_blob", vm, "icon", "image/png", true), "MAP_DUPLICATE_KEY | VM | blobs"})
	w.must("blob.destroy", blob)
	wantAnswers(t, denial{"a blob gone", w.refused("blob.destroy", blob), "HANDLE_INVALID | blob"},
		denial{"nobody's blob", w.refused("SR.create_new_blob", "OpaqueRef:x", "a", "", true), "HANDLE_INVALID | SR"})
}

// TestVTPM: one for a halted VM, with a secret that goes with it.
func TestVTPM(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: -1})
	for _, name := range []string{"idle", "busy"} {
		if err := p.AddVM(VMSpec{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.StartVM("busy"); err != nil {
		t.Fatal(err)
	}
	w, idle := login1(t, p), string(p.VMRef("idle"))
	vtpm := w.must("VTPM.create", idle, false).(string)
	wantAnswers(t, denial{"a second one", w.refused("VTPM.create", idle, false), "VTPM_MAX_AMOUNT_REACHED | 1"},
		denial{"a running VM", w.refused("VTPM.create", string(p.VMRef("busy")), false), "VM_BAD_POWER_STATE"})
	if got := len(w.must("secret.get_all").(Set)); got != 1 {
		t.Errorf("there are %d secrets", got)
	}
	w.must("VTPM.destroy", vtpm)
	if got := len(w.must("secret.get_all").(Set)); got != 0 {
		t.Errorf("%d secrets are left", got)
	}
}

// TestRepositories: of a name and an address once, forgotten while no pool is updated from it.
func TestRepositories(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: -1, Version: "26"})
	w := login1(t, p)
	pool := w.must("pool.get_all").(Set)[0]
	introduce := func(name, binary, source, key string) []any { return []any{name, "", binary, source, true, key} }
	good := introduce("base", "https://repo.example/b", "https://repo.example/s", "KEY")
	repository := w.must("Repository.introduce", good...).(string)
	w.must("pool.set_repositories", pool, Set{repository})
	wantAnswers(t,
		denial{"twice", w.refused("Repository.introduce", good...), "REPOSITORY_ALREADY_EXISTS | " + repository},
		denial{"no address", w.refused("Repository.introduce", introduce("a", "ftp://x", "https://x", "")...), "INVALID_BASE_URL | ftp://x"},
		denial{"a key elsewhere", w.refused("Repository.introduce", introduce("a", "https://x", "https://x", "../k")...), "INVALID_GPGKEY_PATH | ../k"},
		denial{"in use", w.refused("Repository.forget", repository), "REPOSITORY_IS_IN_USE"},
		denial{"nobody", w.refused("pool.add_repository", pool, "OpaqueRef:x"), "HANDLE_INVALID | Repository"},
		denial{"a day", w.refused("pool.configure_update_sync", pool, "weekly", 7), "INVALID_UPDATE_SYNC_DAY | 7"},
		denial{"a proxy", w.refused("pool.configure_repository_proxy", pool, "x", "", ""), "INVALID_REPOSITORY_PROXY_URL | x"},
		denial{"nobody's password", w.refused("pool.configure_repository_proxy", pool, "http://x", "", "y"), "INVALID_REPOSITORY_PROXY_CREDENTIAL"},
	)
	w.must("pool.configure_repository_proxy", pool, "http://proxy.example", "me", "hush")
	secret := w.must("pool.get_repository_proxy_password", pool)
	if got := w.must("secret.get_value", secret); got != "hush" {
		t.Errorf("the proxy's password is %v", got)
	}
	w.must("pool.disable_repository_proxy", pool)
	w.must("pool.remove_repository", pool, repository)
	w.must("Repository.forget", repository)
	wantAnswers(t, denial{"its secret", w.refused("secret.get_value", secret), "HANDLE_INVALID"},
		denial{"nothing to look in", w.refused("pool.set_update_sync_enabled", pool, true), "NO_REPOSITORIES_CONFIGURED"})
}

// TestPassthrough: groups, and what is given to VMs of them.
func TestPassthrough(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: -1})
	if err := p.AddVM(VMSpec{Name: "idle"}); err != nil {
		t.Fatal(err)
	}
	w, vm := login1(t, p), string(p.VMRef("idle"))
	usb := w.must("USB_group.create", "stick", "", Map{}).(string)
	vusb := w.must("VUSB.create", vm, usb, Map{}).(string)
	gpu := w.must("GPU_group.create", "cards", "", Map{}).(string)
	vgpu := w.must("VGPU.create", vm, gpu, "0", Map{}, nullRef).(string)
	wantAnswers(t,
		denial{"a group taken", w.refused("VUSB.create", vm, usb, Map{}), "USB_GROUP_CONFLICT | " + usb},
		denial{"a group with VMs", w.refused("USB_group.destroy", usb), "USB_GROUP_CONTAINS_VUSB | " + vusb},
		denial{"not attached", w.refused("VUSB.unplug", vusb), "DEVICE_ALREADY_DETACHED | " + vusb},
		denial{"no device", w.refused("VGPU.create", vm, gpu, "x", Map{}, nullRef), "INVALID_DEVICE | x"},
		denial{"a device taken", w.refused("VGPU.create", vm, gpu, "0", Map{}, nullRef), "DEVICE_ALREADY_EXISTS | 0"},
		denial{"no type", w.refused("VGPU.create", vm, gpu, "1", Map{}, "OpaqueRef:x"), "HANDLE_INVALID | VGPU_type"},
		denial{"no card", w.refused("PGPU.set_GPU_group", "OpaqueRef:x", gpu), "HANDLE_INVALID | PGPU"},
		denial{"no virtual functions", w.refused("network_sriov.create", cardOf(p, "xen-1", "eth1"), newNetwork(w, "shared")), "PIF_IS_NOT_SRIOV_CAPABLE"},
	)
	for _, step := range [][2]string{{"VUSB.destroy", vusb}, {"USB_group.destroy", usb}, {"VGPU.destroy", vgpu}, {"GPU_group.destroy", gpu}} {
		w.must(step[0], step[1])
	}
}

// TestSites: sites of streaming servers are forgotten when they are empty.
func TestSites(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: 1})
	w := login1(t, p)
	site := w.must("PVS_site.introduce", "site", "", "u-1").(string)
	if again := w.must("PVS_site.introduce", "other", "", "u-1"); again != site {
		t.Error("one uuid makes two sites")
	}
	server := w.must("PVS_server.introduce", Set{"10.1.0.1"}, 6910, 6930, site).(string)
	vif := w.must("VM.get_VIFs", string(p.VMRef(vmName(0)))).(Set)[0]
	proxy := w.must("PVS_proxy.create", site, vif).(string)
	wantAnswers(t,
		denial{"an address taken", w.refused("PVS_server.introduce", Set{"10.1.0.1"}, 1, 2, site), "PVS_SERVER_ADDRESS_IN_USE | 10.1.0.1"},
		denial{"no address", w.refused("PVS_server.introduce", Set{"x"}, 1, 2, site), "INVALID_IP_ADDRESS_SPECIFIED | addresses"},
		denial{"ports", w.refused("PVS_server.introduce", Set{"10.1.0.2"}, 3, 2, site), "VALUE_NOT_SUPPORTED | last_port"},
		denial{"a second proxy", w.refused("PVS_proxy.create", site, vif), "PVS_PROXY_ALREADY_PRESENT | " + proxy},
		denial{"a site with servers", w.refused("PVS_site.forget", site), "PVS_SITE_CONTAINS_SERVERS | " + server},
	)
	var nfs string
	p.view(func(x *tx) { nfs = x.find("SR", "type", "nfs")[0] })
	cache := mapOf("site", site, "SR", nfs, "host", p.member("xen-1").host)
	w.must("PVS_cache_storage.create", append(cache, Entry{Key: "size", Value: "1024"}))
	wantAnswers(t, denial{"a second cache", w.refused("PVS_cache_storage.create", cache), "PVS_CACHE_STORAGE_ALREADY_PRESENT | " + site})
	w.must("PVS_server.forget", server)
	w.must("PVS_proxy.destroy", proxy)
	w.must("PVS_site.forget", site)
}

// TestController: there is one at most, and the old call replaces it.
func TestController(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: -1})
	w := login1(t, p)
	w.must("SDN_controller.introduce", "ssl", "10.1.0.1", 0)
	wantAnswers(t, denial{"a second one", w.refused("SDN_controller.introduce", "ssl", "10.1.0.2", 6632), "OPERATION_NOT_ALLOWED"},
		denial{"no address", w.refused("pool.set_vswitch_controller", "x"), "INVALID_IP_ADDRESS_SPECIFIED | address"})
	w.must("pool.set_vswitch_controller", "10.1.0.3")
	all := w.must("SDN_controller.get_all_records").(Map)
	if len(all) != 1 || field(all[0].Value, "address") != "10.1.0.3" || field(all[0].Value, "port") != "6632" {
		t.Errorf("the controllers are %v", all)
	}
	w.must("pool.set_vswitch_controller", "")
	if got := w.must("SDN_controller.get_all").(Set); len(got) != 0 {
		t.Errorf("%v is left", got)
	}
}

// TestSnapshotSchedules: what a schedule can hold, by its frequency.
func TestSnapshotSchedules(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: 1})
	w := login1(t, p)
	record := func(frequency string, schedule Map, kept int64) Map {
		return Map{
			{Key: "name_label", Value: "s"},
			{Key: "name_description", Value: ""},
			{Key: "enabled", Value: true},
			{Key: "type", Value: "snapshot"},
			{Key: "retained_snapshots", Value: databaseText(kept)},
			{Key: "frequency", Value: frequency},
			{Key: "schedule", Value: schedule},
		}
	}
	vmss := w.must("VMSS.create", record("daily", mapOf("hour", "7"), 3)).(string)
	if got := w.must("VMSS.get_schedule", vmss).(Map); text(got, "hour") != "7" || text(got, "min") != "0" || len(got) != 2 {
		t.Errorf("the schedule is %v", got)
	}
	wantAnswers(t,
		denial{"an hour", w.refused("VMSS.create", record("daily", mapOf("hour", "24"), 3)), "INVALID_VALUE | schedule:hour | 24"},
		denial{"a key of another", w.refused("VMSS.create", record("hourly", mapOf("days", "Monday"), 3)), "INVALID_VALUE | schedule:days | Monday"},
		denial{"too many", w.refused("VMSS.create", record("hourly", Map{}, 11)), "INVALID_VALUE | retained_snapshots | 11"},
		denial{"no day", w.refused("VMSS.add_to_schedule", vmss, "days", "Someday"), "INVALID_VALUE | schedule:days | Someday"},
	)
	w.must("VMSS.set_frequency", vmss, "weekly")
	if got := w.must("VMSS.get_schedule", vmss).(Map); text(got, "hour") != "7" || text(got, "days") != "Monday" {
		t.Errorf("the schedule has become %v", got)
	}
	w.must("VM.set_snapshot_schedule", string(p.VMRef(vmName(0))), vmss)
	wantAnswers(t, denial{"in use", w.refused("VMSS.destroy", vmss), "VMSS_HAS_VM"})
}

// TestDirectory: the users of a model are the directory; a model without has none.
func TestDirectory(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: -1, Users: []User{{Name: "ann", Password: "x", Role: "read-only"}}})
	w := login1(t, p)
	sid := w.must("auth.get_subject_identifier", "ann").(string)
	if got := text(w.must("auth.get_subject_information_from_identifier", sid).(Map), "subject-name"); got != "ann" {
		t.Errorf("the identifier is of %q", got)
	}
	bare := Start(t, Model{Hosts: 1, VMs: -1})
	v := login1(t, bare)
	pool, host := v.must("pool.get_all").(Set)[0], bare.member("xen-1").host
	wantAnswers(t,
		denial{"nobody", w.refused("auth.get_subject_identifier", "bob"), "SUBJECT_CANNOT_BE_RESOLVED"},
		denial{"no directory", v.refused("auth.get_subject_identifier", "ann"), "AUTH_IS_DISABLED"},
		denial{"a kind", v.refused("host.enable_external_auth", host, Map{}, "example.com", "LDAP"), "AUTH_UNKNOWN_TYPE | LDAP"},
		denial{"a domain", v.refused("pool.enable_external_auth", pool, Map{}, "example.com", "AD"), "POOL_AUTH_ENABLE_FAILED_DOMAIN_LOOKUP_FAILED | " + host},
	)
	v.must("pool.disable_external_auth", pool, Map{})
}

// TestRecovery: a copy of the database needs a driver that can, and the redo log room.
func TestRecovery(t *testing.T) {
	p := Start(t, Model{Hosts: 2, VMs: 1})
	w, vm := login1(t, p), string(p.VMRef(vmName(0)))
	var nfs string
	p.view(func(x *tx) { nfs = x.find("SR", "type", "nfs")[0] })
	wantAnswers(t,
		denial{"a driver that cannot", w.refused("SR.enable_database_replication", nfs), "SR_OPERATION_NOT_SUPPORTED | " + nfs},
		denial{"storage that cannot", w.refused("DR_task.create", "nfs", Map{}, Set{}), "OPERATION_NOT_ALLOWED"},
		denial{"no newer", w.refused("VM.recover", vm, w.session, false), "VM_TO_IMPORT_IS_NOT_NEWER_VERSION | " + vm},
		denial{"no session", w.refused("VM.recover", vm, "OpaqueRef:x", false), "HANDLE_INVALID | session"},
	)
	if got := w.must("VM.get_SRs_required_for_recovery", vm, w.session).(Set); len(got) != 1 || got[0] != nfs {
		t.Errorf("it needs %v", got)
	}
	p.view(func(x *tx) { x.set("SM", x.find("SM", "type", "nfs")[0], "capabilities", setOf("SR_METADATA")) })
	w.must("SR.enable_database_replication", nfs)
	w.must("SR.enable_database_replication", nfs)
	w.must("DR_task.destroy", w.must("DR_task.create", "nfs", Map{}, Set{}))
	w.must("pool.enable_redo_log", nfs)
	pif := cardOf(p, "xen-1", "eth1")
	wantAnswers(t, denial{"an interface under the log", w.refused("PIF.unplug", pif), "REDO_LOG_IS_ENABLED"})
	w.must("pool.disable_redo_log")
	w.must("SR.disable_database_replication", nfs)
	kinds := ""
	for _, e := range w.must("VDI.get_all_records").(Map) {
		kinds += " " + field(e.Value, "type").(string)
	}
	if strings.Contains(kinds, "metadata") || strings.Count(kinds, "redo_log") != 1 {
		t.Errorf("the disks are%s", kinds)
	}
}

// TestSecureBoot: what a pool's certificates are enough for, and what a VM's firmware says.
func TestSecureBoot(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: -1})
	if err := p.AddVM(VMSpec{Name: "idle"}); err != nil {
		t.Fatal(err)
	}
	w, vm := login1(t, p), string(p.VMRef("idle"))
	pool := w.must("pool.get_all").(Set)[0]
	for _, c := range []struct {
		files []string
		want  string
	}{
		{[]string{"PK.auth", "KEK.auth"}, "not_ready"},
		{[]string{"PK.auth", "KEK.auth", "db.auth"}, "ready_no_dbx"},
		{[]string{"PK.auth", "KEK.auth", "db.auth", "dbx.auth"}, "ready"},
		{nil, "not_ready"},
	} {
		w.must("pool.set_custom_uefi_certificates", pool, archive(t, c.files))
		if got := w.must("pool.get_guest_secureboot_readiness", pool); got != c.want {
			t.Errorf("%v: %v, want %s", c.files, got, c.want)
		}
	}
	readiness := func() any { return w.must("VM.get_secureboot_readiness", vm) }
	wantAnswers(t, denial{"other firmware", w.refused("VM.set_uefi_mode", vm, "setup"), "OPERATION_NOT_ALLOWED"},
		denial{"no archive", w.refused("pool.set_custom_uefi_certificates", pool, "!"), "INVALID_VALUE | value"})
	seen := []any{readiness()}
	w.must("VM.set_HVM_boot_params", vm, mapOf("firmware", "uefi"))
	seen = append(seen, readiness())
	w.must("VM.set_platform", vm, mapOf("secureboot", "true"))
	seen = append(seen, readiness())
	w.must("VM.set_uefi_mode", vm, "setup")
	seen = append(seen, readiness())
	for i, want := range []string{"not_supported", "disabled", "first_boot", "setup_mode"} {
		if seen[i] != want {
			t.Errorf("step %d: %v, want %s", i, seen[i], want)
		}
	}
}

// archive is a tar of empty files, in base64.
func archive(t *testing.T, files []string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// TestCallers: groups of callers and limits are rows.
func TestCallers(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: -1, Version: "26"})
	w := login1(t, p)
	caller := w.must("Caller.create", mapOf("name_label", "backup")).(string)
	limit := w.must("Rate_limit.create", mapOf("name_label", "slow")).(string)
	w.must("Caller.add_group", caller, "tools")
	w.must("Rate_limit.add_caller", limit, caller)
	if got := w.must("Rate_limit.get_callers", limit).(Set); len(got) != 1 || got[0] != caller {
		t.Errorf("the limit is for %v", got)
	}
	wantAnswers(t, denial{"no rate", w.refused("Rate_limit.set_fill_rate", limit, 0.0), "INVALID_VALUE | fill_rate"},
		denial{"no such group", w.refused("Caller.query_group_call_count", "x"), "INVALID_VALUE | group | x"})
	w.must("Caller.query_group_call_count", "tools")
	w.must("Rate_limit.remove_caller", limit, caller)
	w.must("Caller.remove_group", caller, "tools")
}

// TestObservers: what can be observed, and where it is told.
func TestObservers(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: -1})
	w := login1(t, p)
	observer := w.must("Observer.create", mapOf("name_label", "o")).(string)
	w.must("Observer.set_components", observer, Set{"xapi", "smapi"})
	w.must("Observer.set_hosts", observer, Set{p.member("xen-1").host})
	wantAnswers(t,
		denial{"a component", w.refused("Observer.set_components", observer, Set{"kernel"}), "INVALID_VALUE | component | kernel"},
		denial{"an endpoint", w.refused("Observer.set_endpoints", observer, Set{"ftp://x"}), "INVALID_VALUE | endpoint | ftp://x"},
		denial{"a host", w.refused("Observer.set_hosts", observer, Set{"OpaqueRef:x"}), "HANDLE_INVALID | host"})
}

// TestClusterRefused: what a cluster lacks, in xapi's order; the last is the daemon.
func TestClusterRefused(t *testing.T) {
	p := Start(t, Model{Hosts: 2, VMs: -1})
	w := login1(t, p)
	pif := cardOf(p, "xen-1", "eth1")
	wantAnswers(t,
		denial{"stack", w.refused("Cluster.create", pif, "other", true, 20.0, 1.0), "INVALID_CLUSTER_STACK | other"},
		denial{"timeout", w.refused("Cluster.create", pif, "corosync", true, 0.1, 1.0), "INVALID_VALUE | token_timeout"},
		denial{"can be unplugged", w.refused("Cluster.create", pif, "corosync", true, 20.0, 1.0), "PIF_ALLOWS_UNPLUG | " + pif})
	w.must("PIF.set_disallow_unplug", pif, true)
	wantAnswers(t, denial{"daemon", w.refused("Cluster.create", pif, "corosync", true, 20.0, 1.0), "NOT_IMPLEMENTED | cluster"},
		denial{"the other host", w.refused("Cluster.pool_create", w.must("PIF.get_network", pif), "corosync", 20.0, 1.0), "PIF_ALLOWS_UNPLUG"})
}

// TestSecretRotation: with all hosts there or not at all.
func TestSecretRotation(t *testing.T) {
	p := Start(t, Model{Hosts: 2, VMs: -1})
	w := login1(t, p)
	w.must("pool.rotate_secret")
	if err := p.StopMember("xen-2"); err != nil {
		t.Fatal(err)
	}
	wantAnswers(t, denial{"a host away", w.refused("pool.rotate_secret"), "CANNOT_CONTACT_HOST"})
}

// TestTelemetry: the next report is soon, and a new identity replaces the old.
func TestTelemetry(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: -1})
	w := login1(t, p)
	pool := w.must("pool.get_all").(Set)[0]
	wantAnswers(t, denial{"too late", w.refused("pool.set_telemetry_next_collection", pool, time.Now().AddDate(1, 0, 0).UTC()), "TELEMETRY_NEXT_COLLECTION_TOO_LATE"})
	w.must("pool.reset_telemetry_uuid", pool)
	first := w.must("pool.get_telemetry_uuid", pool)
	w.must("pool.reset_telemetry_uuid", pool)
	wantAnswers(t, denial{"the old identity", w.refused("secret.get_value", first), "HANDLE_INVALID"})
}

// TestLockedNetwork: a default that an interface goes by is not changed under it.
func TestLockedNetwork(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: 1})
	w, vm := login1(t, p), string(p.VMRef(vmName(0)))
	vif := w.must("VM.get_VIFs", vm).(Set)[0]
	network := w.must("VIF.get_network", vif).(string)
	wantAnswers(t, denial{"in use", w.refused("network.set_default_locking_mode", network, "disabled"), "VIF_IN_USE | " + network})
	for _, e := range w.must("VIF.get_all_records").(Map) {
		w.must("VIF.set_locking_mode", e.Key, "unlocked")
	}
	w.must("network.set_default_locking_mode", network, "disabled")
	pool := w.must("pool.get_all").(Set)[0]
	w.must("pool.set_igmp_snooping_enabled", pool, true)
	if got := w.must("PIF.get_igmp_snooping_status", cardOf(p, "xen-1", "eth1")); got != "enabled" {
		t.Errorf("an interface shows %v", got)
	}
	wantAnswers(t, denial{"a key", w.refused("pool.add_to_guest_agent_config", pool, "x", "y"), "INVALID_VALUE | guest_agent_config | x = y"})
}
