package simulator

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strings"
	"time"
)

// certificate is a host's own, self-signed, as xapi makes one at the first boot of a host: RSA 2048, ten years, the
// host's name and address as common name and as alternative names.
type certificate struct {
	pair tls.Certificate
	pem  []byte
}

// newCertificate makes a certificate of a host. The lock must not be held: a key takes its time.
func (p *Pool) newCertificate(name, address string) (*certificate, error) {
	key, err := p.newKey(name)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	serial := new(big.Int).SetUint64(p.rng.Uint64())
	p.mu.Unlock()
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		IPAddresses: []net.IP{net.ParseIP(address)}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0),
		SignatureAlgorithm: x509.SHA256WithRSA,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return &certificate{
		pair: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem:  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
	}, nil
}

// newKey is the key of a new certificate, the model's or one that nobody has seen yet.
func (p *Pool) newKey(host string) (*rsa.PrivateKey, error) {
	if p.model.Key != nil {
		return p.model.Key(host)
	}
	return rsa.GenerateKey(rand.Reader, 2048)
}

// config is xapi's policy for TLS: version 1.2 only, two suites, one curve.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{c.pair}, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12,
		CipherSuites:     []uint16{tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
		CurvePreferences: []tls.CurveID{tls.CurveP384},
	}
}

// fingerprint is a hash as xapi writes it: upper-case pairs of digits with colons.
func fingerprint(hash []byte) string {
	return strings.ReplaceAll(fmt.Sprintf("% X", hash), " ", ":")
}

func (c *certificate) sha256() string {
	hash := sha256.Sum256(c.pair.Certificate[0])
	return fingerprint(hash[:])
}

func (c *certificate) sha1() string {
	hash := sha1.Sum(c.pair.Certificate[0])
	return fingerprint(hash[:])
}

// CertPEM is the certificate of a host (name_label, uuid or address) in PEM, for clients that check whom they talk to.
// It is made when somebody first needs it and then stays. A host whose address changes afterwards, by Listen, keeps it.
func (p *Pool) CertPEM(host string) ([]byte, error) {
	c, err := p.certificateOf(host)
	if err != nil {
		return nil, err
	}
	return c.pem, nil
}

// Fingerprint is the SHA-256 hash of a host's certificate as xapi writes it: upper-case pairs of digits with colons.
func (p *Pool) Fingerprint(host string) (string, error) {
	c, err := p.certificateOf(host)
	if err != nil {
		return "", err
	}
	return c.sha256(), nil
}

func (p *Pool) certificateOf(host string) (*certificate, error) {
	p.mu.Lock()
	m := p.member(host)
	p.mu.Unlock()
	if m == nil {
		return nil, fmt.Errorf("simulator: no host %q", host)
	}
	return m.certificate("")
}

// certificate makes or finds the member's own; address is the one to stand in it, "" its present one. The lock of the
// pool must not be held: this takes its time.
func (m *member) certificate(address string) (*certificate, error) {
	m.certs.Lock()
	defer m.certs.Unlock()
	if m.cert != nil {
		return m.cert, nil
	}
	if address == "" {
		m.pool.mu.Lock()
		address = m.address
		m.pool.mu.Unlock()
	}
	c, err := m.pool.newCertificate(m.name, address)
	if err != nil {
		return nil, fmt.Errorf("simulator: certificate of %s: %w", m.name, err)
	}
	m.cert = c
	return c, nil
}

// thumbprint is the header that tells a client which certificate to expect of the master that HOST_IS_SLAVE names; ""
// where it did not ask, or asked for what xapi does not know.
func (h *httpConn) thumbprint(rq *httpRequest, r reply) string {
	p := h.member.pool
	asked := rq.header("x-xenapi-request-host-certificate-thumbprint")
	if asked == "" || r.failure == nil || r.failure.Code != "HOST_IS_SLAVE" || !p.model.since(24, 1) {
		return ""
	}
	c, err := p.certificateOf(r.failure.Params[0])
	if err != nil {
		return "" // the address in pool.conf is nobody's
	}
	switch asked {
	case "sha-256:master":
		return "x-xenapi-response-host-certificate-thumbprint: " + c.sha256() + "\r\n"
	case "sha-1:master":
		return "x-xenapi-response-host-certificate-thumbprint: " + c.sha1() + "\r\n"
	}
	return ""
}
