package informer

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// While the store is out of sync a barrier waits for a list that was begun after it, whatever becomes of the session.
func TestBarrierWaitsForTheNextList(t *testing.T) {
	for _, events := range []Events{EventsRegister, EventsFrom} {
		t.Run(string(events), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newFakePool()
				p.put("a", vm(xen.Halted))
				hold := make(chan struct{})
				held := 0
				p.before = func(method string) error {
					if method == "event.register" || method == "event.from" {
						if held++; held == 1 {
							<-hold
						}
					}
					return nil
				}
				i, _ := startFakeWith(t, p, Config{Store: store.New(), Events: events})
				passed := make(chan error, 1)
				go func() { passed <- i.Barrier(t.Context()) }()
				synctest.Wait()
				select {
				case err := <-passed:
					t.Fatalf("passed before there was a list: %v", err)
				default:
				}
				close(hold)
				if err := <-passed; err != nil || !i.Synced() {
					t.Errorf("passed with %v, synced %v", err, i.Synced())
				}
			})
		})
	}
}

func TestBarrierEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		p.before = func(method string) error {
			if method == "event.inject" {
				return fault(xen.RBACPermissionDenied)
			}
			return nil
		}
		i := newInformer(Config{Store: store.New()}, p)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := i.Barrier(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without Run: %v", err)
		}
		running, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- i.Run(running) }()
		synctest.Wait()
		if err := i.Barrier(t.Context()); !errors.Is(err, xen.RBACPermissionDenied) {
			t.Errorf("without the right to it: %v", err)
		}
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if err := i.Barrier(t.Context()); !errors.Is(err, errEnded) {
			t.Errorf("after Run: %v", err)
		}
	})
}
