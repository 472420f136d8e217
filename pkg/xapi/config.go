package xapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"github.com/go-logr/logr"
)

// Config is everything a Client is given; the zero value of each optional field works.
type Config struct {
	// Addresses are members of one pool: https://host[:port], http://host[:port] or unix:///path. One that is not the
	// master is as good, as long as it knows the master. Required.
	Addresses []string
	// Username and Password log in. Password is required unless every address is a unix socket, where xapi looks at
	// neither.
	Username string
	Password Authenticator
	// Originator names this program to xapi, which keeps apart the sessions of each; default "xencontroller".
	Originator string
	// UserAgent is the header of that name; default "xencontroller".
	UserAgent string
	// TLS says which certificates to trust at https addresses.
	TLS TLSConfig
	// Dial opens connections; nil: a net.Dialer with keep-alive probes. Called concurrently.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Timeout is how long any call may take, event.next apart; default 30 s. It has to be longer than the slowest list.
	Timeout time.Duration
	// Limits bound how hard the pool is pressed; zero: not at all.
	Limits Limits
	// Protocol is how calls are written; empty: ProtocolAuto.
	Protocol Protocol
	// TraceParent returns the W3C traceparent of the trace that a call's context belongs to, such as
	// 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01; empty: none. Called concurrently.
	TraceParent func(ctx context.Context) string
	// Record is told of every call that has ended, a line of JSON each; see [RecordedCall]. Secrets are taken out. It is
	// not written to concurrently by one Client.
	Record io.Writer
	// StateFile remembers pool, master, members and what was learned of their certificates, so that a restart finds the
	// pool although no address of Addresses answers any more; empty: nothing is remembered. One file for each pool.
	StateFile string
	// PoolUUID is the pool that must answer; empty: the first one reached, from then on.
	PoolUUID string
	// Backoff bounds the pauses between rounds of a search.
	Backoff Backoff
	// Rand spreads the pauses; nil: seeded at random. Not used concurrently by the Client.
	Rand *rand.Rand
	// Log is told of connections at level 0 and of each call at level 1; zero: silent.
	Log logr.Logger
	// OnTransition is told, one after the other and in order, of everything that changes in how the pool is reached. It must
	// return soon and must not call the Client.
	OnTransition func(Transition)
	// Metrics may be shared by several clients; nil: not counted.
	Metrics *Metrics
	// Pool is the value of the label pool in metrics and logs.
	Pool string
}

// Backoff bounds the pauses of a search for the master: they double from Min to Max while nobody answers, and stay
// short while somebody does. Zero: 1 s, 30 s.
type Backoff struct{ Min, Max time.Duration }

// Limits of a Client.
const (
	defaultTimeout = 30 * time.Second
	// probeTimeout bounds a login with its checks. xapi: up to 8.2 a wrong password is answered after 5 s and PAM's own
	// delay of about 2 s; a shorter limit would make it look like a dead host.
	probeTimeout  = 8 * time.Second
	loginPatience = time.Minute // after which nobody waits for the session that a slow login may have made
	dialTimeout   = 5 * time.Second
	logoutTimeout = 5 * time.Second
)

// check fills in defaults and parses what has to be parsed.
func (c *Config) check() ([]endpoint, error) {
	if len(c.Addresses) == 0 {
		return nil, errors.New("no address of a pool is given: write https://host, http://host or unix:///path")
	}
	var endpoints []endpoint
	needsPassword := false
	for _, text := range c.Addresses {
		e, err := parseEndpoint(text)
		if err != nil {
			return nil, err
		}
		needsPassword = needsPassword || e.scheme != "unix"
		endpoints = append(endpoints, e)
	}
	if needsPassword && (c.Username == "" || c.Password == nil) {
		return nil, fmt.Errorf("%s needs a user and a password (--username, --password-file)", endpoints[0])
	}
	if c.Timeout < 0 || c.Backoff.Min < 0 || c.Backoff.Max < 0 {
		return nil, errors.New("a timeout or pause is negative")
	}
	if err := errors.Join(c.Limits.check(), c.Protocol.check()); err != nil {
		return nil, err
	}
	c.setDefaults()
	return endpoints, nil
}

func (c *Config) setDefaults() {
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.Originator == "" {
		c.Originator = "xencontroller"
	}
	if c.UserAgent == "" {
		c.UserAgent = "xencontroller"
	}
	if c.Password == nil {
		c.Password = func(context.Context) (string, error) { return "", nil }
	}
	if c.Dial == nil {
		// A master that lost power sends nothing, and event.next has no deadline: these probes end it within 30 s.
		d := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}}
		c.Dial = d.DialContext
	}
	if c.Rand == nil {
		c.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) //nolint:gosec // jitter is no secret
	}
	if c.Log.GetSink() == nil {
		c.Log = logr.Discard()
	}
}
