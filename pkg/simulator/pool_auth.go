package simulator

import (
	"crypto/sha256"
	"time"
)

// poolAuth are the calls about how a pool lets users in, and which certificates it trusts for what.
func poolAuth() map[string]behaviour {
	return map[string]behaviour{
		"pool.set_local_auth_max_threads":    poolThreads("local_auth_max_threads"),
		"pool.set_ext_auth_max_threads":      poolThreads("ext_auth_max_threads"),
		"pool.set_ext_auth_cache_enabled":    func(c *call) (any, error) { return nil, c.writeField("ext_auth_cache_enabled") },
		"pool.set_ext_auth_cache_size":       poolPositive("ext_auth_cache_size", "size"),
		"pool.set_ext_auth_cache_expiry":     poolPositive("ext_auth_cache_expiry", "expiry"),
		"pool.install_trusted_certificate":   poolTrust,
		"pool.uninstall_trusted_certificate": poolDistrust,
		"host.get_tracked_user_agents":       func(c *call) (any, error) { return Map{}, c.atHost(c.str(0)) },
	}
}

// poolThreads is a setter of how many logins go on at a time.
func poolThreads(field string) behaviour {
	return func(c *call) (any, error) { return nil, c.writeField(field) }
}

// poolPositive is a setter of a number above 0; name is what xapi calls it in its error.
func poolPositive(field, name string) behaviour {
	return func(c *call) (any, error) {
		if c.num(1) <= 0 {
			return nil, fail("INVALID_VALUE", name, databaseText(c.num(1)))
		}
		return nil, c.writeField(field)
	}
}

// poolTrust is pool.install_trusted_certificate(self, ca, cert, purpose): an authority, or one server.
func poolTrust(c *call) (any, error) {
	cert, err := readCertificate(c.str(2))
	if err != nil {
		return nil, fail("TRUSTED_CERTIFICATE_INVALID")
	}
	const form = "20060102T15:04:05Z"
	switch now := time.Now(); {
	case now.Before(cert.NotBefore):
		return nil, fail("TRUSTED_CERTIFICATE_NOT_VALID_YET", now.UTC().Format(form), cert.NotBefore.UTC().Format(form))
	case now.After(cert.NotAfter):
		return nil, fail("TRUSTED_CERTIFICATE_EXPIRED", now.UTC().Format(form), cert.NotAfter.UTC().Format(form))
	}
	return nil, c.update(func(t *tx) error {
		hash := sha256.Sum256(cert.Raw)
		for _, ref := range t.find("Certificate", "fingerprint_sha256", fingerprint(hash[:])) {
			if kind := t.str("Certificate", ref, "type"); kind == "ca" || kind == "pinned" {
				return fail("TRUSTED_CERTIFICATE_ALREADY_EXISTS", fingerprint(hash[:]))
			}
		}
		v := trustedRow("", cert)
		v["purpose"] = c.members(3)
		if !c.flag(1) {
			v["type"] = "pinned"
		}
		t.create("Certificate", v)
		return nil
	})
}

// poolDistrust is pool.uninstall_trusted_certificate(self, certificate).
func poolDistrust(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("Certificate", c.str(1)); err != nil {
			return err
		}
		if kind := t.str("Certificate", c.str(1), "type"); kind != "ca" && kind != "pinned" {
			return fail("NOT_TRUSTED_CERTIFICATE", c.str(1))
		}
		t.destroy("Certificate", c.str(1))
		return nil
	})
}
