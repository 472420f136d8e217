package simulator_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

func listenTLS(t *testing.T, base string) *simulator.Pool {
	t.Helper()
	p := simulator.Start(t, simulator.Model{Hosts: 2, VMs: 3})
	if err := p.Listen(base); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTLS(t *testing.T) {
	p := listenTLS(t, "https://127.0.33.1:0")
	text, err := p.CertPEM("xen-2")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	years := time.Until(cert.NotAfter).Hours() / 24 / 365
	if cert.Subject.CommonName != "xen-2" || cert.PublicKey == nil || years < 9.9 || years > 10.1 || cert.PublicKeyAlgorithm != x509.RSA {
		t.Errorf("the certificate is of %s, %v, for %.1f years", cert.Subject, cert.PublicKeyAlgorithm, years)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	address := strings.TrimPrefix(p.URLs()[1], "https://")
	conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots}) // checks address and name as well
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if got := conn.ConnectionState(); got.Version != tls.VersionTLS12 || got.CipherSuite != tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 && got.CipherSuite != tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 {
		t.Errorf("version %x, suite %x", got.Version, got.CipherSuite)
	}
	if err := cert.VerifyHostname("xen-2"); err != nil {
		t.Error(err)
	}
	if _, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}); err == nil {
		t.Error("TLS 1.3 is accepted")
	}
	again, err := p.CertPEM("127.0.33.2")
	if err != nil || !bytes.Equal(again, text) {
		t.Errorf("asked again it is another certificate, %v", err)
	}
}

// HOST_IS_SLAVE tells a client that asks which certificate the master has.
func TestThumbprintHeader(t *testing.T) {
	p := listenTLS(t, "https://127.0.34.1:0")
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	const login = `{"jsonrpc":"2.0","method":"session.login_with_password","params":["root","x"],"id":1}`
	want, err := p.Fingerprint("xen-1")
	if err != nil {
		t.Fatal(err)
	}
	for asked, wanted := range map[string]string{"sha-256:master": want, "": "", "sha-256:self": ""} {
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URLs()[1]+"/jsonrpc", strings.NewReader(login))
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("x-xenapi-request-host-certificate-thumbprint", asked)
		resp, err := client.Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close() // it has been read to its end
		if err != nil || !bytes.Contains(body, []byte("HOST_IS_SLAVE")) {
			t.Fatalf("%s, %v", body, err)
		}
		if got := resp.Header.Get("x-xenapi-response-host-certificate-thumbprint"); got != wanted {
			t.Errorf("asked for %q the header is %q, want %q", asked, got, wanted)
		}
	}
}

// The client of this project follows a slave's answer to the master, each with its own pinned certificate.
func TestPinnedClient(t *testing.T) {
	p := listenTLS(t, "https://127.0.35.1:0")
	client, err := xapi.New(xapi.Config{
		Addresses: p.URLs()[:1], Username: "root", TLS: xapi.TLSConfig{Fingerprint: sha256Hex(t, p, "xen-1")},
		Password: func(context.Context) (string, error) { return "xenroot", nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := client.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	vms, err := xapi.Call(t.Context(), client, xen.VMGetAll())
	if err != nil || len(vms) == 0 {
		t.Fatalf("%v, %v", vms, err)
	}
	stranger, err := xapi.New(xapi.Config{
		Addresses: p.URLs()[:1], Username: "root", TLS: xapi.TLSConfig{Fingerprint: sha256Hex(t, p, "xen-2")},
		Password: func(context.Context) (string, error) { return "xenroot", nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := xapi.Call(ctx, stranger, xen.VMGetAll()); err == nil {
		t.Error("a client that expects another certificate logs in")
	}
}

func sha256Hex(t *testing.T, p *simulator.Pool, host string) string {
	t.Helper()
	text, err := p.CertPEM(host)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	return fmt.Sprintf("%x", sha256.Sum256(block.Bytes))
}

// A connection on which nobody shakes hands does not hold up the others, nor the end of the pool.
func TestSilentTLSConnection(t *testing.T) {
	p := listenTLS(t, "https://127.0.36.1:0")
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.URLs()[0], "https://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := p.SilenceMember("xen-2"); err != nil {
		t.Fatal(err)
	}
	p.Close()
}
