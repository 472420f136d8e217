package xapi

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/time/rate"

	"github.com/xencontroller/xencontroller/internal/failover"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Client is a connection to one pool, through whichever of its hosts is the master. Safe for concurrent use.
type Client struct {
	cfg       Config
	log       logr.Logger
	addresses []endpoint
	trust     *trust
	codecs    *codecs
	expiry    expiry
	stateFile *stateFile // nil: nothing is remembered
	conns     conns
	closing   chan struct{} // closed by Close
	turn      chan struct{} // holds one token while a search runs; its holder owns search
	search    searchState
	behind    background    // probes and logouts that no caller waits for
	pace      *rate.Limiter // nil: calls may begin at any rate
	recorder  *recorder     // nil: nobody wants to know
	tasks     taskBook

	telling sync.Mutex // orders transitions, and what observers see of them

	mu        sync.Mutex
	wires     map[endpoint]*wire
	current   *Session
	epoch     uint64
	members   []string // as given to SetMembers
	loss      error    // why the last session was given up; nil since the next was found
	lostAt    time.Time
	used      secret    // the password of the last login
	changed   [2]secret // from which password to which session.change_password went; empty: it did not
	abandoned []secret  // sessions that may live on in the pool
	alive     int       // sessions logged in and not known to have ended
	tried     []try     // of the search that runs or ran last
	failures  int       // searches that ended without hope
	failure   error     // of the last of them
	closed    bool
}

// New makes a client. It dials nothing and starts nothing; it fails for a Config that cannot work: an address or a
// fingerprint that cannot be read, a file of certificates that is not there.
func New(cfg Config) (*Client, error) {
	addresses, err := cfg.check()
	if err != nil {
		return nil, err
	}
	trust, err := cfg.TLS.load()
	if err != nil {
		return nil, err
	}
	c := &Client{
		cfg: cfg, log: cfg.Log.WithValues("pool", cfg.Pool), addresses: addresses, trust: trust, codecs: newCodecs(),
		conns:   conns{dial: cfg.Dial},
		closing: make(chan struct{}),
		turn:    make(chan struct{}, 1),
		wires:   map[endpoint]*wire{},
		pace:    cfg.Limits.pace(), recorder: newRecorder(cfg.Record),
	}
	cfg.Metrics.begin(cfg.Pool)
	c.search.state = failover.State{
		Timing: failover.Timing{MinPause: cfg.Backoff.Min, MaxPause: cfg.Backoff.Max},
		Pool:   cfg.PoolUUID,
	}
	for _, e := range addresses {
		c.search.state.Addresses = append(c.search.state.Addresses, e.String())
	}
	c.remember()
	return c, nil
}

// Current returns the session in use; nil when there is none just now.
func (c *Client) Current() *Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

// Session returns the session in use. When there is none, it looks for the pool's master, logs in and verifies it, in
// rounds with pauses, until ctx ends; any number of callers share one search.
//
// Before the pool was reached for the first time it also ends for whatever waiting cannot mend: a [*LoginError], a
// [*NotXAPIError], a [*TrustError], an [*OtherPoolError] when no other address is left. From the first success on
// it goes on until ctx ends (a [*SearchError], which says what each address answered) or the Client is closed.
func (c *Client) Session(ctx context.Context) (*Session, error) {
	s, failures, err := c.ready()
	if s != nil || err != nil {
		return s, err
	}
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, c.noMaster(ctx)
	case <-c.closing:
		return nil, ErrClosed
	}
	s, failuresNow, err := c.ready()
	switch {
	case s != nil || err != nil:
		return s, err
	case failuresNow != failures: // the search that we waited for had no hope: no need to be refused once more
		return nil, c.lastFailure()
	}
	return c.findMaster(ctx)
}

// ready returns the session in use or the reason that there will be none, and how many searches have failed.
func (c *Client) ready() (s *Session, failures int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, 0, ErrClosed
	}
	return c.current, c.failures, nil
}

func (c *Client) lastFailure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failure
}

// Do carries out a request on the session in use, or on the one that it finds (see [Client.Session], which may take as
// long as ctx lets it). It tries a second time, on a new session where the first was of no use, if the call provably did
// not run, or if it only reads. Implements [Doer].
func (c *Client) Do(ctx context.Context, req xen.Request, into any) error {
	s, err := c.Session(ctx)
	if err != nil {
		return err
	}
	err = s.Do(ctx, req, into)
	if err == nil || ctx.Err() != nil || !worthASecondTry(req.Method, err) {
		return err
	}
	if s, err = c.Session(ctx); err != nil {
		return err
	}
	err = s.Do(ctx, req, into)
	if t, ok := errors.AsType[*TransportError](err); ok && !t.stopped {
		c.Invalidate(s, err) // twice in a row is no stale connection
	}
	return err
}

// worthASecondTry reports whether a call may be made again at once.
func worthASecondTry(method string, err error) bool {
	if endsSession(err) || errors.Is(err, errSessionLost) {
		return NotExecuted(err) || reads(method)
	}
	t, ok := errors.AsType[*TransportError](err)
	return ok && !t.stopped && (!t.Sent || reads(method))
}

// Invalidate says that a session, or the master that it is with, is of no use: the next Session looks for the master
// again. It does nothing to a newer session. The cause appears in the log and, by its kind, in the metrics.
func (c *Client) Invalidate(s *Session, cause error) {
	if cause == nil {
		cause = errSessionLost
	}
	if s == nil {
		return
	}
	c.telling.Lock()
	defer c.telling.Unlock()
	if !s.giveUp(cause) {
		return
	}
	c.mu.Lock()
	if c.current == s {
		c.current, c.loss, c.lostAt = nil, cause, time.Now()
	}
	if errors.Is(cause, xen.SessionInvalid) {
		c.countAlive(-1)
	} else {
		c.abandon(s.ref)
	}
	c.mu.Unlock()
	s.wire.closeIdle()
	c.tell(Transition{
		Kind: TransitionLost, Address: s.wire.endpoint.String(), Epoch: s.epoch, Pool: s.pool, Reason: lossReason(cause), Err: cause,
	}, "epoch", s.epoch)
}

// countAlive keeps the number of our sessions in the pool; c.mu is held.
func (c *Client) countAlive(change int) {
	c.alive += change
	c.cfg.Metrics.alive(c.cfg.Pool, c.alive)
}

// wire returns the way to an endpoint; there is one for each.
func (c *Client) wire(e endpoint) *wire {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.wires[e]
	if w == nil {
		w = newWire(e, c.cfg.UserAgent, c.trust, &c.conns, newDialect(c.codecs.of(c.cfg.Protocol)))
		c.wires[e] = w
	}
	return w
}

func (c *Client) allWires() []*wire {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*wire
	for _, w := range c.wires {
		all = append(all, w)
	}
	return all
}
