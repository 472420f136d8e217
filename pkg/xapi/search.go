package xapi

import (
	"context"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/internal/failover"
)

// searchState is what outlives a search; it belongs to the holder of Client.turn.
type searchState struct {
	state  failover.State
	latest []try // what each address answered last
}

// try is the last failure of one address in a search.
type try struct {
	address string
	err     error
}

// run is one search for the master: the acting half of internal/failover.
type run struct {
	*Client
	answers chan answer
	over    chan struct{} // closed when nobody reads answers any more
	wait    *time.Timer
	found   map[string]*Session // verified, by address
	refused map[string]string   // what was told of hosts that are not used, by address
	like    endpoint            // how members are reached
}

// findMaster searches until a master is in use, the search has no hope, ctx ends, or the client is closed. The caller
// holds the turn.
func (c *Client) findMaster(ctx context.Context) (*Session, error) {
	r := c.newRun()
	defer r.end(ctx)
	effect := r.next(failover.Outcome{Kind: failover.Wanted, Named: c.hint(r.like)})
	for {
		switch {
		case effect.Take != "":
			return r.adopt(ctx, effect.Take)
		case effect.Fail:
			return nil, r.fail(r.hopeless())
		}
		if effect.Wait > 0 {
			r.wait.Reset(effect.Wait)
		}
		if len(effect.Dial) > 0 {
			if err := r.dial(ctx, effect.Dial); err != nil && ctx.Err() == nil {
				effect = r.heard(answer{Outcome: failover.Outcome{Kind: failover.NoPassword}, err: err})
				continue
			}
		}
		select {
		case a := <-r.answers:
			effect = r.heard(a)
		case <-r.wait.C:
			r.search.state.Members = r.memberURLs(r.like)
			effect = r.next(failover.Outcome{Kind: failover.Due})
		case <-ctx.Done():
			return nil, r.noMaster(ctx)
		case <-r.closing:
			return nil, ErrClosed
		}
	}
}

// newRun prepares a search; its timer waits for what next will say.
func (c *Client) newRun() *run {
	like := c.addresses[0]
	if last, err := parseEndpoint(c.search.state.Last); err == nil {
		like = last
	}
	c.search.latest = nil
	c.search.state.Members = c.memberURLs(like)
	return &run{
		Client: c, answers: make(chan answer), over: make(chan struct{}),
		wait: time.NewTimer(time.Hour), found: map[string]*Session{}, refused: map[string]string{}, like: like,
	}
}

// next asks the pure half, and spreads the pauses between rounds: several controllers must not knock together.
func (r *run) next(o failover.Outcome) failover.Effect {
	rounds := r.search.state.Rounds()
	var effect failover.Effect
	r.search.state, effect = r.search.state.Next(o)
	if r.search.state.Rounds() > rounds && !effect.Fail {
		effect.Wait -= time.Duration(r.cfg.Rand.Int64N(int64(effect.Wait)/5 + 1))
		r.tellRound(r.search.state.Rounds(), effect.Wait)
	}
	return effect
}

// tellRound tells of a round without success, less and less often.
func (r *run) tellRound(rounds int, pause time.Duration) {
	if bits.OnesCount(uint(rounds)) > 1 { //nolint:gosec // counts up from 1
		return
	}
	r.happened(Transition{
		Kind: TransitionSearching, Pool: r.search.state.Pool, Rounds: rounds, Err: errorsOf(r.search.latest),
	}, "rounds", rounds, "pause", pause.Round(time.Millisecond).String())
}

// dial starts probes. They outlive the search if they must: one that has sent its login has to see the session closed.
func (r *run) dial(ctx context.Context, addresses []string) error {
	password, err := r.password(ctx)
	if err != nil {
		return &LoginError{User: r.cfg.Username, Err: err}
	}
	who, want := credentials{r.cfg.Username, password}, r.search.state.Pool
	ctx = context.WithoutCancel(ctx)
	for _, address := range addresses {
		r.behind.start(func() {
			e, err := parseEndpoint(address)
			a := answer{Outcome: failover.Outcome{Kind: failover.Failed, Address: address}, err: err}
			if err == nil {
				a = r.probe(ctx, e, who, want)
			}
			select {
			case r.answers <- a:
			case <-r.over:
				if a.session != nil {
					a.refused = a.session
				}
			}
			if a.refused != nil {
				r.discard(ctx, a.refused)
			}
		})
	}
	return nil
}

// heard takes one answer in.
func (r *run) heard(a answer) failover.Effect {
	if a.session != nil {
		r.found[a.Address] = a.session
	}
	if a.err != nil {
		r.keep(a.Address, a.err)
		r.tellRefusal(a)
		if log := r.log.V(1); log.Enabled() {
			log.Info("probed", "address", a.Address, "result", a.Kind.String(), "cause", a.err.Error())
		}
	}
	return r.next(a.Outcome)
}

// tellRefusal tells of a host that answers and will not be used, once in a search for each address and cause.
func (r *run) tellRefusal(a answer) {
	switch a.Kind {
	case failover.OtherPool, failover.Untrusted, failover.NotXAPI, failover.BadLogin:
	default:
		return
	}
	if r.refused[a.Address] == a.Kind.String() {
		return
	}
	r.refused[a.Address] = a.Kind.String()
	r.happened(Transition{Kind: TransitionRefused, Address: a.Address, Pool: a.Pool, Reason: a.Kind.String(), Err: a.err})
}

// keep keeps what an address answered, also for callers that wait for the search and give up.
func (r *run) keep(address string, err error) {
	latest := slices.DeleteFunc(slices.Clone(r.search.latest), func(t try) bool { return t.address == address })
	r.search.latest = append(latest, try{address, err})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tried = r.search.latest
}

// adopt puts a verified session into use.
func (r *run) adopt(ctx context.Context, address string) (*Session, error) {
	s := r.found[address]
	delete(r.found, address)
	r.telling.Lock()
	defer r.telling.Unlock()
	r.mu.Lock()
	r.epoch++
	s.epoch = r.epoch
	loss, lostAt := r.loss, r.lostAt
	r.loss, r.tried = nil, nil
	closed := r.closed
	if !closed {
		r.current = s
	}
	r.mu.Unlock()
	if closed { // Close came first and did not see it
		r.found[address] = s
		return nil, ErrClosed
	}
	t := Transition{Kind: TransitionFound, Address: address, Epoch: s.epoch, Pool: s.pool, Rounds: r.search.state.Rounds()}
	if loss != nil {
		t.Took = time.Since(lostAt)
		r.cfg.Metrics.failedOver(r.cfg.Pool, lossReason(loss), t.Took)
	}
	r.tell(t, "poolUUID", s.pool, "master", string(s.master), "masterAddress", s.address, "epoch", s.epoch, "took", t.Took.String())
	r.behind.start(func() {
		r.learnMembers(context.WithoutCancel(ctx), s)
		r.savePins(s.pool)
		r.saveState()
		r.logoutAbandoned(context.WithoutCancel(ctx), s.wire)
	})
	shown, _ := s.Certificate()
	r.cfg.Metrics.expires(r.cfg.Pool, shown.NotAfter)
	r.behind.start(func() { r.watchCertificate(s) }) // after this transition
	return s, nil
}

// hopeless is the error of a search that nothing but a person can help.
func (r *run) hopeless() error {
	for address, s := range r.found { // masters of several pools
		r.keep(address, &OtherPoolError{Address: address, Got: s.pool})
	}
	for _, t := range r.search.latest {
		if isA[*LoginError](t.err) {
			return t.err
		}
	}
	if len(r.search.latest) == 1 {
		return r.search.latest[0].err
	}
	return errorsOf(r.search.latest)
}

// fail leaves an error for those who wait for this search.
func (r *run) fail(err error) error {
	r.mu.Lock()
	r.failures++
	r.failure = err
	r.mu.Unlock()
	r.happened(Transition{Kind: TransitionFailed, Rounds: r.search.state.Rounds(), Err: err})
	return err
}

// end closes what the search opened and did not use.
func (r *run) end(ctx context.Context) {
	r.wait.Stop()
	close(r.over)
	for address, s := range r.found {
		if taken := r.Current(); taken != nil && taken != s {
			r.happened(Transition{Kind: TransitionRefused, Address: address, Pool: s.pool, Reason: "second-master"},
				"master", taken.wire.endpoint.String())
		}
		r.behind.start(func() { r.discard(ctx, s) })
	}
}

// hint is the address of the master that the lost session's host named, if it named one.
func (c *Client) hint(like endpoint) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return namedMaster(like, c.loss)
}

// noMaster is the error of a search whose caller gives up.
func (c *Client) noMaster(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	tried := slices.Clone(c.tried)
	for _, e := range c.addresses {
		if !slices.ContainsFunc(tried, func(t try) bool { return t.address == e.String() }) {
			tried = append(tried, try{e.String(), fmt.Errorf("%s has not answered", e)})
		}
	}
	err := errorsOf(tried)
	err.Err = context.Cause(ctx)
	return err
}

// errorsOf lists failures in the order of their addresses.
func errorsOf(tried []try) *SearchError {
	tried = slices.SortedFunc(slices.Values(tried), func(a, b try) int { return strings.Compare(a.address, b.address) })
	e := &SearchError{}
	for _, t := range tried {
		e.Tried = append(e.Tried, t.err)
	}
	return e
}
