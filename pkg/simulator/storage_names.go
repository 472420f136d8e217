package simulator

import (
	"net/url"
	"strconv"
)

// storageNames are the calls that write down what disks and their storage are called, where the storage is.
func storageNames() map[string]behaviour {
	table := map[string]behaviour{
		"VDI.set_allow_caching":               func(c *call) (any, error) { return nil, c.writeField("allow_caching") },
		"pool.add_to_guest_agent_config":      poolAddAgentConfig,
		"pool.remove_from_guest_agent_config": func(c *call) (any, error) { return nil, c.removeField("guest_agent_config") },
	}
	for _, field := range []string{"name_label", "name_description"} {
		table["SR.set_"+field] = func(c *call) (any, error) {
			if err := c.mustBeThere("SR"); err != nil {
				return nil, err
			}
			return nil, c.writeAt(c.str(0), field)
		}
		table["VDI.set_"+field] = func(c *call) (any, error) {
			sr, err := c.srOf(c.str(0))
			if err != nil {
				return nil, err
			}
			return nil, c.writeAt(sr, field)
		}
	}
	return table
}

// writeAt writes a field of a call's object by way of a host that has the SR plugged.
func (c *call) writeAt(sr, field string) error {
	if err := c.onStorageHost(sr); err != nil {
		return err
	}
	return c.writeField(field)
}

// poolAddAgentConfig is pool.add_to_guest_agent_config. xapi: there are two keys.
func poolAddAgentConfig(c *call) (any, error) {
	key, value := c.str(1), c.str(2)
	good := false
	switch key {
	case "auto_update_enabled":
		_, err := strconv.ParseBool(value)
		good = err == nil
	case "auto_update_url":
		u, err := url.Parse(value)
		good = value == "" || err == nil && (u.Scheme == "http" || u.Scheme == "https")
	}
	if !good {
		return nil, fail("INVALID_VALUE", "guest_agent_config", key+" = "+value)
	}
	return nil, c.addField("guest_agent_config")
}
