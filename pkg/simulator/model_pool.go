package simulator

import "time"

// pool makes the one pool object.
func (b *builder) pool(name string) {
	b.create("pool", values{
		"name_label": name, "master": b.life.master.host, "default_SR": b.shared, "suspend_image_SR": b.shared,
		"other_config": mapOf("memory-ratio-hvm", "0.25", "memory-ratio-pv", "0.25"), "restrictions": licenceParams(),
		"ha_cluster_stack": "xhad", "cpu_info": poolCPUInfo(len(b.hosts)), "coordinator_bias": true,
		"allowed_operations":  poolAllowedOperations(b.model.since(26, 0), false, false),
		"telemetry_frequency": "weekly", "telemetry_next_collection": b.start.Add(8 * 24 * time.Hour),
		"update_sync_frequency": "weekly", "local_auth_max_threads": int64(8), "ext_auth_max_threads": int64(1),
	})
}

// templates are one template as shipped and two that somebody made.
func templates() []VMSpec {
	return []VMSpec{
		{
			Name: "Other install media", Description: "Template which allows VM installation from install media", Template: true,
			Default: true, Diskless: true, Memory: gib, VCPUs: 1,
		},
		{Name: "Debian Bookworm 12", Description: "Debian with the guest agent", Template: true, Memory: gib, VCPUs: 1},
		{Name: "Windows Server 2022 (64-bit)", Description: "Windows with the guest agent", Template: true, Memory: 4 * gib},
	}
}
