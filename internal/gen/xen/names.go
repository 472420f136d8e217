package main

import (
	"strings"
	"unicode"
)

// initialisms are the words that Go writes in capitals.
var initialisms = map[string]string{
	"uuid": "UUID", "id": "ID", "ip": "IP", "ipv4": "IPv4", "ipv6": "IPv6", "url": "URL", "uri": "URI", "ha": "HA", "api": "API",
	"cpu": "CPU", "cpus": "CPUs", "dns": "DNS", "mac": "MAC", "mtu": "MTU", "vm": "VM", "vms": "VMs", "vdi": "VDI", "vdis": "VDIs", "sr": "SR", "srs": "SRs",
	"pif": "PIF", "vif": "VIF", "pbd": "PBD", "vbd": "VBD", "vlan": "VLAN", "http": "HTTP", "https": "HTTPS", "tls": "TLS", "ssl": "SSL", "ca": "CA", "crl": "CRL",
	"rbac": "RBAC", "vtpm": "VTPM", "gpu": "GPU", "vgpu": "VGPU", "pgpu": "PGPU", "pci": "PCI", "usb": "USB", "hvm": "HVM", "pv": "PV", "bios": "BIOS", "uefi": "UEFI",
	"cbt": "CBT", "nbd": "NBD", "rrd": "RRD", "ntp": "NTP", "ssh": "SSH", "wlb": "WLB", "sm": "SM", "dr": "DR", "os": "OS", "db": "DB", "iscsi": "ISCSI", "iqn": "IQN",
	"lldp": "LLDP", "numa": "NUMA", "json": "JSON", "xml": "XML", "snmp": "SNMP", "igmp": "IGMP", "pvs": "PVS", "sdn": "SDN", "rw": "RW", "ro": "RO", "cd": "CD", "hba": "HBA", "xapi": "XAPI",
}

// camel turns a wire name into a Go name: name_label → NameLabel, VCPUs_max → VCPUsMax, is_a_template → IsATemplate.
func camel(wire string) string {
	words := strings.FieldsFunc(wire, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	var b strings.Builder
	for _, w := range words {
		if up, ok := initialisms[w]; ok {
			b.WriteString(up)
			continue
		}
		b.WriteString(strings.ToUpper(w[:1]) + w[1:])
	}
	return b.String()
}

// codeName turns an error code into a Go name: VM_BAD_POWER_STATE → VMBadPowerState.
func codeName(code string) string { return camel(strings.ToLower(code)) }

// reserved are the names that a parameter must not take: Go's words and what the generated code calls.
var reserved = map[string]bool{
	"type": true, "func": true, "range": true, "map": true, "interface": true, "default": true, "package": true, "import": true, "return": true,
	"switch": true, "case": true, "select": true, "message": true, "sessionless": true, "optional": true, "ref": true, "string": true, "any": true,
}

// paramName turns a parameter's name into a Go name that starts in lower case: new_name → newName, VIF_map → vifMap.
func paramName(wire string) string {
	name := []rune(camel(wire))
	for i := range name {
		lastOfWord := i+1 < len(name) && unicode.IsLower(name[i+1])
		if i > 0 && (lastOfWord || !unicode.IsUpper(name[i])) {
			break
		}
		name[i] = unicode.ToLower(name[i])
	}
	if reserved[string(name)] {
		return string(name) + "Value"
	}
	return string(name)
}

// fileWord is a class as a part of a file name.
func fileWord(class string) string { return strings.ToLower(class) }

// enumNames gives an enumeration its Go type and the prefix of its constants. The handful that everybody uses have
// short names; the others are called after the datamodel's word.
func enumNames(wire string) (typ, prefix string) {
	switch wire {
	case "vm_power_state":
		return "PowerState", ""
	case "task_status_type":
		return "TaskStatus", "Task"
	case "event_operation":
		return "EventOperation", "Event"
	}
	typ = camel(wire)
	if strings.HasSuffix(typ, "Operations") {
		typ = strings.TrimSuffix(typ, "s")
	}
	return typ, typ
}

// enumWord is the Go name of a word of an enumeration.
func enumWord(prefix, word string) string {
	if word == "" {
		return prefix + "Empty"
	}
	return prefix + camel(word)
}
