package simulator

import "fmt"

// ownDriver is the type of storage that only the simulator has: it can do what few drivers can, and is as large as
// SR.create's physical_size says.
const ownDriver = "simulated"

// driver makes a storage manager.
func (b *builder) driver(kind, description string, capabilities []string) {
	features := make(Map, len(capabilities))
	for i, c := range capabilities {
		features[i] = Entry{Key: c, Value: int64(1)}
	}
	b.create("SM", values{
		"name_label": kind + " storage", "name_description": description, "type": kind, "vendor": "Citrix Systems Inc",
		"copyright": "(C) 2008 Citrix Systems Inc", "version": "1.0", "required_api_version": "1.0",
		"capabilities": setOf(capabilities...), "features": features, "driver_filename": "/opt/xensource/sm/" + kind + "SR",
	})
}

// smCapabilities is what the storage managers of the model can do.
var smCapabilities = []string{
	"SR_UPDATE", "VDI_ACTIVATE", "VDI_ATTACH", "VDI_CLONE", "VDI_CREATE", "VDI_DEACTIVATE", "VDI_DELETE", "VDI_DETACH",
	"VDI_INTRODUCE", "VDI_MIRROR", "VDI_RESIZE", "VDI_SNAPSHOT", "VDI_UPDATE",
}

// srAllowedOperations is the list of a healthy SR at rest, in wire order.
func srAllowedOperations() Set {
	return setOf("vdi_introduce", "unplug", "plug", "pbd_create", "update", "pbd_destroy", "vdi_resize", "vdi_clone", "scan",
		"vdi_snapshot", "vdi_mirror", "vdi_create", "vdi_destroy")
}

func (b *builder) fileDrivers() {
	for _, kind := range []string{"nfs", "ext"} {
		b.driver(kind, "SR plugin which keeps disks as VHD files", smCapabilities)
	}
}

func (b *builder) ownDriver() {
	b.driver(ownDriver, "SR plugin which keeps disks nowhere", append([]string{"VDI_RESET_ON_BOOT", "VDI_RESIZE_ONLINE"}, smCapabilities...))
}

// drivers makes all storage managers of the model.
func (b *builder) drivers() {
	b.fileDrivers()
	b.ownDriver()
}

// storage makes the shared SR, plugged into every host, and a local one for each host.
func (b *builder) storage() {
	b.fileDrivers()
	b.shared = b.sr("nfs-prod", "shared disks", "nfs", true, 2048*gib)
	for i, host := range b.hosts {
		b.plug(b.shared, host, mapOf("server", "10.0.1.1", "serverpath", "/export/prod"))
		local := b.sr("Local storage", "", "ext", false, 512*gib)
		b.plug(local, host, mapOf("device", fmt.Sprintf("/dev/disk/by-id/scsi-%d-part3", 1000+i)))
	}
}

func (b *builder) sr(name, description, kind string, shared bool, size int64) string {
	return b.create("SR", values{
		"name_label": name, "name_description": description, "type": kind, "content_type": "user", "shared": shared,
		"physical_size": size, "physical_utilisation": size / 8, "allowed_operations": srAllowedOperations(),
	})
}

func (b *builder) plug(sr, host string, config Map) {
	dom0 := b.str("host", host, "control_domain")
	b.create("PBD", values{
		"host": host, "SR": sr, "device_config": config, "currently_attached": true,
		"other_config": mapOf("storage_driver_domain", dom0),
	})
}
