package informer_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// way is one way to follow a pool. Whatever happens, each of them has to end where the others do.
type way struct {
	events informer.Events
	reach  func(*xapi.Config)
}

func ways() map[string]way {
	speak := func(p xapi.Protocol) func(*xapi.Config) { return func(cfg *xapi.Config) { cfg.Protocol = p } }
	return map[string]way{
		"register over XML":  {informer.EventsRegister, speak(xapi.ProtocolXML)},
		"register over JSON": {informer.EventsRegister, speak(xapi.ProtocolJSON)},
		"from over XML":      {informer.EventsFrom, speak(xapi.ProtocolXML)},
		"from over JSON":     {informer.EventsFrom, speak(xapi.ProtocolJSON)},
		"auto over auto":     {informer.EventsAuto, speak(xapi.ProtocolAuto)},
	}
}

// scenario is something that a pool does to whoever watches it. After it the cache has to be the pool.
type scenario struct {
	model   simulator.Model
	prepare func(*world)
	play    func(*testing.T, *world)
	// syncs is how often the store comes into sync, the first time included, by event.next and by event.from.
	next, from int
	but        []xen.Class // of these the cache cannot know everything
}

func scenarios() map[string]scenario {
	old, collects := simulator.Model{}, simulator.Model{Version: "25.6.0"}
	return map[string]scenario{
		"nothing":                       {model: old, play: func(*testing.T, *world) {}, next: 1, from: 1},
		"changes":                       {model: old, play: changes, next: 1, from: 1},
		"changes in a newer pool":       {model: collects, play: changes, next: 1, from: 1},
		"an idle hour":                  {model: old, play: func(*testing.T, *world) { time.Sleep(time.Hour / 2) }, next: 1, from: 1},
		"events lost":                   {model: old, play: eventsLost, next: 2, from: 1},
		"a zombie reader":               {model: old, play: zombieReader, next: 2, from: 1},
		"a session that is gone":        {model: old, play: sessionGone, next: 2, from: 2},
		"a dead master":                 {model: simulator.Model{Boot: 20 * time.Second}, play: deadMaster, next: 2, from: 2},
		"xapi starts again":             {model: old, play: xapiStartsAgain, next: 2, from: 2},
		"another master":                {model: old, play: otherMaster, next: 2, from: 2},
		"an ejected host":               {model: old, play: ejectedHost, next: 1, from: 1},
		"a storm of tasks":              {model: old, play: taskStorm, next: 1, from: 1},
		"a slow handler":                {model: simulator.Model{EventQueueBytes: 200_000}, prepare: slowly, play: slowHandler, next: 2, from: 2},
		"few classes":                   {model: old, prepare: fewClasses, play: changes, next: 1, from: 1},
		"few classes and others' noise": {model: old, prepare: fewClasses, play: otherClasses, next: 2, from: 1},
		"barriers":                      {model: collects, play: barriers, next: 2, from: 1},
		"barriers for few classes":      {model: collects, prepare: fewClasses, play: barriers, next: 2, from: 1},
		"a snapshot that is no record":  {model: old, prepare: spoil(noNumber()...), play: unreadable, next: 1, from: 1, but: []xen.Class{xen.ClassVM}},
		"an unknown class":              {model: old, prepare: spoil(newerClass()...), play: unknownClass, next: 1, from: 1, but: []xen.Class{xen.ClassVMSS}},
	}
}

// noNumber turns a number into text that is none.
func noNumber() []string {
	return []string{"<value>7318529461357<", "<value>731852946135x<", `:7318529461357,`, `:"1852946135x",`}
}

// newerClass turns a class into one that no datamodel has, as events and the numbers of objects spell it.
func newerClass() []string {
	return []string{"<value>vmss<", "<value>vmsx<", "<name>vmss<", "<name>vmsx<", `"class":"vmss"`, `"class":"vmsx"`, `"vmss":`, `"vmsx":`}
}

// TestConformance holds every way of following to the same: the cache is the pool, whatever it went through, and it comes
// in and out of sync exactly as often as something may have been missed.
func TestConformance(t *testing.T) {
	for name, s := range scenarios() {
		for how, way := range ways() {
			t.Run(name+"/"+how, func(t *testing.T) {
				prepare := func(w *world) {
					w.events, w.reach = way.events, way.reach
					if s.prepare != nil {
						s.prepare(w)
					}
				}
				inBubbleWith(t, s.model, prepare, func(t *testing.T, w *world) {
					s.play(t, w)
					w.waitForSync(5 * time.Minute)
					w.compare(s.but...)
					want := s.from
					if way.events == informer.EventsRegister {
						want = s.next
					}
					if syncs := w.told.allSyncs(); len(syncs) != 2*want-1 {
						t.Errorf("in and out of sync: %q", syncs)
					}
				})
			})
		}
	}
}

func changes(t *testing.T, w *world) {
	ref, _ := w.vm("db-1")
	do(w, ref.SetNameDescription("moved to rack 2"))
	kept := do(w, xen.NetworkCreate(&xen.Network{NameLabel: "storage", MTU: 9000}))
	dropped := do(w, xen.NetworkCreate(&xen.Network{NameLabel: "mistake", MTU: 1500}))
	time.Sleep(time.Second)
	do(w, dropped.Destroy())
	if err := w.pool.HaltVM("db-1"); err != nil {
		t.Error(err)
	}
	time.Sleep(time.Second)
	if _, vm := w.vm("db-1"); vm.NameDescription != "moved to rack 2" || vm.PowerState != xen.Halted {
		t.Errorf("db-1 is %s, %q", vm.PowerState, vm.NameDescription)
	}
	snap := w.store.Snapshot()
	if n, ok := store.Get[xen.Network](snap, string(kept)); w.classes == nil && (!ok || n.MTU != 9000) {
		t.Errorf("network %+v", n)
	}
	if _, ok := store.Get[xen.Network](snap, string(dropped)); ok {
		t.Error("a destroyed network is in the cache")
	}
}

func eventsLost(_ *testing.T, w *world) {
	ref, _ := w.vm("db-1")
	do(w, ref.SetNameDescription("nobody may hear of this"))
	w.pool.LoseEvents()
}

// zombieReader breaks the connections while a call waits for events: the call lives on in the server.
func zombieReader(_ *testing.T, w *world) {
	ref, _ := w.vm("db-1")
	synctest.Wait()
	w.pool.DropConnections()
	do(w, ref.SetNameDescription("eaten by event.next"))
}

func sessionGone(_ *testing.T, w *world) {
	ref, _ := w.vm("db-1")
	gone := simulator.FailWith("SESSION_INVALID", "OpaqueRef:gone")
	w.pool.Inject(simulator.Nth(1, simulator.AnyOf(simulator.On("event.next", gone), simulator.On("event.from", gone))))
	do(w, ref.SetNameDescription("while the session goes"))
	time.Sleep(time.Minute)
}

func deadMaster(t *testing.T, w *world) {
	ref, _ := w.vm("db-1")
	if err := w.pool.KillMaster("xen-2"); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	if snap := w.store.Snapshot(); snap.Synced() || store.Len(snap, xen.ClassVM) == 0 {
		t.Errorf("without a master: synced %v, %d VMs", snap.Synced(), store.Len(snap, xen.ClassVM))
	}
	do(w, ref.SetNameDescription("the new master heard of this")) // waits for it
}

// xapiStartsAgain ends a life of the server: tasks are gone without a word, and tokens of before mean nothing.
func xapiStartsAgain(t *testing.T, w *world) {
	if err := w.pool.CrashXapi("xen-1"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute)
	ref, _ := w.vm("db-1")
	do(w, ref.SetNameDescription("in the next life"))
}

func otherMaster(t *testing.T, w *world) {
	if err := w.pool.DesignateMaster("xen-3"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Minute)
	ref, _ := w.vm("db-1")
	do(w, ref.SetNameDescription("under another master"))
}

// ejectedHost lets a host leave the pool: what was on it goes with it.
func ejectedHost(t *testing.T, w *world) {
	refs := w.store.Snapshot().ByNameLabel(xen.ClassHost, "xen-3")
	if len(refs) != 1 {
		t.Fatalf("hosts named xen-3: %v", refs)
	}
	host := xen.HostRef(refs[0])
	do(w, host.Disable())
	do(w, host.Evacuate())
	do(w, xen.PoolEject(host))
	time.Sleep(time.Minute)
	if n := store.Len(w.store.Snapshot(), xen.ClassHost); n != 2 {
		t.Errorf("%d hosts after one was ejected", n)
	}
}

// taskStorm makes more tasks than event.from remembers deletions of.
func taskStorm(t *testing.T, w *world) {
	w.told.takeChanges()
	for range 40 {
		var refs []xen.TaskRef
		for n := range 20 {
			refs = append(refs, do(w, xen.TaskCreate(fmt.Sprint("task ", n), "")))
		}
		time.Sleep(100 * time.Millisecond) // event.from does not tell of what is gone at once
		for _, ref := range refs {
			do(w, ref.SetStatus(xen.TaskSuccess))
			do(w, ref.Destroy())
		}
	}
	time.Sleep(time.Minute)
	tasks := 0
	for _, ch := range w.told.takeChanges() {
		if ch.Class == xen.ClassTask {
			tasks++
		}
	}
	if tasks == 0 {
		t.Error("no task was seen in a storm of them")
	}
}

// sloth is a handler that takes its time over a network.
type sloth struct{}

func (sloth) OnSync(bool, string) {}

func (sloth) OnChange(changes []store.Change) {
	for _, ch := range changes {
		if n, ok := ch.New.(*xen.Network); ok && n.NameLabel == "heavy" {
			time.Sleep(time.Minute)
		}
	}
}

func slowly(w *world) { w.handlers = append(w.handlers, sloth{}) }

// slowHandler keeps the informer from reading until event.next and event.from have both forgotten something.
func slowHandler(_ *testing.T, w *world) {
	var refs []xen.NetworkRef
	for n := range 600 {
		refs = append(refs, do(w, xen.NetworkCreate(&xen.Network{NameLabel: fmt.Sprint("net-", n), MTU: 1500})))
		if n%20 == 0 {
			time.Sleep(time.Second)
		}
	}
	time.Sleep(10 * time.Second)
	do(w, xen.NetworkCreate(&xen.Network{NameLabel: "heavy", MTU: 1500}))
	time.Sleep(time.Second)
	for _, ref := range refs {
		do(w, ref.Destroy())
	}
	time.Sleep(5 * time.Minute)
}

func fewClasses(w *world) { w.classes = []xen.Class{xen.ClassVM, xen.ClassTask, xen.ClassRole} }

// otherClasses has events of other classes, for somebody else who listens, while the pool is listed.
func otherClasses(t *testing.T, w *world) {
	all := w.newClient("listener", func(*xapi.Config) {})
	if _, err := xapi.Call(t.Context(), all, xen.EventRegister([]string{"*"})); err != nil {
		t.Fatal(err)
	}
	network := anyRef(w, xen.ClassNetwork)
	w.pool.Inject(simulator.Nth(1, simulator.On("VM.get_all_records", simulator.Do(func(p *simulator.Pool) {
		_ = p.SetField(xen.ClassNetwork, network, "name_description", "noise")
	}))))
	ref, _ := w.vm("db-1")
	do(w, ref.SetNameDescription("in between"))
	w.pool.LoseEvents()
	w.waitForSync(5 * time.Second) // long before the next heartbeat
}

// anyRef is an object that the informer need not keep.
func anyRef(w *world, class xen.Class) string {
	list, err := xapi.Call(w.t.Context(), w.stranger, xen.GetAllRecords(class))
	if err != nil || len(list.Objects) == 0 {
		w.t.Fatal(err)
	}
	return list.Objects[0].Ref
}

// unreadable has a VM with a number that is none, as far as the informer can see.
func unreadable(t *testing.T, w *world) {
	ref, _ := w.vm("db-1")
	if err := w.pool.SetField(xen.ClassVM, string(ref), "memory_target", 7318529461357); err != nil {
		t.Fatal(err)
	}
	web, _ := w.vm("web-1")
	do(w, web.SetNameDescription("readable"))
	time.Sleep(2 * time.Minute)
	do(w, web.SetNameDescription("readable still"))
	time.Sleep(2 * time.Minute)
	if _, vm := w.vm("web-1"); vm.NameDescription != "readable still" {
		t.Errorf("a VM beside the unreadable one is described as %q", vm.NameDescription)
	}
	if _, ok := store.Get[xen.VM](w.store.Snapshot(), string(ref)); ok {
		t.Error("what cannot be read is in the cache")
	}
	if err := w.pool.SetField(xen.ClassVM, string(ref), "memory_target", 1<<30); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute)
	if _, vm := w.vm("db-1"); vm.MemoryTarget != 1<<30 {
		t.Errorf("readable again, and not in the cache: %+v", vm)
	}
}

func unknownClass(t *testing.T, w *world) {
	do(w, xen.VMSSCreate(&xen.VMSS{
		NameLabel: "nightly", Enabled: true, Type: xen.VmssTypeSnapshot, RetainedSnapshots: 3, Frequency: xen.VmssFrequencyDaily,
		Schedule: xen.StringMap("hour", "0", "min", "0"),
	}))
	ref, _ := w.vm("db-1")
	do(w, ref.SetNameDescription("beside something new"))
	time.Sleep(time.Minute)
	if _, vm := w.vm("db-1"); vm.NameDescription != "beside something new" {
		t.Errorf("description %q", vm.NameDescription)
	}
}

// barriers are passed with everything that was done before, whether the stream goes well or not.
func barriers(t *testing.T, w *world) {
	ref, _ := w.vm("db-1")
	for n := range 20 {
		text := fmt.Sprint("change ", n)
		do(w, ref.SetNameDescription(text))
		if n == 10 {
			w.pool.LoseEvents()
		}
		if err := w.informer.Barrier(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, vm := w.vm("db-1"); vm.NameDescription != text {
			t.Errorf("behind a barrier after %q: %q", text, vm.NameDescription)
		}
		time.Sleep(time.Duration(n) * 37 * time.Millisecond)
	}
}
