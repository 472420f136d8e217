package simulator

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strconv"
	"time"
)

// hostCertificates are the calls about the certificate that a host shows.
func hostCertificates() map[string]behaviour {
	return map[string]behaviour{
		"host.get_server_certificate":             hostGetCertificate,
		"host.install_server_certificate":         hostInstallCertificate,
		"host.reset_server_certificate":           hostResetCertificate,
		"host.emergency_reset_server_certificate": func(c *call) (any, error) { return nil, c.resetCertificate(c.member) },
		"host.refresh_server_certificate":         hostRefreshCertificate,
	}
}

// present makes a listener show whatever certificate the host has when somebody connects.
func (m *member) present(c *tls.Config) *tls.Config {
	c.Certificates = nil
	c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		own, err := m.certificate("")
		if err != nil {
			return nil, err
		}
		return &own.pair, nil
	}
	return c
}

// replaceCertificate gives the member another certificate, which connections from now on see.
func (m *member) replaceCertificate(c *certificate) {
	m.certs.Lock()
	defer m.certs.Unlock()
	m.cert = c
}

// machineOf is the member that a call about a host is for, which has to be there.
func (c *call) machineOf(host string) (m *member, err error) {
	if err := c.atHost(host); err != nil {
		return nil, err
	}
	err = c.view(func(t *tx) error {
		if m = t.memberOf(host); m == nil {
			return noSuch("host", host)
		}
		return nil
	})
	return m, err
}

// hostGetCertificate is host.get_server_certificate: in PEM.
func hostGetCertificate(c *call) (any, error) {
	m, err := c.machineOf(c.str(0))
	if err != nil {
		return nil, err
	}
	own, err := m.certificate("")
	if err != nil {
		return nil, internalError(err.Error())
	}
	return string(own.pem), nil
}

// hostInstallCertificate is host.install_server_certificate(host, certificate, private_key, certificate_chain).
func hostInstallCertificate(c *call) (any, error) {
	m, err := c.machineOf(c.str(0))
	if err != nil {
		return nil, err
	}
	given, err := checkCertificate(c.str(1), c.str(2), c.str(3), time.Now())
	if err != nil {
		return nil, err
	}
	m.replaceCertificate(given)
	return nil, c.recordCertificate(m.host, given)
}

// hostResetCertificate is host.reset_server_certificate.
func hostResetCertificate(c *call) (any, error) {
	m, err := c.machineOf(c.str(0))
	if err != nil {
		return nil, err
	}
	return nil, c.resetCertificate(m)
}

// resetCertificate gives a host a new certificate that it has signed itself.
func (c *call) resetCertificate(m *member) error {
	c.pool.mu.Lock()
	name, address := m.name, m.address
	c.pool.mu.Unlock()
	fresh, err := c.pool.newCertificate(name, address)
	if err != nil {
		return internalError(err.Error())
	}
	m.replaceCertificate(fresh)
	return c.recordCertificate(m.host, fresh)
}

// hostRefreshCertificate is host.refresh_server_certificate. xapi: of the certificate that the hosts show each other.
func hostRefreshCertificate(c *call) (any, error) {
	_, err := c.machineOf(c.str(0))
	return nil, err
}

// recordCertificate writes the row of a host's certificate anew. xapi: another one takes the place of the former.
func (c *call) recordCertificate(host string, own *certificate) error {
	leaf, err := x509.ParseCertificate(own.pair.Certificate[0])
	if err != nil {
		return internalError(err.Error())
	}
	return c.update(func(t *tx) error {
		for _, old := range t.find("Certificate", "host", host) {
			if t.str("Certificate", old, "type") == "host" {
				t.destroy("Certificate", old)
			}
		}
		t.create("Certificate", values{
			"type": "host", "host": host, "not_before": leaf.NotBefore.UTC(), "not_after": leaf.NotAfter.UTC(),
			"fingerprint": own.sha256(), "fingerprint_sha256": own.sha256(), "fingerprint_sha1": own.sha1(),
		})
		return nil
	})
}

// checkCertificate is what xapi checks of a certificate that somebody brings, in its order: the key, the certificate, that
// they belong together, its dates, its signature, and the chain.
func checkCertificate(certificatePEM, keyPEM, chainPEM string, now time.Time) (*certificate, error) {
	key, err := readKey(keyPEM)
	if err != nil {
		return nil, err
	}
	leaf, err := readCertificate(certificatePEM)
	if err != nil {
		return nil, fail("SERVER_CERTIFICATE_INVALID")
	}
	if public, ok := leaf.PublicKey.(*rsa.PublicKey); !ok || !public.Equal(key.Public()) {
		return nil, fail("SERVER_CERTIFICATE_KEY_MISMATCH")
	}
	const form = "20060102T15:04:05Z"
	switch {
	case now.Before(leaf.NotBefore):
		return nil, fail("SERVER_CERTIFICATE_NOT_VALID_YET", now.UTC().Format(form), leaf.NotBefore.UTC().Format(form))
	case now.After(leaf.NotAfter):
		return nil, fail("SERVER_CERTIFICATE_EXPIRED", now.UTC().Format(form), leaf.NotAfter.UTC().Format(form))
	case leaf.SignatureAlgorithm != x509.SHA256WithRSA && leaf.SignatureAlgorithm != x509.SHA512WithRSA:
		return nil, fail("SERVER_CERTIFICATE_SIGNATURE_NOT_SUPPORTED")
	}
	chain := [][]byte{leaf.Raw}
	for rest := []byte(chainPEM); len(rest) > 0; {
		block, after := pem.Decode(rest)
		if block == nil {
			return nil, fail("SERVER_CERTIFICATE_CHAIN_INVALID")
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return nil, fail("SERVER_CERTIFICATE_CHAIN_INVALID")
		}
		chain, rest = append(chain, block.Bytes), after
	}
	return &certificate{pair: tls.Certificate{Certificate: chain, PrivateKey: key}, pem: []byte(certificatePEM)}, nil
}

// readKey reads a private key. xapi: RSA of 2048 to 4096 bits and nothing else.
func readKey(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, fail("SERVER_CERTIFICATE_KEY_INVALID")
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		other, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, fail("SERVER_CERTIFICATE_KEY_INVALID")
		}
		var ok bool
		if key, ok = other.(*rsa.PrivateKey); !ok {
			return nil, fail("SERVER_CERTIFICATE_KEY_ALGORITHM_NOT_SUPPORTED", "1.2.840.10045.2.1")
		}
	}
	if bits := key.N.BitLen(); bits < 2048 || bits > 4096 {
		return nil, fail("SERVER_CERTIFICATE_KEY_RSA_LENGTH_NOT_SUPPORTED", strconv.Itoa(bits))
	}
	return key, nil
}

// readCertificate reads one certificate in PEM.
func readCertificate(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("not in PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}
