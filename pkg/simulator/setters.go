package simulator

import "strings"

// plain lists the messages that xapi wrote by hand and that, as far as clients see, only write a field.
const plain = `
task.add_to_other_config task.remove_from_other_config task.set_other_config
VM.set_other_config VM.add_to_other_config VM.remove_from_other_config
VM.set_platform VM.add_to_platform VM.remove_from_platform
VM.set_NVRAM VM.add_to_NVRAM VM.remove_from_NVRAM
VM.set_blocked_operations VM.add_to_blocked_operations VM.remove_from_blocked_operations
VM.set_ha_restart_priority VM.set_ha_always_run
host.set_license_params`

// plainSetters are behaviours made from the names: set_F, add_to_F, add_F, remove_from_F, remove_F.
func plainSetters() map[string]behaviour {
	table := make(map[string]behaviour)
	for wire := range strings.FieldsSeq(plain) {
		_, name, _ := strings.Cut(wire, ".")
		verb, field, _ := strings.Cut(name, "_")
		field = strings.TrimPrefix(strings.TrimPrefix(field, "to_"), "from_")
		switch verb {
		case "set":
			table[wire] = func(c *call) (any, error) { return nil, c.writeField(field) }
		case "add":
			table[wire] = func(c *call) (any, error) { return nil, c.addField(field) }
		case "remove":
			table[wire] = func(c *call) (any, error) { return nil, c.removeField(field) }
		}
	}
	return table
}
