package simulation

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/xencontroller/xencontroller/internal/overview"
	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/web"
	"github.com/xencontroller/xencontroller/pkg/xapi"
)

// page is what a process shows of itself, wired as cmd/xencontroller does it, but for the sockets.
type page struct {
	overview  *overview.Maker
	handler   http.Handler
	client    *xapi.Metrics
	informer  *informer.Metrics
	reconcile *reconcile.Metrics
}

func newPage(p *process, dryRun bool) *page {
	reg := prometheus.NewRegistry()
	pg := &page{client: xapi.NewMetrics(reg), informer: informer.NewMetrics(reg), reconcile: reconcile.NewMetrics(reg)}
	pg.overview = overview.New(overview.Config{
		Pool: poolName, DryRun: dryRun, Snapshot: p.cache.Snapshot, Session: func() *xapi.Session { return p.client.Current() },
		Status: func() []reconcile.VMStatus { return p.controller.Status() },
	})
	pg.handler = web.New(web.Config{View: pg.overview.View, Gatherer: reg}).Handler()
	return pg
}

// poolName is what our process calls the pool.
const poolName = "simulated"

// sight is what a process said of itself and of the pool at one instant, as people and programs read it. The pool and its VMs
// are always looked at, the rest now and then.
type sight struct {
	pools   []web.Pool
	vms     []web.VirtualMachine
	hosts   []web.Host
	actions []web.Action
	metrics map[string]float64 // nil: not looked at
	ready   int                // status of /readyz; 0: not looked at
	text    string             // of the page; "": not looked at
	broken  string             // why something cannot be read
}

func (s *sight) pool() web.Pool {
	if len(s.pools) != 1 {
		return web.Pool{}
	}
	return s.pools[0]
}

// look looks at a page; which decides what beside the pool and its VMs.
func (pg *page) look(which int) (s *sight, bodies []string) {
	s = &sight{}
	get := func(path string) (*httptest.ResponseRecorder, string) {
		r := httptest.NewRecorder()
		pg.handler.ServeHTTP(r, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		bodies = append(bodies, r.Body.String())
		return r, r.Body.String()
	}
	read := func(path string, into any) {
		r, body := get(path)
		list := struct{ Items any }{into}
		if err := json.Unmarshal([]byte(body), &list); err != nil || r.Code != http.StatusOK {
			s.broken = fmt.Sprintf("%s: %d, %v", path, r.Code, err)
		}
	}
	read("/api/v1/pools", &s.pools)
	read("/api/v1/virtualmachines", &s.vms)
	switch which {
	case 0:
		read("/api/v1/hosts", &s.hosts)
		_, s.text = get("/")
	case 1:
		read("/api/v1/actions", &s.actions)
		_, metrics := get("/metrics")
		s.metrics = samples(metrics)
	case 2:
		r, _ := get("/readyz")
		s.ready = r.Code
		read("/api/v1/actions", &s.actions)
	}
	return s, bodies
}

// samples reads the text of /metrics: values by name and labels, as they stand there.
func samples(text string) map[string]float64 {
	m := map[string]float64{}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		series, value, ok := strings.Cut(lines.Text(), "} ")
		if n, err := strconv.ParseFloat(value, 64); ok && err == nil {
			m[series] = n
		}
	}
	return m
}

// sum adds up the samples of a metric whose labels hold all words.
func (s *sight) sum(name string, words ...string) (total float64) {
next:
	for series, value := range s.metrics {
		if !strings.HasPrefix(series, name+"{") {
			continue
		}
		for _, word := range words {
			if !strings.Contains(series, word) {
				continue next
			}
		}
		total += value
	}
	return total
}

// looks are the instants at which a process is looked at.
type looks struct {
	rng  *rand.Rand
	next time.Time
}

func newLooks(seed uint64) *looks {
	l := &looks{rng: rand.New(rand.NewPCG(seed, 0x6c6f6f6b))}
	l.next = time.Now().Add(l.pause() / 20) // one look before the first list
	return l
}

// pause is until the next look; hardly anything else happens at that nanosecond.
func (l *looks) pause() time.Duration {
	return time.Second + time.Duration(l.rng.Int64N(int64(4*time.Minute)))
}

// until waits, and looks at what the process says on the way.
func (st *story) until(at time.Time) {
	for st.looks.next.Before(at) {
		time.Sleep(time.Until(st.looks.next))
		synctest.Wait()
		st.look(st.looks.rng.IntN(3))
		st.looks.next = st.looks.next.Add(st.looks.pause())
	}
	time.Sleep(time.Until(at))
}

// look notes what the process says of itself.
func (st *story) look(which int) {
	st.mu.Lock()
	p := st.process
	st.mu.Unlock()
	if p.isDead() {
		return
	}
	s, bodies := p.page.look(which)
	for _, body := range bodies {
		st.read(body)
	}
	st.history.add(entry{note: "somebody looks at the page", sight: s})
}
