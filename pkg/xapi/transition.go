package xapi

import (
	"time"
)

// Transition is something that changed in how the pool is reached. Each is a line of the log and counted in
// xencontroller_xapi_transitions_total as well.
type Transition struct {
	Kind    TransitionKind
	Time    time.Time
	Address string // of the member; empty: none in particular
	Epoch   uint64 // TransitionFound, TransitionLost: of the session
	Pool    string // uuid, where it is known
	// Reason is a word for programs. TransitionLost: an error code of XAPI, transport or timeout. TransitionRefused: what the
	// host is. TransitionProtocol: the other protocol. TransitionPinned: how the certificate is known, which is first-use,
	// thumbprint (a member told that of its master) or pool (the master told those of its members).
	Reason string
	Rounds int // of a search, that ended without a master
	// Took is how long there was no session: TransitionFound after TransitionLost.
	Took   time.Duration
	Method string // TransitionProtocol: whose replies cannot be read
	Err    error  // what showed it, without secrets; nil: nothing went wrong
}

// TransitionKind says what changed.
type TransitionKind string

// The kinds of transitions.
const (
	TransitionFound     TransitionKind = "found"     // logged in on the verified master
	TransitionLost      TransitionKind = "lost"      // the session, or its host, is of no use any more
	TransitionSearching TransitionKind = "searching" // a round of a search ended without a master; told less and less often
	TransitionRefused   TransitionKind = "refused"   // a host answers and will not be used: another pool's, not trusted, a second master
	TransitionFailed    TransitionKind = "failed"    // the first search ended: nothing will change without a person
	TransitionClosed    TransitionKind = "closed"    // the Client was closed
	TransitionProtocol  TransitionKind = "protocol"  // a method goes through another protocol from now on
	TransitionPinned    TransitionKind = "pinned"    // a certificate is trusted from now on
	TransitionExpiring  TransitionKind = "expiring"  // the certificate of the master in use ends within 30 days
)

func transitionKinds() []TransitionKind {
	return []TransitionKind{
		TransitionFound, TransitionLost, TransitionSearching, TransitionRefused, TransitionFailed, TransitionClosed,
		TransitionProtocol, TransitionPinned, TransitionExpiring,
	}
}

// words is how the log puts it.
func (k TransitionKind) words() string {
	switch k {
	case TransitionFound:
		return "connected"
	case TransitionLost:
		return "lost the master"
	case TransitionSearching:
		return "no master found yet"
	case TransitionRefused:
		return "a host is not used"
	case TransitionFailed:
		return "the pool cannot be reached as configured"
	case TransitionClosed:
		return "closed"
	case TransitionProtocol:
		return "replies cannot be read; the method goes through another protocol"
	case TransitionPinned:
		return "a certificate is trusted from now on"
	case TransitionExpiring:
		return "the master's certificate is about to expire"
	}
	return string(k)
}

// happened tells everybody of a transition: counters, log, observer. c.mu must not be held. Values are more words for the
// log, in pairs.
func (c *Client) happened(t Transition, values ...any) {
	c.telling.Lock()
	defer c.telling.Unlock()
	c.tell(t, values...)
}

// tell is happened for those who hold c.telling since before the transition, so that none overtakes another.
func (c *Client) tell(t Transition, values ...any) {
	t.Time = time.Now()
	c.cfg.Metrics.happened(c.cfg.Pool, t)
	if t.Address != "" {
		values = append([]any{"address", t.Address}, values...)
	}
	if t.Reason != "" {
		values = append(values, "reason", t.Reason)
	}
	if t.Err != nil {
		values = append(values, "cause", t.Err.Error())
	}
	c.log.Info(t.Kind.words(), values...)
	if c.cfg.OnTransition != nil {
		c.cfg.OnTransition(t)
	}
}

// protocolChanged tells that the replies of a method cannot be read in one protocol.
func (c *Client) protocolChanged(w *wire, change *change) {
	c.cfg.Metrics.protocolChanged(c.cfg.Pool, change)
	c.happened(Transition{
		Kind: TransitionProtocol, Address: w.endpoint.String(), Method: change.method, Reason: string(change.to), Err: change.cause,
	}, "method", change.method, "from", change.from)
}
