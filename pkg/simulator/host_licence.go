package simulator

import (
	"encoding/base64"
	"slices"
	"time"
)

// licenceBehaviours are the calls about editions and licences. A simulated pool is of the open-source edition, which has
// every feature and never expires.
func licenceBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"host.apply_edition":     hostApplyEdition,
		"pool.apply_edition":     poolApplyEdition,
		"pool.get_license_state": poolLicenceState,
		"host.license_add":       hostLicenceAdd,
		"host.license_remove":    hostLicenceRemove,
	}
}

// hostApplyEdition is host.apply_edition. xapi: the licensing daemon refuses an edition that it does not have.
func hostApplyEdition(c *call) (any, error) {
	if err := c.atHost(c.str(0)); err != nil {
		return nil, err
	}
	return nil, c.update(func(t *tx) error { return t.applyEdition(c.str(0), c.str(1)) })
}

func (t *tx) applyEdition(host, edition string) error {
	if err := t.refuseUnderHA(); err != nil {
		return err
	}
	if !slices.Contains(t.strs("host", host, "editions"), edition) {
		return fail("INVALID_EDITION", edition)
	}
	t.set("host", host, "edition", edition)
	return nil
}

// poolApplyEdition is pool.apply_edition: on every host, or on none.
func poolApplyEdition(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("pool", c.str(0)); err != nil {
			return err
		}
		for _, host := range t.all("host") {
			if err := t.applyEdition(host, c.str(1)); err != nil {
				return err
			}
		}
		return nil
	})
}

// poolLicenceState is pool.get_license_state: the least of the hosts' editions, and when the first of their licences ends.
// xapi: one without an end is written as "never".
func poolLicenceState(c *call) (any, error) {
	edition, ends, first := "", "never", time.Time{}
	err := c.view(func(t *tx) error {
		for _, host := range t.all("host") {
			edition = t.str("host", host, "edition")
			expiry := text(t.dict("host", host, "license_params"), "expiry")
			if at, err := time.Parse("20060102T15:04:05Z", expiry); err == nil && (first.IsZero() || at.Before(first)) {
				first, ends = at, expiry
			}
		}
		return t.must("pool", c.str(0))
	})
	return mapOf("edition", edition, "expiry", ends), err
}

// hostLicenceAdd is host.license_add. No licence file is good for this edition.
func hostLicenceAdd(c *call) (any, error) {
	if err := c.atHost(c.str(0)); err != nil {
		return nil, err
	}
	if _, err := base64.StdEncoding.DecodeString(c.str(1)); err != nil {
		return nil, fail("LICENSE_PROCESSING_ERROR")
	}
	return nil, fail("INVALID_EDITION", "")
}

// hostLicenceRemove is host.license_remove: there is none to remove.
func hostLicenceRemove(c *call) (any, error) {
	if err := c.atHost(c.str(0)); err != nil {
		return nil, err
	}
	return nil, fail("INVALID_EDITION", "")
}
