package informer

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// A list of a pool in which nothing has happened gives the very same records, so that nothing is decoded, compared or told;
// one object that has changed is the only one that is new.
func TestUnchangedListIsTheSameRecords(t *testing.T) {
	for _, protocol := range []xapi.Protocol{xapi.ProtocolXML, xapi.ProtocolJSON} {
		t.Run(string(protocol), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pool := simulator.Start(t, simulator.Model{})
				client, err := xapi.New(xapi.Config{
					Addresses: pool.URLs(), Username: "root", Dial: pool.Dial, Protocol: protocol,
					Password: func(context.Context) (string, error) { return "xenroot", nil },
				})
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = client.Close(t.Context()) }()
				s, err := client.Session(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				i := New(Config{Client: client, Store: store.New()})
				list := func() map[string]xen.Record {
					lists, err := i.list(t.Context(), s, i.listed)
					if err != nil {
						t.Fatal(err)
					}
					all := map[string]xen.Record{}
					for _, l := range lists {
						for _, o := range l.Objects {
							all[o.Ref] = o.Record
						}
					}
					return all
				}
				first, again := list(), list()
				for ref, r := range first {
					if again[ref] != r {
						t.Errorf("%s %s was decoded again", r.Class(), ref)
					}
				}
				vm := pool.VMRef("db-1")
				if _, err := xapi.Call(t.Context(), s, vm.SetNameDescription("other")); err != nil {
					t.Fatal(err)
				}
				fresh := 0
				for ref, r := range list() {
					if r != first[ref] {
						fresh++
					}
				}
				if fresh != 1 || len(first) < 100 {
					t.Errorf("%d of %d records are new after one change", fresh, len(first))
				}
			})
		})
	}
}

// And so a list of a pool in which nothing happened tells nobody anything but that it was made.
func TestUnchangedListTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		p.put("a", vm(xen.Halted))
		_, j := startFake(t, p)
		synctest.Wait()
		j.take()
		p.mu.Lock()
		p.before = func(string) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.before = nil
			return fault(xen.EventsLost)
		}
		p.mu.Unlock()
		p.emit(xen.Event{Class: xen.ClassPool, Operation: xen.EventMod, Ref: "p", Snapshot: &xen.Pool{NameLabel: "rack-1"}})
		time.Sleep(time.Minute)
		want(t, j, "stale: following the pool's events: EVENTS_LOST", "synced: events_lost")
	})
}
