package simulator

import (
	"slices"
	"strconv"
	"time"
)

// hostSettings are the calls that change how a host is run, and those of the pool that do so on every host.
func hostSettings() map[string]behaviour {
	table := map[string]behaviour{
		"host.set_iscsi_iqn":          hostSetIQN,
		"host.set_multipathing":       hostSetMultipathing,
		"host.set_ssl_legacy":         hostSetSSLLegacy,
		"pool.disable_ssl_legacy":     func(c *call) (any, error) { return nil, c.mustBeThere("pool") },
		"host.set_servertime":         hostSetTime,
		"host.set_ntp_mode":           hostSetNTPMode,
		"host.set_ntp_custom_servers": hostSetNTPServers,
		"host.get_ntp_servers_status": hostNTPStatus,
		"host.get_ntp_synchronized":   hostNTPSynchronized,
		"host.set_timezone":           hostSetTimezone,
		"host.list_timezones":         hostListTimezones,
		"host.emergency_clear_mandatory_guidance": func(c *call) (any, error) {
			return nil, c.update(func(t *tx) error { t.set("host", c.member.host, "pending_guidances", Set{}); return nil })
		},
	}
	for _, field := range []string{"https_only", "numa_affinity_policy", "max_cstate"} {
		table["host.set_"+field] = func(c *call) (any, error) { return nil, c.atHostWrite(field) }
	}
	table["pool.set_https_only"] = func(c *call) (any, error) {
		return nil, c.onEveryHost("CANNOT_CONTACT_HOST", func(t *tx, host string) error {
			t.set("host", host, "https_only", c.flag(1))
			return nil
		})
	}
	return table
}

// atHostWrite writes a field of a host that is there.
func (c *call) atHostWrite(field string) error {
	if err := c.atHost(c.str(0)); err != nil {
		return err
	}
	return c.writeField(field)
}

// hostSetIQN is host.set_iscsi_iqn. xapi: other_config bears it too, for clients of old.
func hostSetIQN(c *call) (any, error) {
	if c.str(1) == "" {
		return nil, fail("INVALID_VALUE", "value", c.str(1))
	}
	return nil, c.writeTwice("iscsi_iqn", "iscsi_iqn", c.str(1))
}

// hostSetMultipathing is host.set_multipathing, likewise.
func hostSetMultipathing(c *call) (any, error) {
	return nil, c.writeTwice("multipathing", "multipathing", strconv.FormatBool(c.flag(1)))
}

// writeTwice writes a field of a host, and a key of its other_config: the key goes before the field is written and comes
// back after it.
func (c *call) writeTwice(field, key, text string) error {
	host := c.str(0)
	return c.update(func(t *tx) error {
		if err := t.must("host", host); err != nil {
			return err
		}
		t.removeFrom("host", host, "other_config", key)
		t.set("host", host, field, c.params[1])
		return t.addTo("host", host, "other_config", key, text)
	})
}

// hostSetSSLLegacy is host.set_ssl_legacy. xapi: there is no going back to what is not safe.
func hostSetSSLLegacy(c *call) (any, error) {
	if err := c.mustBeThere("host"); err != nil {
		return nil, err
	}
	if c.flag(1) {
		return nil, fail("VALUE_NOT_SUPPORTED", "value", "true", "Legacy SSL support has been removed")
	}
	return nil, nil
}

// hostSetTime is host.set_servertime. xapi: only of a host that no time server sets.
func hostSetTime(c *call) (any, error) {
	host := c.str(0)
	if err := c.atHost(host); err != nil {
		return nil, err
	}
	wanted, _ := c.params[1].(time.Time)
	return nil, c.update(func(t *tx) error {
		if t.str("host", host, "ntp_mode") != "Disabled" {
			return fail("NOT_ALLOWED_WHEN_NTP_IS_ENABLED", host)
		}
		if m := t.memberOf(host); m != nil {
			m.skew = time.Until(wanted)
		}
		return nil
	})
}

// hostSetNTPMode is host.set_ntp_mode. xapi: servers of one's own have to be known first.
func hostSetNTPMode(c *call) (any, error) {
	host, mode := c.str(0), c.str(1)
	if err := c.atHost(host); err != nil {
		return nil, err
	}
	return nil, c.update(func(t *tx) error {
		if mode == "Custom" && len(t.members("host", host, "ntp_custom_servers")) == 0 {
			return fail("INVALID_NTP_CONFIG", "Can't set ntp_mode to Custom when ntp_custom_servers is empty")
		}
		t.set("host", host, "ntp_mode", mode)
		return nil
	})
}

// hostSetNTPServers is host.set_ntp_custom_servers.
func hostSetNTPServers(c *call) (any, error) {
	host := c.str(0)
	if err := c.atHost(host); err != nil {
		return nil, err
	}
	return nil, c.update(func(t *tx) error {
		if len(c.members(1)) == 0 && t.str("host", host, "ntp_mode") == "Custom" {
			return fail("INVALID_NTP_CONFIG", "Can't set ntp_custom_servers empty when ntp_mode is Custom")
		}
		t.set("host", host, "ntp_custom_servers", c.members(1))
		return nil
	})
}

// hostNTPStatus is host.get_ntp_servers_status: the first of a host's own servers sets its clock, the others agree.
func hostNTPStatus(c *call) (any, error) {
	host, status := c.str(0), Map{}
	if err := c.atHost(host); err != nil {
		return nil, err
	}
	err := c.view(func(t *tx) error {
		if t.str("host", host, "ntp_mode") != "Custom" {
			return nil
		}
		for i, server := range t.strs("host", host, "ntp_custom_servers") {
			word := "combined"
			if i == 0 {
				word = "synced"
			}
			status = withKey(status, server, word)
		}
		return nil
	})
	return status, err
}

// hostNTPSynchronized is host.get_ntp_synchronized.
func hostNTPSynchronized(c *call) (any, error) {
	host, yes := c.str(0), false
	if err := c.atHost(host); err != nil {
		return nil, err
	}
	err := c.view(func(t *tx) error { yes = t.str("host", host, "ntp_mode") != "Disabled"; return nil })
	return yes, err
}

// zones are those that a simulated host knows.
func zones() []string {
	return []string{
		"America/Chicago", "America/Los_Angeles", "America/New_York", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney",
		"Europe/Berlin", "Europe/London", "Europe/Paris", "UTC",
	}
}

// hostSetTimezone is host.set_timezone.
func hostSetTimezone(c *call) (any, error) {
	if err := c.atHost(c.str(0)); err != nil {
		return nil, err
	}
	if !slices.Contains(zones(), c.str(1)) {
		return nil, fail("INVALID_VALUE", "timezone", c.str(1))
	}
	return nil, c.writeField("timezone")
}

// hostListTimezones is host.list_timezones.
func hostListTimezones(c *call) (any, error) { return setOf(zones()...), c.atHost(c.str(0)) }
