// Package failover measures, in virtual time, how long the cache of a pool is behind when the pool loses its master.
package failover

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/internal/wire/xmlrpc"
	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
)

// lab is a pool with somebody who follows it.
type lab struct {
	t      *testing.T
	pool   *simulator.Pool
	client *xapi.Client
	admin  *http.Client // of the person who mends the pool

	mu     sync.Mutex
	seen   []xapi.Transition
	synced []time.Time // when the cache came into sync
}

// startLab follows a pool that is reached at the addresses. Everything ends with the test.
func startLab(t *testing.T, model simulator.Model, addresses ...int) *lab {
	t.Helper()
	pool := simulator.Start(t, model)
	l := &lab{t: t, pool: pool}
	var urls []string
	for _, i := range addresses {
		urls = append(urls, pool.URLs()[i])
	}
	var err error
	l.client, err = xapi.New(xapi.Config{
		Addresses: urls, Username: "root", Dial: pool.Dial, OnTransition: l.note,
		Password: func(context.Context) (string, error) { return "xenroot", nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	inf := informer.New(informer.Config{Client: l.client, Store: store.New()})
	inf.AddHandler(l)
	transport := &http.Transport{DialContext: pool.Dial}
	l.admin = &http.Client{Transport: transport}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- inf.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := l.client.Close(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
		transport.CloseIdleConnections()
	})
	if err := inf.WaitForSync(ctx); err != nil {
		t.Fatal(err)
	}
	return l
}

// note keeps what the client tells of its connection.
func (l *lab) note(t xapi.Transition) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = append(l.seen, t)
}

// OnChange implements informer.Handler.
func (*lab) OnChange([]store.Change) {}

// OnSync implements informer.Handler.
func (l *lab) OnSync(synced bool, _ string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if synced {
		l.synced = append(l.synced, time.Now())
	}
}

// count counts the transitions of a kind.
func (l *lab) count(kind xapi.TransitionKind) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.seen {
		if t.Kind == kind {
			n++
		}
	}
	return n
}

// step is how exactly the instant is known at which a new master lets people in.
const step = 20 * time.Millisecond

// answers waits until a host lets people in as the master, and returns since when, by one step at most too late.
func (l *lab) answers(not string) (name string, at time.Time) {
	l.t.Helper()
	for end := time.Now().Add(10 * time.Minute); time.Now().Before(end); time.Sleep(step) {
		s := l.pool.State()
		for _, h := range s.Hosts {
			if h.Name == s.Pool.Master && h.Name != not && h.Answers == "up" {
				return h.Name, time.Now()
			}
		}
	}
	l.t.Fatal("there is no new master after ten minutes")
	return "", time.Time{}
}

// follows waits until the cache is that of the new master, and returns when its list was applied.
func (l *lab) follows(master string, since int) time.Time {
	l.t.Helper()
	for end := time.Now().Add(10 * time.Minute); time.Now().Before(end); time.Sleep(step) {
		synctest.Wait()
		l.mu.Lock()
		synced := l.synced
		l.mu.Unlock()
		if s := l.client.Current(); len(synced) > since && s != nil && s.MasterAddress() == addressOf(master) {
			return synced[len(synced)-1]
		}
	}
	l.t.Fatalf("the cache does not follow %s after ten minutes", master)
	return time.Time{}
}

func addressOf(name string) string { return "10.0.0." + name[len("xen-"):] }

// call is a call of the person who mends the pool, with a session that is good at one host only.
func (l *lab) call(host, method string, params ...any) {
	l.t.Helper()
	login := "session.slave_local_login_with_password"
	var session string
	l.post(host, &session, login, "root", "xenroot")
	l.post(host, nil, method, append([]any{session}, params...)...)
}

func (l *lab) post(host string, into any, method string, params ...any) {
	l.t.Helper()
	body, err := xmlrpc.EncodeCall(method, params...)
	if err != nil {
		l.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, "http://"+addressOf(host)+"/", bytes.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	res, err := l.admin.Do(req)
	if err != nil {
		l.t.Fatal(fmt.Errorf("%s: %w", method, err))
	}
	defer res.Body.Close()
	if err := xmlrpc.DecodeReply(res.Body, into); err != nil {
		l.t.Fatal(fmt.Errorf("%s: %w", method, err))
	}
}
