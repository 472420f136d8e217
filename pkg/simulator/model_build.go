package simulator

import (
	"fmt"
	"strconv"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// builder fills an empty database with a model's objects. It works under the pool's lock, in one go.
type builder struct {
	*tx
	model Model
	start time.Time

	hosts  []string // references
	shared string   // SR
	front  string   // network
}

// populate makes the objects of the pool's model in an empty database.
func (p *Pool) populate(t *tx) error {
	m := p.model
	b := &builder{tx: t, model: m, start: t.now()}
	management := b.networks()
	memory := m.hostMemory()
	for i, member := range p.members {
		b.host(i, member, management, memory)
	}
	b.storage()
	b.pool("simulated")
	if err := b.subjects(); err != nil {
		return err
	}
	t.bulk = newBulkLinks()
	err := b.vms()
	t.bulk.flush(t)
	if err != nil {
		return err
	}
	for _, h := range b.hosts {
		b.refreshHost(h)
	}
	b.measure()
	b.ownDriver()
	return nil
}

// vms makes the templates and the model's VMs, those that run on each host in turn.
func (b *builder) vms() error {
	specs := templates()
	for i := range b.model.VMs {
		role := vmRoles[i%len(vmRoles)]
		specs = append(specs, VMSpec{Name: vmName(i), Description: role + " server", PowerState: vmPowerState(i), Tags: []string{role}})
	}
	if b.model.VMs > 0 {
		specs = append(specs, VMSpec{
			Name: "vendor-appliance", Description: "Runs by itself; nobody declares it", PowerState: xen.Running,
		})
	}
	live := 0
	for _, s := range specs {
		if s.PowerState == xen.Running || s.PowerState == xen.Paused {
			s.Host = b.life.pool.members[live%len(b.hosts)].name
			live++
		}
		vm, err := b.makeVM(s)
		if err != nil {
			return err
		}
		if s.Name == "db-1" {
			b.buildSnapshot(vm, "db-1 before upgrade")
		}
	}
	return nil
}

// buildSnapshot makes a snapshot with its disk.
func (b *builder) buildSnapshot(vm, name string) {
	disks := map[string]string{}
	for _, vbd := range b.strs("VM", vm, "VBDs") {
		vdi := b.str("VBD", vbd, "VDI")
		uuid := b.life.pool.newUUID()
		disks[vbd] = b.create("VDI", values{
			"uuid": uuid, "location": uuid, "managed": true, "SR": b.shared, "name_label": b.str("VDI", vdi, "name_label"),
			"virtual_size": b.num("VDI", vdi, "virtual_size"), "type": "user", "on_boot": "persist", "is_a_snapshot": true,
			"snapshot_of": vdi, "snapshot_time": b.start,
		})
		b.refreshVDI(disks[vbd])
	}
	b.snapshotVM(vm, name, disks)
}

// hostMemory is the memory of each host in bytes: 64 GiB, or as much more as lets half of the hosts hold all VMs.
func (m Model) hostMemory() int64 {
	if m.HostMemory > 0 {
		return m.HostMemory
	}
	total, all := 64*gib, int64(m.VMs+1)*(2*gib+20*mib)
	for (total-controlDomainRAM-gib)*int64((m.Hosts+1)/2) < all {
		total *= 2
	}
	return total
}

func (b *builder) networks() (management string) {
	b.create("network", values{
		"name_label":       "Host internal management network",
		"name_description": "Network on which guests will be assigned a private link-local IP address which can be used to talk XenAPI",
		"bridge":           "xenapi", "MTU": int64(1500), "managed": true,
		"other_config": mapOf("is_guest_installer_network", "true", "is_host_internal_management_network", "true",
			"ip_begin", "169.254.0.1", "ip_end", "169.254.255.254", "netmask", "255.255.0.0"),
	})
	management = b.create("network", values{
		"name_label": "Pool-wide network associated with eth0", "bridge": "xenbr0", "MTU": int64(1500), "managed": true,
	})
	b.front = b.create("network", values{
		"name_label": "front", "name_description": "Pool-wide network associated with eth1", "bridge": "xenbr1",
		"MTU": int64(1500), "managed": true,
	})
	return management
}

func (b *builder) host(i int, m *member, management string, memory int64) {
	name, address, ref := m.name, m.address, m.host
	metrics := b.create("host_metrics", values{
		"memory_total": memory, "memory_free": memory - controlDomainRAM - gib, "live": true, "last_updated": b.start,
	})
	booted := b.start.Add(-time.Hour)
	b.createAs("host", ref, values{
		"uuid": m.hostUUID, "name_label": name, "name_description": "Default install", "hostname": name, "address": address, "metrics": metrics,
		"memory_overhead": hostMemoryOverhead, "API_version_major": int64(2), "API_version_minor": b.model.release().apiMinor(),
		"API_version_vendor": "XenSource", "enabled": true, "software_version": softwareVersion(b.model.Version, name, booted),
		"other_config": mapOf("agent_start_time", unixTime(booted.Add(time.Minute)), "boot_time", unixTime(booted)),
		"capabilities": setOf("xen-3.0-x86_64", "hvm-3.0-x86_32", "hvm-3.0-x86_32p", "hvm-3.0-x86_64", ""),
		"sched_policy": "credit", "supported_bootloaders": setOf("pygrub", "eliloader"), "cpu_info": cpuInfo(),
		"license_params": licenceParams(), "edition": "xcp-ng", "editions": setOf("xcp-ng"),
		"license_server": mapOf("address", "localhost", "port", "27000"), "bios_strings": hostBIOS(1000 + i),
		"chipset_info": mapOf("iommu", "false"), "virtual_hardware_platform_versions": Set{int64(0), int64(1), int64(2)},
		"display": "enabled",
	})
	b.hosts = append(b.hosts, ref)
	b.life.pool.unmeasured[ref] = true
	b.controlDomain(ref, name)
	b.interfaces(ref, i, address, management)
	for n := range cpusPerHost {
		b.create("host_cpu", values{
			"host": ref, "number": int64(n), "vendor": "GenuineIntel", "speed": int64(2394), "modelname": cpuModel,
			"family": int64(6), "model": int64(79), "stepping": "1", "flags": cpuFlags,
		})
	}
}

func (b *builder) controlDomain(host, name string) {
	metrics := b.create("VM_metrics", values{
		"memory_actual": controlDomainRAM, "VCPUs_number": int64(2), "start_time": b.start.Add(-time.Hour),
		"current_domain_type": "pv",
	})
	ref := b.create("VM", values{
		"name_label":       "Control domain on host: " + name,
		"name_description": "The domain which manages physical devices and manages other domains",
		"power_state":      running, "user_version": int64(1), "resident_on": host, "affinity": host, "domid": int64(0),
		"memory_overhead": memoryOverhead("pv", controlDomainRAM, 2, 1, false) + 34*mib,
		"memory_target":   controlDomainRAM, "memory_static_max": controlDomainRAM, "memory_dynamic_max": controlDomainRAM,
		"memory_dynamic_min": controlDomainRAM, "memory_static_min": controlDomainRAM, "VCPUs_max": int64(2),
		"VCPUs_at_startup": int64(2), "actions_after_softreboot": "soft_reboot", "actions_after_shutdown": "destroy",
		"actions_after_reboot": "destroy", "actions_after_crash": "destroy", "HVM_shadow_multiplier": float64(1),
		"other_config":      mapOf("storage_driver_domain", "", "is_system_domain", "true", "mac_seed", b.life.pool.newUUID()),
		"is_control_domain": true, "metrics": metrics, "domain_type": "pv",
	})
	b.set("host", host, "control_domain", ref)
	for _, protocol := range []string{"vt100", "rfb"} {
		b.openConsole(ref, host, protocol)
	}
	b.refreshVM(ref)
}

// interfaces gives a host its two network cards: eth0 for management, eth1 for guests.
func (b *builder) interfaces(host string, i int, address, management string) {
	for n, network := range []string{management, b.front} {
		metrics := b.create("PIF_metrics", values{
			"carrier": true, "vendor_id": "8086", "vendor_name": "Intel Corporation", "device_id": "10fb",
			"device_name": "82599ES 10-Gigabit SFI/SFP+ Network Connection", "speed": int64(10000), "duplex": true,
			"pci_bus_path": fmt.Sprintf("0000:00:%02x.0", 5+n), "last_updated": b.start,
		})
		v := values{
			"device": "eth" + strconv.Itoa(n), "network": network, "host": host, "metrics": metrics, "MTU": int64(1500),
			"MAC": fmt.Sprintf("02:77:00:%02x:%02x:%02x", n, (i+1)/256, (i+1)%256), "VLAN": int64(-1), "physical": true,
			"currently_attached": true, "managed": true, "management": n == 0, "ip_configuration_mode": "None",
			"primary_address_type": "IPv4", "properties": mapOf("gro", "on"),
		}
		if n == 0 {
			v["ip_configuration_mode"], v["IP"], v["netmask"] = "Static", address, "255.255.255.0"
		}
		b.create("PIF", v)
	}
}
