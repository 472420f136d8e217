package xapi

import (
	"context"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// learnMembers asks the master for the certificates of all members, so that any of them is known when it becomes the
// master. It changes nothing where the pool does not tell: xapi knows the certificates of hosts since 8.2, and roles below
// read-only may not ask.
func (c *Client) learnMembers(ctx context.Context, s *Session) {
	if c.trust.pins == nil || s.wire.endpoint.scheme != "https" {
		return
	}
	certificates, err := verifyCall(ctx, s, xen.CertificateGetAllRecords())
	if err != nil {
		c.log.V(1).Info("the certificates of the members are not known", "cause", err.Error())
		return
	}
	for _, certificate := range certificates.All() {
		is, err := parsePin(certificate.Fingerprint)
		if certificate.Type != xen.CertificateTypeHost || certificate.Host == s.master || err != nil {
			continue // the master's own has been seen
		}
		address, err := verifyCall(ctx, s, certificate.Host.GetAddress())
		if err != nil {
			return
		}
		member, err := s.wire.endpoint.sibling(address)
		if err == nil && c.trust.pins.learn(member.String(), is) {
			c.pinned(member.String(), "pool")
		}
	}
}
