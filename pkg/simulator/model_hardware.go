package simulator

import (
	"fmt"
	"strconv"
	"time"
)

// cpuFeatures is one CPU's feature set as xapi writes it.
const cpuFeatures = "1fcbfbff-fffa3223-2d93fbff-00000123-00000001-001cbfbb-00000000-00000000-00001000-8c000000-00000000-00000000"

const (
	cpusPerHost        = 16
	cpuModel           = "Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz"
	cpuFlags           = "fpu de tsc msr pae mce cx8 apic sep mca cmov pat clflush acpi mmx fxsr sse sse2 ht syscall nx lm constant_tsc"
	microsoftCert      = "MS_VM_CERT/SHA1/bdbeb6e0a816d43fa6d3fe8aaef04c2bad9d3e3d"
	controlDomainRAM   = 4 * gib
	hostMemoryOverhead = 768 * mib
)

// licence is what an open-source build restricts: nothing.
var licence = []string{
	"restrict_vlan", "restrict_qos", "restrict_pool_attached_storage", "restrict_netapp", "restrict_equalogic",
	"restrict_pooling", "enable_xha", "restrict_marathon", "restrict_email_alerting", "restrict_historical_performance",
	"restrict_wlb", "restrict_rbac", "restrict_dmc", "restrict_checkpoint", "restrict_cpu_masking", "restrict_connection",
	"platform_filter", "regular_nag_dialog", "restrict_vmpr", "restrict_vmss", "restrict_intellicache", "restrict_gpu",
	"restrict_dr", "restrict_vif_locking", "restrict_storage_xen_motion", "restrict_vgpu",
	"restrict_integrated_gpu_passthrough", "restrict_vss", "restrict_guest_agent_auto_update",
	"restrict_pci_device_for_auto_update", "restrict_xen_motion", "restrict_guest_ip_setting", "restrict_ad",
	"restrict_nested_virt", "restrict_live_patching", "restrict_set_vcpus_number_live", "restrict_pvs_proxy",
	"restrict_igmp_snooping", "restrict_rpu", "restrict_pool_size", "restrict_cbt", "restrict_usb_passthrough",
	"restrict_network_sriov", "restrict_corosync", "restrict_zstd_export", "restrict_pool_secret_rotation",
	"restrict_certificate_verification", "restrict_updates", "restrict_internal_repo_access", "restrict_vtpm",
	"restrict_vm_groups",
}

// licenceParams is the licence as hosts and the pool carry it.
func licenceParams() Map {
	m := make(Map, 0, len(licence))
	for _, feature := range licence {
		value := "false"
		if feature == "enable_xha" {
			value = "true"
		}
		m = append(m, Entry{Key: feature, Value: value})
	}
	return m
}

// cpuInfo is host.cpu_info.
func cpuInfo() Map {
	return mapOf("cpu_count", strconv.Itoa(cpusPerHost), "socket_count", "1", "threads_per_core", "2", "vendor", "GenuineIntel",
		"speed", "2394.458", "modelname", cpuModel, "family", "6", "model", "79", "stepping", "1", "flags", cpuFlags,
		"features_pv", cpuFeatures, "features_hvm", cpuFeatures, "features_hvm_host", cpuFeatures, "features_pv_host", cpuFeatures)
}

// poolCPUInfo is pool.cpu_info.
func poolCPUInfo(hosts int) Map {
	return mapOf("features_hvm_host", cpuFeatures, "features_pv_host", cpuFeatures, "socket_count", strconv.Itoa(hosts),
		"cpu_count", strconv.Itoa(hosts*cpusPerHost), "vendor", "GenuineIntel")
}

// softwareVersion is host.software_version of a host of this version of xapi.
func softwareVersion(xapi, hostname string, built time.Time) Map {
	product, short, platform := "8.3.0", "8.3", "3.4.0"
	if parseRelease(xapi) == (release{1, 249, 0}) {
		product, short, platform = "8.2.1", "8.2", "3.2.1"
		xapi = "1.249.32"
	}
	return mapOf("product_version", product, "product_version_text", short, "product_version_text_short", short,
		"platform_name", "XCP", "platform_version", platform, "product_brand", "XCP-ng", "build_number", "cloud", "git_id", "2",
		"hostname", hostname, "date", built.UTC().Format("20060102T15:04:05Z"), "xapi", majorMinor(xapi), "xapi_build", xapi,
		"xen", "4.17.4-3", "linux", "4.19.0+1", "xencenter_min", "2.21", "xencenter_max", "2.21",
		"network_backend", "openvswitch", "db_schema", "5.779")
}

// majorMinor cuts a version to its first two numbers: 24.19 of 24.19.2.
func majorMinor(version string) string {
	dots := 0
	for i, c := range version {
		if c == '.' {
			if dots++; dots == 2 {
				return version[:i]
			}
		}
	}
	return version
}

// hostBIOS is host.bios_strings.
func hostBIOS(serial int) Map {
	return mapOf("bios-vendor", "American Megatrends Inc.", "bios-version", "3.2", "system-manufacturer", "Supermicro",
		"system-product-name", "SYS-6029P-WTRT", "system-version", "0123456789",
		"system-serial-number", fmt.Sprintf("S%06d", serial), "baseboard-manufacturer", "Supermicro",
		"baseboard-product-name", "X11DDW-NT", "baseboard-version", "1.10", "baseboard-serial-number",
		fmt.Sprintf("B%06d", serial), "oem-1", "Xen", "oem-2", microsoftCert, "hp-rombios", "")
}

// guestBIOS is VM.bios_strings. xapi: filled in at the first start if empty.
func guestBIOS() Map {
	return mapOf("bios-vendor", "Xen", "bios-version", "", "system-manufacturer", "Xen", "system-product-name", "HVM domU",
		"system-version", "", "system-serial-number", "", "baseboard-manufacturer", "", "baseboard-product-name", "",
		"baseboard-version", "", "baseboard-serial-number", "", "baseboard-asset-tag", "",
		"baseboard-location-in-chassis", "", "enclosure-asset-tag", "", "hp-rombios", "", "oem-1", "Xen", "oem-2", microsoftCert)
}

// unixTime is a time as xapi keeps it in other_config: "1795561239.".
func unixTime(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) + "." }
