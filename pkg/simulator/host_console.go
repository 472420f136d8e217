package simulator

import "strings"

// hostConsole are the calls about what a host's machine says of itself, and those that touch nothing that a client sees.
func hostConsole() map[string]behaviour {
	table := map[string]behaviour{
		"host.dmesg":             hostDmesg,
		"host.set_hostname_live": hostSetHostname,
		"host.get_sched_gran":    hostSchedGranularity,
		"host.set_sched_gran":    hostSetSchedGranularity,
		"host.rescan_drivers":    hostUnseen("host.rescan_drivers"),
		"Host_driver.rescan":     hostUnseen("Host_driver.rescan"),
	}
	for _, name := range []string{"send_debug_keys", "syslog_reconfigure", "sync_data", "backup_rrds", "refresh_pack_info"} {
		table["host."+name] = hostUnseen("host." + name)
	}
	return table
}

// hostUnseen is a call that does its work on a host, where no client can look.
func hostUnseen(string) behaviour {
	return func(c *call) (any, error) { return nil, c.atHost(c.str(0)) }
}

// hostDmesg is host.dmesg: the first lines of the hypervisor's log.
func hostDmesg(c *call) (any, error) {
	host, log := c.str(0), ""
	if err := c.atHost(host); err != nil {
		return nil, err
	}
	err := c.view(func(t *tx) error {
		software, cpus := t.dict("host", host, "software_version"), t.dict("host", host, "cpu_info")
		log = "(XEN) Xen version " + text(software, "xen") + "\n" +
			"(XEN) Detected " + text(cpus, "cpu_count") + " CPUs: " + text(cpus, "modelname") + "\n" +
			"(XEN) Scheduler: " + t.str("host", host, "sched_policy") + "\n"
		return nil
	})
	return log, err
}

// hostSetHostname is host.set_hostname_live. xapi: a name is of letters, digits, dots and inner hyphens, 255 of them at most.
func hostSetHostname(c *call) (any, error) {
	host, name := c.str(0), c.str(1)
	if err := c.atHost(host); err != nil {
		return nil, err
	}
	return nil, c.update(func(t *tx) error {
		if kind := t.str("host", host, "external_auth_type"); kind == "AD" {
			return fail("AUTH_ALREADY_ENABLED", kind, t.str("host", host, "external_auth_service_name"))
		}
		switch {
		case name == "":
			return fail("HOST_NAME_INVALID", "hostname empty")
		case len(name) > 255:
			return fail("HOST_NAME_INVALID", "hostname is too long")
		case strings.Trim(name, "-") != name, strings.ContainsFunc(name, notInHostname):
			return fail("HOST_NAME_INVALID", "hostname contains invalid characters")
		}
		t.set("host", host, "hostname", name)
		t.set("VM", t.str("host", host, "control_domain"), "name_label", "Control domain on host: "+name)
		return nil
	})
}

func notInHostname(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.'
}

// hostSchedGranularity is host.get_sched_gran: a parameter of the hypervisor, which the database does not have.
func hostSchedGranularity(c *call) (any, error) {
	value := ""
	err := c.view(func(t *tx) error {
		if value = t.life.pool.schedulers[c.str(0)]; value == "" {
			value = "cpu"
		}
		return t.must("host", c.str(0))
	})
	return value, err
}

// hostSetSchedGranularity is host.set_sched_gran. It counts from the host's next start, and is read as written.
func hostSetSchedGranularity(c *call) (any, error) {
	if err := c.atHost(c.str(0)); err != nil {
		return nil, err
	}
	return nil, c.update(func(t *tx) error { t.life.pool.schedulers[c.str(0)] = c.str(1); return nil })
}
