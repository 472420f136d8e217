package simulator

// clusterBehaviours are the calls that make a cluster of the hosts' own. The simulated hosts lack the daemon for it: xapi's
// checks come first.
func clusterBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"Cluster.create": func(c *call) (any, error) {
			return nil, c.view(func(t *tx) error {
				if err := t.canCluster(c.str(1), c.float(3), c.float(4)); err != nil {
					return err
				}
				return t.carriesCluster(c.str(0))
			})
		},
		"Cluster.pool_create": func(c *call) (any, error) {
			return nil, c.view(func(t *tx) error {
				if err := t.canCluster(c.str(1), c.float(2), c.float(3)); err != nil {
					return err
				}
				if err := t.must("network", c.str(0)); err != nil {
					return err
				}
				return t.clustersOn(c.str(0))
			})
		},
	}
}

// canCluster is what xapi checks of a cluster before it looks at the network. Times are in seconds.
func (t *tx) canCluster(stack string, timeout, coefficient float64) error {
	if stack != "corosync" {
		return fail("INVALID_CLUSTER_STACK", stack)
	}
	if err := t.licensed("Corosync"); err != nil {
		return err
	}
	switch {
	case timeout < 1:
		return fail("INVALID_VALUE", "token_timeout", databaseText(timeout))
	case coefficient < 0.65:
		return fail("INVALID_VALUE", "token_timeout_coefficient", databaseText(coefficient))
	}
	return nil
}

// clustersOn is carriesCluster for the interface of each host on a network.
func (t *tx) clustersOn(network string) error {
	for _, host := range t.all("host") {
		there := nullRef
		for _, pif := range t.strs("network", network, "PIFs") {
			if t.str("PIF", pif, "host") == host {
				there = pif
			}
		}
		if there == nullRef {
			return fail("PIF_NOT_PRESENT", host, network)
		}
		if err := t.carriesCluster(there); err != nil {
			return err
		}
	}
	return nil
}

// carriesCluster is why an interface does not carry a cluster: it may be unplugged, is, or there is no daemon.
func (t *tx) carriesCluster(pif string) error {
	if err := t.must("PIF", pif); err != nil {
		return err
	}
	switch {
	case !t.flag("PIF", pif, "disallow_unplug"):
		return fail("PIF_ALLOWS_UNPLUG", pif)
	case !t.flag("PIF", pif, "currently_attached"):
		return fail("REQUIRED_PIF_IS_UNPLUGGED", pif)
	}
	return fail("NOT_IMPLEMENTED", "cluster")
}
