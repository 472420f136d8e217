package simulator

import (
	"slices"
	"strings"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

// messageOrder says where xapi's source has the messages that datamodel.json has elsewhere, because they are hidden or
// have been rewritten since: "CLASS.MESSAGE: those that follow it". It shows in system.listMethods and in role.get_all.
const messageOrder = `
session.change_password: slave_login slave_local_login
task.get_backtrace: set_other_config add_to_other_config remove_from_other_config
pool.eject: initial_auth exchange_certificates_on_join exchange_ca_certificates_on_join
pool.recover_slaves: hello is_slave
pool.create_new_blob: ha_schedule_plan_recomputation enable_binary_storage disable_binary_storage
pool.disable_redo_log: audit_log_append
pool_update.destroy: attach detach resync_host
VM.remove_from_HVM_boot_params: set_platform add_to_platform remove_from_platform
VM.set_PCI_bus: set_other_config add_to_other_config remove_from_other_config
VM.remove_tags: set_blocked_operations add_to_blocked_operations remove_from_blocked_operations
VM.suspend: csvm
VM.resume: set_is_default_template hard_reboot_internal
VM.pool_migrate: pool_migrate_complete
VM.assert_can_migrate: assert_can_migrate_sender
VM.assert_can_boot_here: atomic_set_resident_on
VM.create_new_blob: s3_suspend s3_resume
VM.assert_agile: update_snapshot_metadata
VM.set_HVM_boot_policy: set_NVRAM_EFI_variables
VMPP.archive_now: create_alert
VMPP.set_backup_retention_value: set_is_backup_running set_is_archive_running
host.reboot: prepare_for_poweroff
host.license_remove: create
host.power_on: set_license_params
host.emergency_ha_disable: ha_disarm_fencing preconfigure_ha ha_join_liveset ha_disable_failover_decisions ha_wait_for_shutdown_via_statefile ha_stop_daemon ha_release_resources ha_xapi_healthcheck local_assert_healthy request_backup request_config_file_sync propose_new_master commit_new_master abort_new_master
host.get_uncooperative_resident_VMs: get_uncooperative_domains
host.evacuate: signal_networking_change notify
host.get_system_status_capabilities: get_diagnostic_timing_stats
host.set_hostname_live: is_in_emergency_mode
host.compute_memory_overhead: tickle_heartbeat
host.get_server_localtime: enable_binary_storage disable_binary_storage
host.retrieve_wlb_evacuate_recommendations: install_ca_certificate uninstall_ca_certificate certificate_list crl_install crl_uninstall crl_list certificate_sync
host.reset_server_certificate: update_pool_secret update_master attach_static_vdis detach_static_vdis set_localdb_key
host.reset_cpu_features: reset_networking
host.disable_local_storage_caching: get_sm_diagnostics get_thread_diagnostics sm_dp_destroy sync_vlans sync_tunnels sync_pif_currently_attached
host.set_ssl_legacy: apply_guest_agent_config mxgpu_vf_setup nvidia_vf_setup allocate_resources_for_vm
host.set_multipathing: write_uefi_certificates_to_disk
host.set_uefi_certificates: notify_accept_new_pool_secret notify_send_new_pool_secret cleanup_pool_secret
host.emergency_reenable_tls_verification: cert_distrib_atom
host.apply_updates: copy_primary_host_certs
network.remove_tags: attach pool_introduce
network.set_default_locking_mode: attach_for_vm detach_for_vm
PIF.plug: pool_introduce
VLAN.remove_from_other_config: pool_introduce
SR.set_physical_size: set_virtual_allocation set_physical_utilisation
SR.forget_data_source_archives: get_live_hosts
VDI.introduce: pool_introduce db_introduce db_forget
VDI.copy: force_unlock set_managed
VDI.set_read_only: set_missing set_virtual_size set_physical_utilisation set_is_a_snapshot set_snapshot_of set_snapshot_time set_metadata_of_pool
VDI.set_name_description: generate_config
VDI.open_database: checksum
VDI.disable_cbt: set_cbt_enabled
VBD.unplug_force: unplug_force_no_safety_check
VBD.assert_attachable: pause unpause
VTPM.destroy: get_contents set_contents
secret.remove_from_other_config: introduce
GPU_group.destroy: update_enabled_VGPU_types update_supported_VGPU_types
VGPU.destroy: atomic_set_resident_on
Cluster_host.force_destroy: forget
Diagnostics.: gc_compact gc_stats db_stats network_stats
Repository.forget: apply
Repository.set_gpgkey_path: apply_livepatch
Observer.set_name_description: register unregister
`

// followers is messageOrder as a table.
func followers() map[string][]string {
	table := make(map[string][]string)
	for line := range strings.Lines(messageOrder) {
		if after, moved, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			table[after] = strings.Fields(moved)
		}
	}
	return table
}

// inSourceOrder lists the messages of a class in the order of xapi's source.
func inSourceOrder(c *datamodel.Class, moved map[string][]string) []*datamodel.Message {
	elsewhere := make(map[string]bool)
	for after, names := range moved {
		if class, _, _ := strings.Cut(after, "."); class == c.Name {
			for _, name := range names {
				elsewhere[name] = true
			}
		}
	}
	var list []*datamodel.Message
	var place func(m *datamodel.Message)
	follow := func(name string) {
		for _, next := range moved[c.Name+"."+name] {
			if m := c.Message(next); m != nil {
				place(m)
			}
		}
	}
	place = func(m *datamodel.Message) {
		if m.Kind == "get_all_records" {
			list = append(list, filtered(c)...)
		}
		list = append(list, m)
		follow(m.Name)
	}
	follow("")
	for _, m := range c.AllMessages() {
		if !elsewhere[m.Name] && !slices.Contains(filtered(c), m) {
			place(m)
		}
	}
	return list
}

// filtered are the hidden get_all_where and get_all_records_where, which stand before get_all_records.
func filtered(c *datamodel.Class) (list []*datamodel.Message) {
	for _, m := range c.HiddenMessages {
		if m.Kind == "get_all_where" || m.Kind == "get_all_records_where" {
			list = append(list, m)
		}
	}
	return list
}
