package simulator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

// inPEM is a certificate with its key, as files hold them.
func inPEM(t *testing.T, name string) (certificatePEM, keyPEM string) {
	t.Helper()
	c, err := Start(t, Model{Hosts: 1, VMs: -1}).newCertificate(name, "10.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return string(c.pem), pemOf(t, "PRIVATE KEY", c.pair.PrivateKey)
}

func pemOf(t *testing.T, kind string, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// TestServerCertificate: the one that is installed is shown, recorded and answered; the checks come in xapi's order.
func TestServerCertificate(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: -1})
	if err := p.Listen("https://127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	w, host := dial(t, p, "127.0.0.1"), p.member("xen-1").host
	w.login()
	cert, key := inPEM(t, "mine")
	_, otherKey := inPEM(t, "other")
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, got, want string }{
		{"no key", w.refused("host.install_server_certificate", host, cert, "x", ""), "SERVER_CERTIFICATE_KEY_INVALID"},
		{"kind of key", w.refused("host.install_server_certificate", host, cert, pemOf(t, "PRIVATE KEY", elliptical), ""), "SERVER_CERTIFICATE_KEY_ALGORITHM_NOT_SUPPORTED"},
		{"no certificate", w.refused("host.install_server_certificate", host, "x", key, ""), "SERVER_CERTIFICATE_INVALID"},
		{"another key", w.refused("host.install_server_certificate", host, cert, otherKey, ""), "SERVER_CERTIFICATE_KEY_MISMATCH"},
		{"chain", w.refused("host.install_server_certificate", host, cert, key, "x"), "SERVER_CERTIFICATE_CHAIN_INVALID"},
	} {
		if !strings.HasPrefix(c.got, c.want) {
			t.Errorf("%s answers %q, want %s", c.name, c.got, c.want)
		}
	}
	w.must("host.install_server_certificate", host, cert, key, "")
	if got := w.must("host.get_server_certificate", host); got != cert {
		t.Error("the host answers another certificate")
	}
	rows := w.must("Certificate.get_all_records").(Map)
	if len(rows) != 1 || field(rows[0].Value, "host") != host {
		t.Errorf("the certificates are %v", rows)
	}
	shown := func() string {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(p.URLs()[0], "https://"), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // it is looked at
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	if got := shown(); got != "mine" {
		t.Errorf("a client is shown the certificate of %q", got)
	}
	w.must("host.emergency_reset_server_certificate")
	if got := shown(); got != "xen-1" {
		t.Errorf("after a reset a client is shown the certificate of %q", got)
	}
}

// TestTrustedCertificates: names, contents, and what is there twice or not at all.
func TestTrustedCertificates(t *testing.T) {
	p := Start(t, Model{Hosts: 1, VMs: -1, Version: "26"})
	w := login1(t, p)
	cert, _ := inPEM(t, "authority")
	w.must("pool.install_ca_certificate", "a.pem", cert)
	for _, c := range []struct{ got, want string }{
		{w.refused("pool.install_ca_certificate", "../a", cert), "CERTIFICATE_NAME_INVALID | ../a"},
		{w.refused("pool.install_ca_certificate", "a.pem", cert), "CERTIFICATE_ALREADY_EXISTS | a.pem"},
		{w.refused("pool.certificate_install", "b.pem", "x"), "CERTIFICATE_CORRUPT | b.pem"},
		{w.refused("pool.uninstall_ca_certificate", "b.pem", false), "CERTIFICATE_DOES_NOT_EXIST | b.pem"},
		{w.refused("pool.crl_install", "b.pem", cert), "CRL_CORRUPT | b.pem"},
		{w.refused("pool.crl_uninstall", "b.pem"), "CRL_DOES_NOT_EXIST | b.pem"},
	} {
		if c.got != c.want {
			t.Errorf("answers %q, want %q", c.got, c.want)
		}
	}
	if got := w.must("pool.certificate_list").(Set); len(got) != 1 || got[0] != "a.pem" {
		t.Errorf("the pool trusts %v", got)
	}
	w.must("pool.uninstall_ca_certificate", "b.pem", true)
	pool := w.must("pool.get_all").(Set)[0]
	pinned, _ := inPEM(t, "peer")
	w.must("pool.install_trusted_certificate", pool, false, pinned, Set{"ldaps"})
	if got := w.refused("pool.install_trusted_certificate", pool, true, pinned, Set{}); !strings.HasPrefix(got, "TRUSTED_CERTIFICATE_ALREADY_EXISTS") {
		t.Errorf("a certificate that is trusted: %q", got)
	}
	for _, ref := range wordsOf(w.must("Certificate.get_all").(Set)) {
		if w.must("Certificate.get_type", ref) == "pinned" {
			w.must("pool.uninstall_trusted_certificate", pool, ref)
		}
	}
	w.must("pool.certificate_uninstall", "a.pem")
	w.must("pool.crl_install", "b.pem", revocations(t))
	if got := w.must("pool.crl_list").(Set); len(got) != 1 || got[0] != "b.pem" {
		t.Errorf("the lists are %v", got)
	}
}

// revocations is an empty list, signed by somebody.
func revocations(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	issuer := &x509.Certificate{SerialNumber: big.NewInt(1), SubjectKeyId: []byte{1}, KeyUsage: x509.KeyUsageCRLSign}
	until := time.Now().Add(time.Hour)
	list, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: until}, issuer, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: list}))
}

// TestTLSVerification: one host can be told not to check, and again to.
func TestTLSVerification(t *testing.T) {
	p := Start(t, Model{Hosts: 2, VMs: -1})
	w, host := login1(t, p), p.member("xen-1").host
	if got := w.refused("host.emergency_reenable_tls_verification"); got != "TLS_VERIFICATION_NOT_ENABLED_IN_POOL" {
		t.Errorf("before the pool checks: %q", got)
	}
	w.must("pool.enable_tls_verification")
	w.must("host.emergency_disable_tls_verification")
	if w.must("host.get_tls_verification_enabled", host) != false {
		t.Error("the host checks on")
	}
	w.must("host.emergency_reenable_tls_verification")
	if w.must("host.get_tls_verification_enabled", host) != true {
		t.Error("the host does not check again")
	}
}
