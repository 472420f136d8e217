//go:build unix

package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/xencontroller/xencontroller/internal/wire/wiretest"
	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

const (
	eventsPerSecond = 1000
	haltEvery       = 10 // one event in so many halts a VM that is to run, and so leads to a call
)

// life is what happens in a scripted pool: VMs change all the time, and some are halted until a call starts them again.
type life struct {
	server *scripted
	halted map[string]string // events by VM: its record halted, its record running
	mended map[string]string
	halts  []string // VMs to halt, in turns
	others []string // VMs to change
	random *rand.Rand
	events int

	mu     sync.Mutex
	seen   seen
	called chan struct{} // one for each call
}

// seen is what the server saw of each VM, in turn.
type seen struct {
	Halted  map[string][]spot // the end of the event that said so
	Started map[string][]spot // the end of the call
}

// toRun reports whether a VM is declared to run.
func toRun(vm *xen.VM) bool { return vm.PowerState == xen.Running && !vm.IsControlDomain }

func newLife(s *scripted, snap store.Snapshot) *life {
	l := &life{
		server: s, halted: map[string]string{}, mended: map[string]string{}, random: rand.New(rand.NewPCG(3, 4)),
		seen: seen{map[string][]spot{}, map[string][]spot{}}, called: make(chan struct{}, eventsPerSecond),
	}
	s.said, s.heard = l.said, l.heard
	var vms []string
	for ref, vm := range store.All[xen.VM](snap) {
		if !toRun(vm) {
			continue
		}
		vms = append(vms, ref)
		down := *vm
		down.PowerState, down.ResidentOn, down.Domid = xen.Halted, xen.NullRef, -1
		l.halted[ref], l.mended[ref] = event("vm", "mod", ref, wiretest.XML(&down)), event("vm", "mod", ref, wiretest.XML(vm))
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(vms), func(i, j int) { vms[i], vms[j] = vms[j], vms[i] })
	l.halts, l.others = vms[:len(vms)/2], vms[len(vms)/2:]
	return l
}

func (l *life) said(vms []string, at spot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, vm := range vms {
		l.seen.Halted[vm] = append(l.seen.Halted[vm], at)
	}
}

// heard is told of a call that starts a VM; what it asks for has happened.
func (l *life) heard(vm string, at spot) {
	l.mu.Lock()
	l.seen.Started[vm] = append(l.seen.Started[vm], at)
	l.mu.Unlock()
	l.server.tell(news{value: l.mended[vm]})
	l.called <- struct{}{}
}

// second lets a second of the pool's life pass, and returns how many VMs were halted once they have all been started again.
// Events come at random moments, as Poisson has it.
func (l *life) second() (halts int, err error) {
	next := time.Now()
	for n := range eventsPerSecond {
		next = next.Add(time.Duration(l.random.ExpFloat64() * float64(time.Second) / eventsPerSecond))
		time.Sleep(time.Until(next))
		l.events++
		if n%haltEvery == 0 {
			vm := l.halts[l.events/haltEvery%len(l.halts)]
			l.server.tell(news{value: l.halted[vm], halts: vm})
			halts++
			continue
		}
		version := "<name>user_version</name><value>" + strconv.Itoa(l.events+10) + "</value>"
		other := l.mended[l.others[l.random.IntN(len(l.others))]]
		l.server.tell(news{value: strings.Replace(other, "<name>user_version</name><value>1</value>", version, 1)})
	}
	for n := range halts {
		select {
		case <-l.called:
		case <-time.After(30 * time.Second):
			return halts, fmt.Errorf("only %d of %d VMs were started again", n, halts)
		}
	}
	return halts, nil
}

// serveScripted lets a scripted pool live for a second for each line "live" that it reads, and tells what it has seen for
// any other.
func serveScripted(s served, in io.Reader, out io.Writer) error {
	snap, err := fleetOf(s)
	if err != nil {
		return err
	}
	server, err := newScripted(snap, s.Listen)
	if err != nil {
		return err
	}
	l := newLife(server, snap)
	go server.accept()
	defer server.close()
	fmt.Fprintln(out, server.url)
	write := json.NewEncoder(out)
	for lines := bufio.NewScanner(in); lines.Scan(); {
		if lines.Text() == "live" {
			halts, err := l.second()
			if err == nil {
				err = write.Encode(halts)
			}
			if err != nil {
				return err
			}
			continue
		}
		l.mu.Lock()
		err := write.Encode(l.seen)
		l.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// fleetOf is the objects of a simulated pool.
func fleetOf(s served) (store.Snapshot, error) {
	pool, err := simulator.New(simulator.Model{Hosts: s.Hosts, VMs: s.VMs})
	if err != nil {
		return store.Snapshot{}, err
	}
	defer pool.Close()
	client, err := connected(pool.URLs()[0], pool.Dial)
	if err != nil {
		return store.Snapshot{}, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	cache := store.New()
	inf := informer.New(informer.Config{Client: client, Store: cache})
	ended := make(chan error, 1)
	go func() { ended <- inf.Run(ctx) }()
	err = inf.WaitForSync(ctx)
	snap := cache.Snapshot()
	cancel()
	return snap, errors.Join(err, <-ended, client.Close(context.WithoutCancel(ctx)))
}

func connected(url string, dial func(context.Context, string, string) (net.Conn, error)) (*xapi.Client, error) {
	return xapi.New(xapi.Config{
		Addresses: []string{url}, Username: "root", Dial: dial, Protocol: xapi.ProtocolXML, TLS: xapi.TLSConfig{Insecure: true},
		Password: func(context.Context) (string, error) { return "xenroot", nil },
	})
}
