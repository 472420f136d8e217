package simulator

import "slices"

// cachingBehaviours are the calls about a local cache for shared disks, and about a host's own screen.
func cachingBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"host.enable_local_storage_caching":  hostEnableCaching,
		"host.disable_local_storage_caching": hostDisableCaching,
		"pool.enable_local_storage_caching":  poolEnableCaching,
		"pool.disable_local_storage_caching": poolDisableCaching,
		"host.enable_display":                hostDisplay(map[string]string{"disable_on_reboot": "enabled", "disabled": "enable_on_reboot"}),
		"host.disable_display":               hostDisplay(map[string]string{"enabled": "disable_on_reboot", "enable_on_reboot": "disabled"}),
	}
}

// hostDisplay is a call that changes the use of a host's screen, at once or from its next start; it answers the new one.
func hostDisplay(next map[string]string) behaviour {
	return func(c *call) (any, error) {
		if err := c.atHost(c.str(0)); err != nil {
			return nil, err
		}
		display := ""
		err := c.update(func(t *tx) error {
			display = t.str("host", c.str(0), "display")
			if after := next[display]; after != "" {
				display = after
			}
			t.set("host", c.str(0), "display", display)
			return nil
		})
		return display, err
	}
}

// outOfUse refuses a host that is enabled, or that VMs run on.
func (t *tx) outOfUse(host string) error {
	if t.flag("host", host, "enabled") {
		return fail("HOST_NOT_DISABLED")
	}
	for _, vm := range t.strs("host", host, "resident_VMs") {
		if !t.flag("VM", vm, "is_control_domain") {
			return fail("HOST_IN_USE", host, "VM", vm)
		}
	}
	return nil
}

// hostEnableCaching is host.enable_local_storage_caching(host, sr). xapi: the SR must be local, of a driver that can cache.
func hostEnableCaching(c *call) (any, error) {
	host, sr := c.str(0), c.str(1)
	if err := c.atHost(host); err != nil {
		return nil, err
	}
	return nil, c.update(func(t *tx) error {
		if err := t.must("SR", sr); err != nil {
			return err
		}
		return t.cacheOn(host, sr)
	})
}

// cacheOn makes an SR the cache of a host.
func (t *tx) cacheOn(host, sr string) error {
	if err := t.outOfUse(host); err != nil {
		return err
	}
	pbds := t.strs("SR", sr, "PBDs")
	if t.flag("SR", sr, "shared") || len(pbds) != 1 || !t.driverCan(t.str("SR", sr, "type"), "SR_SUPPORTS_LOCAL_CACHING") {
		return fail("SR_OPERATION_NOT_SUPPORTED", sr)
	}
	if t.str("PBD", pbds[0], "host") != host {
		return fail("HOST_CANNOT_SEE_SR", host, sr)
	}
	if old := t.str("host", host, "local_cache_sr"); t.exists("SR", old) {
		t.set("SR", old, "local_cache_enabled", false)
	}
	t.set("host", host, "local_cache_sr", sr)
	t.set("SR", sr, "local_cache_enabled", true)
	return nil
}

// driverCan says whether the driver of a type of SR has a capability.
func (t *tx) driverCan(kind, capability string) bool {
	return slices.ContainsFunc(t.find("SM", "type", kind), func(sm string) bool {
		return slices.Contains(t.strs("SM", sm, "capabilities"), capability)
	})
}

// hostDisableCaching is host.disable_local_storage_caching.
func hostDisableCaching(c *call) (any, error) {
	host := c.str(0)
	if err := c.atHost(host); err != nil {
		return nil, err
	}
	return nil, c.update(func(t *tx) error { return t.cacheOff(host) })
}

func (t *tx) cacheOff(host string) error {
	if err := t.outOfUse(host); err != nil {
		return err
	}
	sr := t.str("host", host, "local_cache_sr")
	t.set("host", host, "local_cache_sr", nullRef)
	if t.exists("SR", sr) {
		t.set("SR", sr, "local_cache_enabled", false)
	}
	return nil
}

// poolEnableCaching is pool.enable_local_storage_caching: on every host that can, on its first local SR that can.
func poolEnableCaching(c *call) (any, error) {
	return nil, c.onEveryHost("HOSTS_FAILED_TO_ENABLE_CACHING", func(t *tx, host string) error {
		for _, sr := range t.all("SR") {
			pbds := t.strs("SR", sr, "PBDs")
			if len(pbds) == 1 && t.str("PBD", pbds[0], "host") == host && t.driverCan(t.str("SR", sr, "type"), "SR_SUPPORTS_LOCAL_CACHING") {
				return t.cacheOn(host, sr)
			}
		}
		return fail("SR_OPERATION_NOT_SUPPORTED")
	})
}

// poolDisableCaching is pool.disable_local_storage_caching.
func poolDisableCaching(c *call) (any, error) {
	return nil, c.onEveryHost("HOSTS_FAILED_TO_DISABLE_CACHING", (*tx).cacheOff)
}

// onEveryHost runs f for each host of the pool, and answers a code with the hosts on which it failed.
func (c *call) onEveryHost(code string, f func(t *tx, host string) error) error {
	return c.update(func(t *tx) error {
		if err := t.must("pool", c.str(0)); err != nil {
			return err
		}
		var failed []string
		for _, host := range t.all("host") {
			if f(t, host) != nil {
				failed = append(failed, host)
			}
		}
		if len(failed) > 0 {
			return fail(code, failed...)
		}
		return nil
	})
}
