package informer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/go-logr/logr"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Config is everything an Informer is given; the zero value of each optional field works.
type Config struct {
	Client Client       // required
	Store  *store.Store // required; the informer is its one writer
	// Events says how events are asked for; zero: EventsRegister.
	Events Events
	// Classes are the classes to keep; nil: all but roles, which never change. The pool and its hosts are always among
	// them: the pool's heartbeat shows that events still come, the addresses of the hosts lead to a new master.
	Classes []xen.Class
	Pool    string      // the pool's name, for metrics and logs
	Rand    *rand.Rand  // spreads the pauses; nil: seeded at random
	Log     logr.Logger // zero: silent
	Metrics *Metrics    // nil: not counted
}

// Handler is told what happened, in order, by the one goroutine that writes the store. It must not block, and must not
// keep a record for later: by then the newest snapshot knows better.
type Handler interface {
	// OnChange is called after changes were published. After a list it gets what is different from before, and no more.
	OnChange(changes []store.Change)
	// OnSync is called when the store came into sync (after the changes of the list) or fell out of it. The reason is
	// one of the reasons of a list, such as "startup", or why the store is stale, in words for people.
	OnSync(synced bool, reason string)
}

// Informer follows one pool. Make it with New.
type Informer struct {
	source   source
	store    *store.Store
	log      logr.Logger
	handlers []Handler
	events   Events
	refused  error       // the Config cannot work
	listed   []xen.Class // that are kept, sorted
	keeps    map[xen.Class]bool
	words    []string                  // for the server: the classes as events spell them, or "*"
	memories map[xen.Class]*xen.Memory // of the last lists; each is used by one call at a time
	state    *state
	position *position
	tasks    *tasks

	// The rest belongs to the goroutine of Run.
	count    counter
	pause    pause
	skipped  map[xen.Class]bool      // classes that the server would not list; said once
	unread   map[xen.Class]bool      // classes with an object whose last event could not be read
	reread   map[xen.Class]time.Time // when such a class was last listed again
	members  []string
	followed bool   // the store was in sync before
	declined string // why event.from was not used, as last said
}

// New returns an informer that has started nothing yet.
func New(cfg Config) *Informer { return newInformer(cfg, clientSource{cfg.Client}) }

func newInformer(cfg Config, src source) *Informer {
	if cfg.Rand == nil {
		cfg.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) //nolint:gosec // jitter is no secret
	}
	i := &Informer{
		source: src, store: cfg.Store, log: cfg.Log.WithValues("pool", cfg.Pool), events: cfg.Events,
		state: newState(), position: newPosition(), tasks: newTasks(), keeps: map[xen.Class]bool{}, memories: map[xen.Class]*xen.Memory{},
		count: newCounter(cfg.Metrics, cfg.Pool), pause: pause{rand: cfg.Rand},
		skipped: map[xen.Class]bool{}, unread: map[xen.Class]bool{}, reread: map[xen.Class]time.Time{},
	}
	i.listed, i.words, i.refused = subscription(cfg.Classes)
	if !i.events.known() {
		i.refused = fmt.Errorf("%q is no way to follow events: register, from and auto are", i.events)
	}
	for _, class := range i.listed {
		i.keeps[class] = true
		i.memories[class] = &xen.Memory{}
	}
	return i
}

// AddHandler adds a handler. Call it before Run.
func (i *Informer) AddHandler(h Handler) { i.handlers = append(i.handlers, h) }

// Synced reports whether the store is in sync with the pool just now.
func (i *Informer) Synced() bool { return i.store.Snapshot().Synced() }

// WaitForSync returns once the store is in sync; otherwise with the error of ctx, or of Run if that has ended.
func (i *Informer) WaitForSync(ctx context.Context) error { return i.state.wait(ctx) }

// errEnded is why a store is stale after the end of Run.
var errEnded = errors.New("the pool is no longer watched")

// Run lists, then follows the pool until ctx ends, which is no error. It fails where waiting cannot help: the client
// says that the pool cannot be reached as configured (a wrong password, another pool, no XAPI), or was closed. Every
// other trouble makes it begin again. Run it once. It starts every goroutine of the informer and returns after the last.
func (i *Informer) Run(ctx context.Context) error {
	err := i.run(ctx)
	i.outOfSync(errEnded)
	i.state.end(err)
	return err
}

// ended reports whether Run was asked to end: whatever fails then fails because of it, and is no error.
func ended(ctx context.Context) bool { return ctx.Err() != nil }

func (i *Informer) run(ctx context.Context) error {
	if i.refused != nil {
		return i.refused
	}
	reason := reasonStartup
	var master xen.HostRef
	for {
		s, err := i.source.session(ctx)
		if ended(ctx) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("watching the pool: %w", err)
		}
		if i.followed && s.Master() != master {
			reason = reasonFailover
		}
		master = s.Master()
		err = i.follow(ctx, s, reason)
		if ended(ctx) {
			return nil
		}
		i.outOfSync(err)
		i.source.invalidate(s, err)
		if i.followed {
			reason = reasonOf(err)
		}
		if !i.pause.wait(ctx) {
			return nil
		}
	}
}

// follow begins a stream, lists, and applies events until the session is of no use; it always returns an error. What lost
// events, but not the session, makes it list again.
func (i *Informer) follow(ctx context.Context, s session, reason string) error {
	st, err := i.begin(ctx, s)
	for err == nil {
		if err = st.list(ctx, reason); err == nil {
			err = st.apply(ctx)
		}
		if ended(ctx) || !sessionIsFine(err) {
			return err
		}
		i.outOfSync(err)
		reason = reasonOf(err)
		if !i.pause.wait(ctx) {
			return ctx.Err()
		}
		if isUnfit(err) && i.events == EventsAuto {
			st, err = i.decline(ctx, s, err)
			continue
		}
		err = nil
	}
	return err
}

// sessionIsFine reports whether an error lost events, and nothing else. xapi: after EVENTS_LOST the subscription is
// intact and its cursor at the present; so it is when a reply came that could not be read.
func sessionIsFine(err error) bool {
	_, unreadable := errors.AsType[*xapi.ReplyError](err)
	return unreadable || isUnfit(err) || errors.Is(err, xen.EventsLost) || errors.Is(err, errMiscounted)
}

// The reasons of a list: values of the label of xencontroller_informer_relists_total, and of OnSync.
const (
	reasonStartup    = "startup"
	reasonEventsLost = "events_lost"
	reasonStream     = "stream"
	reasonSession    = "session"
	reasonFailover   = "failover"
	reasonDecode     = "decode"
	reasonCount      = "count"
)

func reasonOf(err error) string {
	_, unreadable := errors.AsType[*xapi.ReplyError](err)
	switch {
	case unreadable, isUnfit(err):
		return reasonDecode
	case errors.Is(err, errMiscounted):
		return reasonCount
	case errors.Is(err, xen.EventsLost):
		return reasonEventsLost
	case errors.Is(err, xen.SessionInvalid):
		return reasonSession
	}
	return reasonStream
}
