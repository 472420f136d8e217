package xapi

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
)

// TLSConfig says which certificates to trust. At most one of CAFile, Fingerprint, KnownHosts and Insecure is set; with
// none, the system's authorities decide, which will refuse the self-signed certificate that a host makes at its first
// boot.
type TLSConfig struct {
	// CAFile holds certificates in PEM: authorities, or the hosts' own.
	CAFile string
	// Fingerprint is the SHA-256 of the certificate that a host must show: AA:BB:… or plain hex, with or without
	// "sha256:" in front. Every member has a certificate of its own, so several may stand here, separated by commas. That
	// of a new master is learned from a member that is trusted already, where xapi tells it.
	Fingerprint string
	// KnownHosts is a file with the certificate of each host that was ever reached: the first one that a host shows is
	// trusted and written down, any other later on is refused. The file is made where there is none.
	KnownHosts string
	// Insecure trusts anybody. Who sits between us and the host then learns the password.
	Insecure bool
}

// trust decides which certificates are trusted, for all connections of a client.
type trust struct {
	base tls.Config
	pins *pins // nil: a certificate is not judged by its hash
}

// load reads what there is to read.
func (t TLSConfig) load() (*trust, error) {
	set := 0
	for _, is := range []bool{t.CAFile != "", t.Fingerprint != "", t.KnownHosts != "", t.Insecure} {
		if is {
			set++
		}
	}
	if set > 1 {
		return nil, errors.New("give only one of --ca-file, --tls-fingerprint, --tls-known-hosts and --insecure-skip-tls-verify")
	}
	// xapi: TLS 1.2 only, so nothing newer may be required.
	trust := &trust{base: tls.Config{MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(0)}}
	var err error
	switch {
	case t.CAFile != "":
		trust.base.RootCAs, err = loadAuthorities(t.CAFile)
	case t.Fingerprint != "":
		trust.pins, err = fixedPins(t.Fingerprint)
	case t.KnownHosts != "":
		trust.pins, err = openKnownHosts(t.KnownHosts)
	case t.Insecure:
		trust.base.InsecureSkipVerify = true //nolint:gosec // asked for in words
	}
	if err != nil {
		return nil, err
	}
	if trust.pins != nil {
		trust.base.InsecureSkipVerify = true //nolint:gosec // VerifyConnection compares the whole certificate instead
	}
	return trust, nil
}

func loadAuthorities(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("certificates to trust: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("certificates to trust: %s holds no certificate in PEM form", path)
	}
	return pool, nil
}

// config is that of the connections to one endpoint; seen is told of the certificate of each that is trusted.
func (t *trust) config(e endpoint, seen func(*x509.Certificate)) *tls.Config {
	config := t.base.Clone()
	config.VerifyConnection = func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 0 {
			return errors.New("it shows no certificate")
		}
		leaf := state.PeerCertificates[0]
		if t.pins != nil {
			if err := t.pins.check(e.String(), leaf); err != nil {
				return err
			}
		}
		seen(leaf)
		return nil
	}
	return config
}

// parsePins reads one or several SHA-256 fingerprints.
func parsePins(text string) ([]pin, error) {
	var pins []pin
	for word := range strings.SplitSeq(text, ",") {
		p, err := parsePin(strings.TrimSpace(word))
		if err != nil {
			return nil, err
		}
		pins = append(pins, p)
	}
	return pins, nil
}

// parsePin reads a SHA-256 fingerprint in any of the ways in which people write it.
func parsePin(word string) (pin, error) {
	digits := word
	if prefix, rest, found := strings.Cut(word, ":"); found && strings.EqualFold(strings.ReplaceAll(prefix, "-", ""), "sha256") {
		digits = rest
	}
	sum, err := hex.DecodeString(strings.NewReplacer(":", "", " ", "").Replace(digits))
	if err != nil || len(sum) != sha256.Size {
		return pin{}, fmt.Errorf("TLS fingerprint %q is not a SHA-256 in hex: 32 bytes, as AA:BB:… or plain", word)
	}
	return pin(sum), nil
}

// pin is the SHA-256 of a certificate.
type pin [sha256.Size]byte

// pinOf is that of a certificate.
func pinOf(c *x509.Certificate) pin { return sha256.Sum256(c.Raw) }

// String writes it as openssl and xe do.
func (p pin) String() string {
	parts := make([]string, len(p))
	for i, b := range p {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}

// asTrustError recognises a handshake that ended because we do not trust the host, and says what can be done.
func asTrustError(address string, err error) (*TrustError, bool) {
	if pin, ok := errors.AsType[*pinError](err); ok {
		return &TrustError{Address: address, Fingerprint: pin.seen.String(), Known: pin.words(), File: pin.file, Err: err}, true
	}
	verification, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if !ok {
		return nil, false
	}
	trust := &TrustError{Address: address, Err: verification.Err}
	if len(verification.UnverifiedCertificates) > 0 {
		trust.Fingerprint = pinOf(verification.UnverifiedCertificates[0]).String()
	}
	return trust, true
}
