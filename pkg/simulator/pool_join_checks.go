package simulator

import "slices"

// joinChecks are xapi's checks before a host joins a pool, in its order: own is the host's own database, to the pool's.
// force leaves out those of the version and the processors.
func joinChecks(own, to *tx, force bool) error {
	if own.life.redoLog() || to.life.redoLog() {
		return fail("HA_IS_ENABLED")
	}
	me, master := own.masterHost(), to.masterHost()
	if own.str("host", me, "uuid") == to.str("host", master, "uuid") {
		if len(own.all("host")) > 1 {
			return fail("OPERATION_NOT_ALLOWED", "Host is already part of a pool")
		}
		return fail("OPERATION_NOT_ALLOWED", "Host cannot become slave of itself")
	}
	if len(own.all("host")) > 1 {
		return fail("JOINING_HOST_CANNOT_BE_MASTER_OF_OTHER_HOSTS")
	}
	for _, check := range []func(own, to *tx) error{guestsAtRest, sameProduct, unlessForced(force, sameBuild), ownStorage, plainNetworks, samePeople, sameAPI} {
		if err := check(own, to); err != nil {
			return err
		}
	}
	return nil
}

func guestsAtRest(own, _ *tx) error {
	busy := false
	for _, vm := range own.all("VM") {
		if own.flag("VM", vm, "is_control_domain") {
			continue
		}
		if own.str("VM", vm, "power_state") == running {
			return fail("JOINING_HOST_CANNOT_HAVE_RUNNING_VMS")
		}
		busy = busy || len(own.dict("VM", vm, "current_operations")) > 0
	}
	if busy {
		return fail("JOINING_HOST_CANNOT_HAVE_VMS_WITH_CURRENT_OPERATIONS")
	}
	return nil
}

// sameVersion compares words of host.software_version of the host and of the pool's master.
func sameVersion(own, to *tx, words ...string) bool {
	a, b := own.dict("host", own.masterHost(), "software_version"), to.dict("host", to.masterHost(), "software_version")
	return !slices.ContainsFunc(words, func(w string) bool { return text(a, w) != text(b, w) })
}

func sameProduct(own, to *tx) error {
	if !sameVersion(own, to, "platform_version", "product_brand", "platform_name") {
		return fail("POOL_HOSTS_NOT_COMPATIBLE")
	}
	return nil
}

func unlessForced(force bool, check func(own, to *tx) error) func(own, to *tx) error {
	if force {
		return func(*tx, *tx) error { return nil }
	}
	return check
}

func sameBuild(own, to *tx) error {
	switch {
	case !sameVersion(own, to, "git_id", "xs:linux"):
		return fail("POOL_HOSTS_NOT_HOMOGENEOUS", "Software version differs")
	case text(own.dict("host", own.masterHost(), "cpu_info"), "vendor") != text(to.dict("pool", to.the("pool"), "cpu_info"), "vendor"):
		return fail("POOL_HOSTS_NOT_HOMOGENEOUS", "CPUs differ")
	}
	return nil
}

func ownStorage(own, _ *tx) error {
	for _, sr := range own.find("SR", "shared", true) {
		if !own.flag("SR", sr, "is_tools_sr") {
			return fail("JOINING_HOST_CANNOT_CONTAIN_SHARED_SRS")
		}
	}
	return nil
}

func plainNetworks(own, to *tx) error {
	switch {
	case len(own.all("Bond")) > 0:
		return fail("POOL_JOINING_HOST_HAS_BONDS")
	case len(own.all("tunnel")) > 0:
		return fail("POOL_JOINING_HOST_HAS_TUNNELS")
	}
	for _, vlan := range own.all("VLAN") {
		if !own.flag("PIF", own.str("VLAN", vlan, "untagged_PIF"), "management") {
			return fail("POOL_JOINING_HOST_HAS_NON_MANAGEMENT_VLANS")
		}
	}
	if a, b := own.managementVLAN(), to.managementVLAN(); a != b {
		return fail("POOL_JOINING_HOST_MANAGEMENT_VLAN_DOES_NOT_MATCH", decimal(a), decimal(b))
	}
	return nil
}

// managementVLAN is the tag of the master's management interface, -1 for none.
func (t *tx) managementVLAN() int64 {
	for _, pif := range t.strs("host", t.masterHost(), "PIFs") {
		if t.flag("PIF", pif, "management") {
			return t.num("PIF", pif, "VLAN")
		}
	}
	return -1
}

func samePeople(own, to *tx) error {
	for _, field := range []string{"external_auth_type", "external_auth_service_name"} {
		if own.str("host", own.masterHost(), field) != to.str("host", to.masterHost(), field) {
			return fail("POOL_JOINING_EXTERNAL_AUTH_MISMATCH")
		}
	}
	return nil
}

func sameAPI(own, to *tx) error {
	a, b := own.masterHost(), to.masterHost()
	switch {
	case !sameVersion(own, to, "network_backend"):
		return fail("OPERATION_NOT_ALLOWED", "Network backends differ")
	case own.num("host", a, "API_version_minor") != to.num("host", b, "API_version_minor"):
		return fail("POOL_JOINING_HOST_MUST_HAVE_SAME_API_VERSION", own.apiVersion(a), to.apiVersion(b))
	}
	return nil
}

func (t *tx) apiVersion(host string) string {
	return decimal(t.num("host", host, "API_version_major")) + "." + decimal(t.num("host", host, "API_version_minor"))
}
