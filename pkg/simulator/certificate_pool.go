package simulator

import (
	"crypto/sha1" //nolint:gosec // xapi: records carry that hash too
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"regexp"
	"strings"
)

// poolCertificates are the calls about the certificates that a pool trusts, and about checking them.
func poolCertificates() map[string]behaviour {
	return map[string]behaviour{
		"pool.install_ca_certificate":              poolInstallCA,
		"pool.certificate_install":                 poolInstallCA,
		"pool.uninstall_ca_certificate":            poolUninstallCA,
		"pool.certificate_uninstall":               poolUninstallCA,
		"pool.certificate_list":                    poolListCAs,
		"pool.certificate_sync":                    func(*call) (any, error) { return nil, nil },
		"pool.crl_install":                         poolInstallCRL,
		"pool.crl_uninstall":                       poolUninstallCRL,
		"pool.crl_list":                            poolListCRLs,
		"pool.enable_tls_verification":             poolVerifyTLS,
		"host.emergency_disable_tls_verification":  hostVerifyTLS(false),
		"host.emergency_reenable_tls_verification": hostVerifyTLS(true),
		"pool.enable_client_certificate_auth":      poolClientCertificates(true),
		"pool.disable_client_certificate_auth":     poolClientCertificates(false),
	}
}

// fileName is what xapi takes as the name of a file of certificates.
var fileName = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*\.pem$`)

// poolInstallCA is pool.install_ca_certificate(name, cert).
func poolInstallCA(c *call) (any, error) {
	name := c.str(0)
	return nil, c.update(func(t *tx) error {
		if !fileName.MatchString(name) {
			return fail("CERTIFICATE_NAME_INVALID", name)
		}
		if t.trusted(name) != "" {
			return fail("CERTIFICATE_ALREADY_EXISTS", name)
		}
		cert, err := readCertificate(c.str(1))
		if err != nil {
			return fail("CERTIFICATE_CORRUPT", name)
		}
		t.create("Certificate", trustedRow(name, cert))
		return nil
	})
}

// trustedRow is the row of a certificate that the pool trusts.
func trustedRow(name string, cert *x509.Certificate) values {
	long, short := sha256.Sum256(cert.Raw), sha1.Sum(cert.Raw) //nolint:gosec // see the import
	return values{
		"name": name, "type": "ca", "not_before": cert.NotBefore.UTC(), "not_after": cert.NotAfter.UTC(),
		"fingerprint": fingerprint(long[:]), "fingerprint_sha256": fingerprint(long[:]), "fingerprint_sha1": fingerprint(short[:]),
	}
}

// trusted is the certificate of a name that the pool trusts; "" where there is none.
func (t *tx) trusted(name string) string {
	for _, ref := range t.find("Certificate", "name", name) {
		if t.str("Certificate", ref, "type") == "ca" {
			return ref
		}
	}
	return ""
}

// poolUninstallCA is pool.uninstall_ca_certificate(name, force).
func poolUninstallCA(c *call) (any, error) {
	name, force := c.str(0), len(c.params) > 1 && c.flag(1)
	return nil, c.update(func(t *tx) error {
		if !fileName.MatchString(name) {
			return fail("CERTIFICATE_NAME_INVALID", name)
		}
		ref := t.trusted(name)
		if ref == "" && !force {
			return fail("CERTIFICATE_DOES_NOT_EXIST", name)
		}
		t.destroy("Certificate", ref)
		return nil
	})
}

// poolListCAs is pool.certificate_list.
func poolListCAs(c *call) (any, error) {
	names := Set{}
	err := c.view(func(t *tx) error {
		for _, ref := range t.find("Certificate", "type", "ca") {
			names = append(names, t.str("Certificate", ref, "name"))
		}
		return nil
	})
	return names, err
}

// poolInstallCRL is pool.crl_install(name, cert).
func poolInstallCRL(c *call) (any, error) {
	name := c.str(0)
	return nil, c.update(func(t *tx) error {
		block, _ := pem.Decode([]byte(c.str(1)))
		switch {
		case !fileName.MatchString(name):
			return fail("CRL_NAME_INVALID", name)
		case t.life.pool.revocations[name]:
			return fail("CRL_ALREADY_EXISTS", name)
		case block == nil || !strings.HasSuffix(block.Type, "CRL"):
			return fail("CRL_CORRUPT", name)
		}
		if _, err := x509.ParseRevocationList(block.Bytes); err != nil {
			return fail("CRL_CORRUPT", name)
		}
		t.life.pool.revocations[name] = true
		return nil
	})
}

// poolUninstallCRL is pool.crl_uninstall.
func poolUninstallCRL(c *call) (any, error) {
	name := c.str(0)
	return nil, c.update(func(t *tx) error {
		switch {
		case !fileName.MatchString(name):
			return fail("CRL_NAME_INVALID", name)
		case !t.life.pool.revocations[name]:
			return fail("CRL_DOES_NOT_EXIST", name)
		}
		delete(t.life.pool.revocations, name)
		return nil
	})
}

// poolListCRLs is pool.crl_list.
func poolListCRLs(c *call) (any, error) {
	var names Set
	err := c.view(func(t *tx) error { names = setOf(sortedKeys(t.life.pool.revocations)...); return nil })
	return names, err
}

// poolVerifyTLS is pool.enable_tls_verification: hosts check each other's certificates from now on.
func poolVerifyTLS(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.refuseUnderHA(); err != nil {
			return err
		}
		for _, host := range t.all("host") {
			t.set("host", host, "tls_verification_enabled", true)
		}
		t.set("pool", t.the("pool"), "tls_verification_enabled", true)
		return nil
	})
}

// hostVerifyTLS is a call that switches the checking off or on again, at the host that is called.
func hostVerifyTLS(on bool) behaviour {
	return func(c *call) (any, error) {
		return nil, c.update(func(t *tx) error {
			if on && !t.flag("pool", t.the("pool"), "tls_verification_enabled") {
				return fail("TLS_VERIFICATION_NOT_ENABLED_IN_POOL")
			}
			t.set("host", c.member.host, "tls_verification_enabled", on)
			return nil
		})
	}
}

// poolClientCertificates is a call that lets clients in by their certificates, or not any more.
func poolClientCertificates(on bool) behaviour {
	return func(c *call) (any, error) {
		return nil, c.update(func(t *tx) error {
			pool := c.str(0)
			if err := t.must("pool", pool); err != nil {
				return err
			}
			name := ""
			if on {
				name = c.str(1)
			}
			t.set("pool", pool, "client_certificate_auth_name", name)
			t.set("pool", pool, "client_certificate_auth_enabled", on)
			return nil
		})
	}
}
