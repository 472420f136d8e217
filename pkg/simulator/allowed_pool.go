package simulator

import "slices"

// poolOperations is the order in which a pool's allowed_operations stand on the wire. xapi up to 25: the order of a hash
// table, always the same in one version; since then the one of its source.
func poolOperations(newer bool) []string {
	if newer {
		return []string{
			"ha_enable", "ha_disable", "cluster_create", "designate_new_master", "tls_verification_enable",
			"configure_repositories", "sync_updates", "apply_updates", "cert_refresh", "exchange_certificates_on_join",
			"exchange_ca_certificates_on_join", "copy_primary_host_certs", "eject", "get_updates",
		}
	}
	return []string{
		"cluster_create", "sync_updates", "tls_verification_enable", "designate_new_master",
		"exchange_ca_certificates_on_join", "configure_repositories", "apply_updates", "get_updates", "ha_enable",
		"cert_refresh", "eject", "ha_disable", "copy_primary_host_certs", "exchange_certificates_on_join",
	}
}

// poolAllowedOperations is the list of a pool, in wire order. An operation that runs keeps all others away; with HA there
// is nothing to enable, no cluster can be made, and TLS verification stays as it is.
func poolAllowedOperations(newer, ha, busy bool) Set {
	if busy {
		return Set{}
	}
	refused := []string{"ha_disable"}
	if ha {
		refused = []string{"ha_enable", "cluster_create", "tls_verification_enable"}
	}
	return setOf(slices.DeleteFunc(poolOperations(newer), func(op string) bool { return slices.Contains(refused, op) })...)
}

// refreshPool computes the pool's allowed_operations anew.
func (t *tx) refreshPool() {
	pool := t.the("pool")
	t.set("pool", pool, "allowed_operations", poolAllowedOperations(t.life.pool.model.since(26, 0),
		t.flag("pool", pool, "ha_enabled"), len(t.dict("pool", pool, "current_operations")) > 0))
}

// onPool does an operation on the pool in one step: marked while it lasts, refused while another one runs.
func (c *call) onPool(operation string, body func(*tx) error) (any, error) {
	err := c.update(func(t *tx) error { return t.beginOnPool(c.task, operation) })
	if err != nil {
		return nil, err
	}
	return nil, c.endOnPool(body)
}
