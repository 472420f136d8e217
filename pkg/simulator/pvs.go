package simulator

// pvsBehaviours are the calls about a cache for disks that servers of Citrix stream. Its rows are kept; nothing streams.
func pvsBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"PVS_site.introduce":       pvsSiteIntroduce,
		"PVS_site.forget":          pvsSiteForget,
		"PVS_site.set_PVS_uuid":    pvsSiteSetUUID,
		"PVS_server.introduce":     pvsServerIntroduce,
		"PVS_server.forget":        func(c *call) (any, error) { return nil, c.drop("PVS_server") },
		"PVS_cache_storage.create": pvsCacheCreate,
		"PVS_proxy.create":         pvsProxyCreate,
		"PVS_proxy.destroy":        func(c *call) (any, error) { return nil, c.drop("PVS_proxy") },
	}
}

// drop destroys the row that a call is about.
func (c *call) drop(class string) error {
	return c.update(func(t *tx) error {
		if err := t.must(class, c.str(0)); err != nil {
			return err
		}
		t.destroy(class, c.str(0))
		return nil
	})
}

// pvsSiteIntroduce is PVS_site.introduce(name_label, name_description, PVS_uuid). xapi: a uuid that is known is the same site.
func pvsSiteIntroduce(c *call) (any, error) {
	site := nullRef
	err := c.update(func(t *tx) error {
		if known := t.find("PVS_site", "PVS_uuid", c.str(2)); c.str(2) != "" && len(known) > 0 {
			site = known[0]
			return nil
		}
		site = t.create("PVS_site", values{"name_label": c.str(0), "name_description": c.str(1), "PVS_uuid": c.str(2)})
		return nil
	})
	return site, err
}

// stopped refuses a site with proxies that run.
func (t *tx) stopped(site string) error {
	var live []string
	for _, proxy := range t.strs("PVS_site", site, "proxies") {
		if t.flag("PVS_proxy", proxy, "currently_attached") {
			live = append(live, proxy)
		}
	}
	if len(live) > 0 {
		return fail("PVS_SITE_CONTAINS_RUNNING_PROXIES", live...)
	}
	return nil
}

// pvsSiteForget is PVS_site.forget. xapi: its caches go with it, its servers must be gone.
func pvsSiteForget(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		site := c.str(0)
		if err := t.must("PVS_site", site); err != nil {
			return err
		}
		if err := t.stopped(site); err != nil {
			return err
		}
		if servers := t.strs("PVS_site", site, "servers"); len(servers) > 0 {
			return fail("PVS_SITE_CONTAINS_SERVERS", servers...)
		}
		for _, cache := range t.find("PVS_cache_storage", "site", site) {
			t.destroy("PVS_cache_storage", cache)
		}
		t.destroy("PVS_site", site)
		return nil
	})
}

// pvsSiteSetUUID is PVS_site.set_PVS_uuid.
func pvsSiteSetUUID(c *call) (any, error) {
	err := c.view(func(t *tx) error {
		if err := t.must("PVS_site", c.str(0)); err != nil {
			return err
		}
		return t.stopped(c.str(0))
	})
	if err != nil {
		return nil, err
	}
	return nil, c.writeField("PVS_uuid")
}

// pvsServerIntroduce is PVS_server.introduce(addresses, first_port, last_port, site).
func pvsServerIntroduce(c *call) (any, error) {
	addresses, first, last, site, made := c.members(0), c.num(1), c.num(2), c.str(3), nullRef
	err := c.update(func(t *tx) error {
		for _, a := range wordsOf(addresses) {
			if err := addressFits("IPv4", "addresses", a); err != nil {
				return err
			}
		}
		if first < 1 || first > 65535 {
			return fail("VALUE_NOT_SUPPORTED", "first_port", databaseText(first), "Port out of range")
		}
		if last < first || last > 65535 {
			return fail("VALUE_NOT_SUPPORTED", "last_port", databaseText(last), "Port out of range")
		}
		if err := t.must("PVS_site", site); err != nil {
			return err
		}
		for _, server := range t.all("PVS_server") {
			for _, a := range wordsOf(addresses) {
				if hasMember(t.members("PVS_server", server, "addresses"), a) {
					return fail("PVS_SERVER_ADDRESS_IN_USE", a)
				}
			}
		}
		made = t.create("PVS_server", values{"addresses": addresses, "first_port": first, "last_port": last, "site": site})
		return nil
	})
	return made, err
}

// pvsCacheCreate is PVS_cache_storage.create: on each host one for a site, on an SR of its.
func pvsCacheCreate(c *call) (any, error) {
	r := givenRecord(c.dict(0))
	err := c.view(func(t *tx) error {
		for _, needed := range [][2]string{{"PVS_site", "site"}, {"SR", "SR"}, {"host", "host"}} {
			if err := t.must(needed[0], r.str(needed[1])); err != nil {
				return err
			}
		}
		for _, cache := range t.find("PVS_cache_storage", "site", r.str("site")) {
			if t.str("PVS_cache_storage", cache, "host") == r.str("host") {
				return fail("PVS_CACHE_STORAGE_ALREADY_PRESENT", r.str("site"), r.str("host"))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return construct(c)
}

// pvsProxyCreate is PVS_proxy.create(site, VIF). xapi: for the first interface of a VM, once.
func pvsProxyCreate(c *call) (any, error) {
	site, vif, made := c.str(0), c.str(1), nullRef
	err := c.update(func(t *tx) error {
		if err := t.must("PVS_site", site); err != nil {
			return err
		}
		if err := t.must("VIF", vif); err != nil {
			return err
		}
		if device := t.str("VIF", vif, "device"); device != "0" {
			return fail("INVALID_DEVICE", device)
		}
		if there := t.find("PVS_proxy", "VIF", vif); len(there) > 0 {
			return fail("PVS_PROXY_ALREADY_PRESENT", there...)
		}
		made = t.create("PVS_proxy", values{"site": site, "VIF": vif, "status": "stopped"})
		return nil
	})
	return made, err
}
