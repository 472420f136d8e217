package xapi_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"
)

// newCertificate makes a self-signed certificate that ends after so long.
func newCertificate(t *testing.T, name string, lasts time.Duration) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(lasts),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// sha256Of is the fingerprint of a certificate, as people write it.
func sha256Of(c *tls.Certificate) string {
	sum := sha256.Sum256(c.Certificate[0])
	return strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":")
}

const year = 365 * 24 * time.Hour

// secure adds a host that speaks TLS 1.2, as xapi does and no more, with a certificate of its own.
func (n *network) secure(t *testing.T, name string, answer func(fakeCall) string) *tls.Certificate {
	t.Helper()
	h := newFakeHost(name)
	h.cert, h.answer = newCertificate(t, name, year), answer
	config := &tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, SessionTicketsDisabled: true, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.cert, nil
	}}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Hour, ErrorLog: log.New(io.Discard, "", 0)}
	n.hosts[name] = h
	go server.Serve(tls.NewListener(h, config)) //nolint:errcheck // ends with Close
	t.Cleanup(func() { _ = server.Close() })
	return h.cert
}

// show gives a host another certificate, and ends its connections.
func (n *network) show(name string, cert *tls.Certificate) {
	n.down(name, "")
	h := n.hosts[name]
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cert = cert
}

// thumbprint lets a host tell its master's certificate with every answer.
func (n *network) thumbprint(name, text string) {
	h := n.hosts[name]
	h.mu.Lock()
	defer h.mu.Unlock()
	h.header = http.Header{"x-xenapi-response-host-certificate-thumbprint": {text}}
}
