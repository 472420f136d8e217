package xapi

import (
	"crypto/x509"
	"maps"
	"slices"
	"sync"
)

// pins are the certificates that are trusted by their hash.
type pins struct {
	fixed    []pin       // as configured, at any address
	firstUse *knownHosts // nil: a host that is not known is not trusted

	mu     sync.Mutex
	known  map[string]pin // by address: learned, or read from a file
	unsure map[string]pin // by address: shown first, by somebody who has not spoken XAPI yet
}

// fixedPins are those that were configured.
func fixedPins(text string) (*pins, error) {
	fixed, err := parsePins(text)
	if err != nil {
		return nil, err
	}
	return &pins{fixed: fixed, known: map[string]pin{}}, nil
}

// check judges the certificate that a host shows.
func (p *pins) check(address string, leaf *x509.Certificate) error {
	seen := pinOf(leaf)
	p.mu.Lock()
	defer p.mu.Unlock()
	known, isKnown := p.known[address]
	switch {
	case slices.Contains(p.fixed, seen), isKnown && known == seen:
		return nil
	case isKnown:
		return p.refusal(seen, append(slices.Clone(p.fixed), known))
	case p.firstUse == nil:
		return p.refusal(seen, p.fixed)
	}
	p.unsure[address] = seen
	return nil
}

// refusal says that a certificate is not one of those that are trusted.
func (p *pins) refusal(seen pin, trusted []pin) error {
	e := &pinError{seen: seen, known: trusted}
	if p.firstUse != nil {
		e.file = p.firstUse.path
	}
	return e
}

// spoke notes that who stands at an address speaks XAPI: what it showed is its certificate from now on. It reports
// whether that is news.
func (p *pins) spoke(address string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen, ok := p.unsure[address]
	if !ok {
		return false
	}
	delete(p.unsure, address)
	if _, known := p.known[address]; known {
		return false
	}
	p.known[address] = seen
	return true
}

// learn takes the certificate of a host from somebody who is trusted already. It reports whether that is news.
func (p *pins) learn(address string, is pin) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.known[address]; ok && known == is {
		return false
	}
	p.known[address] = is
	return true
}

// all are the certificates that are known by address.
func (p *pins) all() map[string]pin {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.known)
}

// pinError says that a host showed a certificate that is not pinned.
type pinError struct {
	seen  pin
	known []pin
	file  string // where they stand; empty: they were configured
}

// Error gives the fingerprint that was seen.
func (e *pinError) Error() string { return "its certificate has the fingerprint " + e.seen.String() }

// words are the fingerprints that were expected.
func (e *pinError) words() []string {
	words := make([]string, len(e.known))
	for i, p := range e.known {
		words[i] = p.String()
	}
	return words
}
