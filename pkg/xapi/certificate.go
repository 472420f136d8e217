package xapi

import (
	"crypto/x509"
	"sync"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Certificate is the one that a host shows.
type Certificate struct {
	Fingerprint string // SHA-256, AA:BB:…
	Subject     string
	NotBefore   time.Time
	NotAfter    time.Time // it ends then
}

// Certificate returns what the master shows; false where the connection has none: http and unix sockets.
func (s *Session) Certificate() (Certificate, bool) {
	leaf := s.wire.shown.Load()
	if leaf == nil {
		return Certificate{}, false
	}
	return Certificate{
		Fingerprint: pinOf(leaf).String(), Subject: leaf.Subject.String(), NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter,
	}, true
}

// When the end of a certificate is told: from 30 days before, once a day.
const (
	expirySoon  = 30 * 24 * time.Hour
	expiryAgain = 24 * time.Hour
)

// expiry remembers when the end of a certificate was told last. The zero value is ready.
type expiry struct {
	mu   sync.Mutex
	told time.Time
}

// due reports whether a certificate that ends then is worth a word now.
func (e *expiry) due(notAfter, now time.Time) bool {
	if notAfter.Sub(now) > expirySoon {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.told.IsZero() && now.Sub(e.told) < expiryAgain {
		return false
	}
	e.told = now
	return true
}

// watchCertificate tells of a certificate that is about to end, while it is the one of the session in use.
func (c *Client) watchCertificate(s *Session) {
	leaf := s.wire.shown.Load()
	if leaf == nil || !c.expiry.due(leaf.NotAfter, time.Now()) {
		return // as nearly always: this is done for every call
	}
	shown, _ := s.Certificate()
	c.happened(Transition{Kind: TransitionExpiring, Address: s.wire.endpoint.String(), Epoch: s.epoch, Pool: s.pool},
		"notAfter", shown.NotAfter.UTC().Format(time.RFC3339), "sha256", shown.Fingerprint)
}

// saw keeps the certificate that an endpoint showed.
func (w *wire) saw(leaf *x509.Certificate) { w.shown.Store(leaf) }

// spoke notes that a host has given an answer of XAPI, and trusts its certificate from now on if it is the first.
func (c *Client) spoke(w *wire) {
	if w.endpoint.scheme != "https" || c.trust.pins == nil || !c.trust.pins.spoke(w.endpoint.String()) {
		return
	}
	c.pinned(w.endpoint.String(), "first-use")
}

// The thumbprint headers. xapi: since 24.1 HOST_IS_SLAVE comes with the SHA-256 of the master's certificate, if it was asked for.
const (
	thumbprintAsk    = "x-xenapi-request-host-certificate-thumbprint"
	thumbprintAnswer = "x-xenapi-response-host-certificate-thumbprint"
	thumbprintMaster = "sha-256:master"
)

// follow learns the certificate of the master that a member names. The member is trusted: otherwise it was not called.
func (c *Client) follow(w *wire, err error, thumbprint string) {
	if thumbprint == "" || c.trust.pins == nil || w.endpoint.scheme != "https" {
		return
	}
	fault, ok := asFault(err)
	if !ok || fault.Code != xen.HostIsSlave {
		return
	}
	is, err := parsePin(thumbprint)
	address := namedMaster(w.endpoint, fault)
	if err != nil || address == "" || !c.trust.pins.learn(address, is) {
		return
	}
	c.pinned(address, "thumbprint")
}

// pinned tells of a certificate that is trusted from now on, and writes it down.
func (c *Client) pinned(address, how string) {
	c.happened(Transition{Kind: TransitionPinned, Address: address, Reason: how})
	c.savePins("")
	c.saveState()
}

// savePins writes the certificates to the file of known hosts, if there is one. pool is empty while it is not known.
func (c *Client) savePins(pool string) {
	if c.trust.pins == nil || c.trust.pins.firstUse == nil {
		return
	}
	if err := c.trust.pins.firstUse.save(pool, c.trust.pins.all()); err != nil {
		c.log.Info("the certificates of hosts could not be written down; they are known until the end of the program",
			"file", c.trust.pins.firstUse.path, "problem", err.Error())
	}
}
