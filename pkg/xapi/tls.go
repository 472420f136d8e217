package xapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
)

// TLSConfig says which certificates to trust. At most one of its fields is set; with none, the system's authorities
// decide, which will refuse the self-signed certificate that a host makes at its first boot.
type TLSConfig struct {
	// CAFile holds certificates in PEM: authorities, or the hosts' own.
	CAFile string
	// Fingerprint is the SHA-256 of the certificate that a host must show: AA:BB:… or plain hex, with or without
	// "sha256:" in front. Every member has a certificate of its own, so several may stand here, separated by commas.
	Fingerprint string
	// Insecure trusts anybody. Who sits between us and the host then learns the password.
	Insecure bool
}

// load makes the configuration of all connections.
func (t TLSConfig) load() (*tls.Config, error) {
	set := 0
	for _, is := range []bool{t.CAFile != "", t.Fingerprint != "", t.Insecure} {
		if is {
			set++
		}
	}
	if set > 1 {
		return nil, errors.New("give only one of --ca-file, --tls-fingerprint and --insecure-skip-tls-verify")
	}
	// xapi: TLS 1.2 only, so nothing newer may be required.
	config := &tls.Config{MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(0)}
	switch {
	case t.CAFile != "":
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("certificates to trust: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("certificates to trust: %s holds no certificate in PEM form", t.CAFile)
		}
	case t.Fingerprint != "":
		pins, err := parsePins(t.Fingerprint)
		if err != nil {
			return nil, err
		}
		config.InsecureSkipVerify = true //nolint:gosec // VerifyConnection compares the whole certificate instead
		config.VerifyConnection = func(state tls.ConnectionState) error { return checkPin(pins, state) }
	case t.Insecure:
		config.InsecureSkipVerify = true //nolint:gosec // asked for in words
	}
	return config, nil
}

// parsePins reads one or several SHA-256 fingerprints.
func parsePins(text string) ([][]byte, error) {
	var pins [][]byte
	for word := range strings.SplitSeq(text, ",") {
		word = strings.TrimSpace(word)
		digits := word
		if prefix, rest, found := strings.Cut(word, ":"); found && strings.EqualFold(strings.ReplaceAll(prefix, "-", ""), "sha256") {
			digits = rest
		}
		pin, err := hex.DecodeString(strings.NewReplacer(":", "", " ", "").Replace(digits))
		if err != nil || len(pin) != sha256.Size {
			return nil, fmt.Errorf("TLS fingerprint %q is not a SHA-256 in hex: 32 bytes, as AA:BB:… or plain", word)
		}
		pins = append(pins, pin)
	}
	return pins, nil
}

// pinError says that a host showed a certificate that is not pinned.
type pinError struct{ seen string }

// Error gives the fingerprint that was seen.
func (e *pinError) Error() string { return "its certificate has the fingerprint " + e.seen }

func checkPin(pins [][]byte, state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("it shows no certificate")
	}
	sum := sha256.Sum256(state.PeerCertificates[0].Raw)
	for _, pin := range pins {
		if subtle.ConstantTimeCompare(pin, sum[:]) == 1 {
			return nil
		}
	}
	return &pinError{seen: fingerprint(state.PeerCertificates[0])}
}

// fingerprint writes a certificate's SHA-256 as openssl and xe do.
func fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}

// asTrustError recognises a handshake that ended because we do not trust the host, and says what can be done.
func asTrustError(address string, err error) (*TrustError, bool) {
	if pin, ok := errors.AsType[*pinError](err); ok {
		return &TrustError{Address: address, Fingerprint: pin.seen, Err: err}, true
	}
	verification, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if !ok {
		return nil, false
	}
	trust := &TrustError{Address: address, Err: verification.Err}
	if len(verification.UnverifiedCertificates) > 0 {
		trust.Fingerprint = fingerprint(verification.UnverifiedCertificates[0])
	}
	return trust, true
}
