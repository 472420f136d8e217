package datamodel

import (
	"fmt"
	"strings"
)

// sourceOrder is the order of the classes in xapi's source (ocaml/idl/datamodel.ml), which is seen on the wire in
// system.listMethods and event.from; datamodel.json has them sorted by name.
const sourceOrder = `session auth subject role task event pool pool_patch pool_update VM VM_metrics VM_guest_metrics VMPP VMSS
VM_appliance DR_task host host_crashdump host_patch host_metrics host_cpu network VIF VIF_metrics PIF PIF_metrics Bond VLAN SM SR
sr_stat probe_result LVHD VDI VBD VBD_metrics PBD crashdump VTPM console user data_source blob message secret tunnel network_sriov
PCI PGPU GPU_group VGPU VGPU_type PVS_site PVS_server PVS_proxy PVS_cache_storage Feature SDN_controller vdi_nbd_server_info PUSB
USB_group VUSB Cluster Cluster_host Certificate Diagnostics Repository Observer VM_group Host_driver Driver_variant Caller Rate_limit`

// index fills what is derived: types as trees, look-up tables, the order of the source.
func (m *Model) index() error {
	m.byName = make(map[string]*Class)
	for _, c := range m.Classes {
		m.byName[c.Name] = c
	}
	for _, c := range m.HiddenClasses {
		m.byName[c.Name] = c
	}
	for _, c := range m.byName {
		if err := c.index(); err != nil {
			return fmt.Errorf("class %s: %w", c.Name, err)
		}
	}
	seen := make(map[string]bool)
	for name := range strings.FieldsSeq(sourceOrder) {
		if c := m.byName[name]; c != nil {
			m.ordered = append(m.ordered, c)
			seen[name] = true
		}
	}
	for _, c := range m.Classes { // a class newer than the list comes last
		if !seen[c.Name] {
			m.ordered = append(m.ordered, c)
		}
	}
	return nil
}

func (c *Class) index() (err error) {
	c.allFields = append(append(c.allFields, c.Fields...), c.HiddenFields...)
	c.allMessages = append(append(c.allMessages, c.Messages...), c.HiddenMessages...)
	c.fieldByName = make(map[string]*Field, len(c.allFields))
	c.messageByName = make(map[string]*Message, len(c.allMessages))
	for _, f := range c.allFields {
		c.fieldByName[f.Name] = f
		if f.Parsed, err = ParseType(f.Type); err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	for _, m := range c.allMessages {
		c.messageByName[m.Name] = m
		if err := m.parseTypes(); err != nil {
			return fmt.Errorf("message %s: %w", m.Name, err)
		}
	}
	return nil
}

func (m *Message) parseTypes() (err error) {
	if len(m.Result) == 0 {
		return fmt.Errorf("no result")
	}
	if m.ResultType, err = ParseType(m.Result[0]); err != nil {
		return err
	}
	for _, p := range m.Params {
		if p.Parsed, err = ParseType(p.Type); err != nil {
			return fmt.Errorf("parameter %s: %w", p.Name, err)
		}
	}
	return nil
}
