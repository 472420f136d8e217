package simulator

// sriovBehaviours are the calls about cards that share themselves out. The simulated ones cannot.
func sriovBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"network_sriov.create":                 sriovCreate,
		"network_sriov.destroy":                sriovNone,
		"network_sriov.get_remaining_capacity": sriovNone,
	}
}

// sriovCreate is network_sriov.create(pif, network), with xapi's checks in their order, of which a simulated card fails the
// last.
func sriovCreate(c *call) (any, error) {
	return nil, c.onPIF(func(t *tx, pif string) error {
		network := c.str(1)
		if err := t.must("network", network); err != nil {
			return err
		}
		switch {
		case !t.flag("PIF", pif, "managed"):
			return fail("PIF_UNMANAGED", pif)
		case !t.flag("PIF", pif, "physical"):
			return fail("PIF_IS_NOT_PHYSICAL", pif)
		case t.bonded(pif):
			return fail("PIF_ALREADY_BONDED", pif)
		case len(t.members("PIF", pif, "sriov_physical_PIF_of")) > 0:
			return fail("NETWORK_SRIOV_ALREADY_ENABLED", pif)
		}
		if err := t.networkIsFree(t.str("PIF", pif, "host"), network); err != nil {
			return err
		}
		if !hasMember(t.members("PIF", pif, "capabilities"), "sriov") {
			return fail("PIF_IS_NOT_SRIOV_CAPABLE", pif)
		}
		return fail("NETWORK_SRIOV_ENABLE_FAILED", pif, "Interface "+t.str("PIF", pif, "device")+" has no virtual functions")
	})
}

// sriovNone is a call about a network of such a card.
func sriovNone(c *call) (any, error) {
	return nil, c.view(func(t *tx) error {
		if err := t.must("network_sriov", c.str(0)); err != nil {
			return err
		}
		return fail("NETWORK_SRIOV_DISABLE_FAILED", t.str("network_sriov", c.str(0), "physical_PIF"), "not supported")
	})
}
