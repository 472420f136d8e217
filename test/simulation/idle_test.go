package simulation

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

const twoVMs = `apiVersion: xencontroller.io/v1alpha1
kind: VirtualMachine
metadata: {name: web-1}
spec: {powerState: Running}
---
apiVersion: xencontroller.io/v1alpha1
kind: VirtualMachine
metadata: {name: app-1}
spec: {powerState: Running, placement: {hosts: [xen-2]}}
`

func TestAnIdlePoolSeesNoCallButTheWaitingForEvents(t *testing.T) {
	for events, waiting := range map[informer.Events]string{informer.EventsRegister: "event.next", informer.EventsFrom: "event.from"} {
		t.Run(string(events), func(t *testing.T) { idle(t, events, waiting) })
	}
}

// idle has a pool with nothing to do see no call but those that wait for events.
func idle(t *testing.T, events informer.Events, waiting string) {
	synctest.Test(t, func(t *testing.T) {
		pool := simulator.Start(t, simulator.Model{Timing: simulator.DemoTiming()})
		l := startLab(t, pool, pool.Dial, events, twoVMs)
		time.Sleep(2 * time.Minute) // virtual
		synctest.Wait()
		if !l.settled() || pool.PowerState("app-1") != xen.Running || pool.HostOf("app-1") != "xen-2" {
			t.Fatalf("the pool is not as declared after two minutes: %+v", l.controller.Status())
		}
		before := pool.Calls()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if pool.Calls()[waiting] == before[waiting] {
			t.Errorf("%s was not called in ten minutes", waiting)
		}
		for method, n := range pool.Calls() {
			if method != waiting && n != before[method] {
				t.Errorf("%s was called %d times on an idle pool", method, n-before[method])
			}
		}
		if err := pool.HaltVM("web-1"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if pool.PowerState("web-1") != xen.Running {
			t.Error("the controller did not notice that web-1 was halted: it had stopped listening")
		}
		l.stop()
		if n := pool.SessionCount(); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
		if tasks := pool.Tasks(); len(tasks) != 0 {
			t.Errorf("tasks are left: %+v", tasks)
		}
	})
}
