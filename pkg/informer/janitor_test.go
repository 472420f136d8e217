package informer_test

import (
	"context"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// A janitor destroys what bears its owner's mark, has ended and is followed by nobody, whether it was there before or comes
// later, and whatever the first try comes to; it leaves others' tasks and those that run.
func TestJanitor(t *testing.T) {
	inBubble(t, simulator.Model{Timing: simulator.Timing{Start: simulator.Span{Min: 5 * time.Second}}}, func(t *testing.T, w *world) {
		for _, name := range []string{"idle-1", "idle-2", "idle-3", "idle-4", "idle-5"} {
			if err := w.pool.AddVM(simulator.VMSpec{Name: name, Memory: 1 << 30, VCPUs: 1, PowerState: xen.Halted}); err != nil {
				t.Fatal(err)
			}
		}
		begin := func(name, owner string) {
			s, err := w.stranger.Session(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Async(t.Context(), w.pool.VMRef(name).Start(false, false).Request, map[string]string{xapi.MarkOwner: owner, xapi.MarkID: name}); err != nil {
				t.Fatal(err)
			}
		}
		client := w.newClient("me", func(*xapi.Config) {})
		i := informer.New(informer.Config{Client: client, Store: store.New(), Classes: []xen.Class{xen.ClassTask}})
		j, err := informer.NewJanitor(informer.JanitorConfig{Client: client, Informer: i, Owner: "me"})
		if err != nil {
			t.Fatal(err)
		}
		begin("idle-1", "me")
		begin("idle-2", "somebody else")
		time.Sleep(10 * time.Second)
		w.pool.Inject(simulator.Nth(1, simulator.On("task.destroy", simulator.FailWith("INTERNAL_ERROR", "busy"))))
		defer runUntil(t, i)()
		ctx, cancel := context.WithCancel(t.Context())
		swept := make(chan error, 1)
		go func() { swept <- j.Run(ctx) }()
		defer func() { cancel(); <-swept }() //nolint:errcheck // its end is what matters
		begin("idle-3", "me")
		time.Sleep(2 * time.Second)
		wantTasks(w, map[string]string{"idle-2": "success", "idle-3": "pending"})
		time.Sleep(10 * time.Second)
		wantTasks(w, map[string]string{"idle-2": "success"})
		kept := xapi.TaskConfig{Watcher: i, Owner: "me"}
		if _, err := xapi.Run(t.Context(), client, w.pool.VMRef("idle-4").Start(false, false), kept); err != nil {
			t.Errorf("a task that is followed: %v", err)
		}
		wantTasks(w, map[string]string{"idle-2": "success"})
	})
}

func wantTasks(w *world, want map[string]string) {
	w.t.Helper()
	got := map[string]string{}
	for _, task := range w.pool.Tasks() {
		if id := task.OtherConfig["http:"+xapi.MarkID]; id != "" {
			got[id] = task.Status
		}
	}
	if len(got) != len(want) {
		w.t.Errorf("tasks %v, want %v", got, want)
	}
	for id, status := range want {
		if got[id] != status {
			w.t.Errorf("task %s is %q, want %q", id, got[id], status)
		}
	}
}

func TestJanitorNeedsAnOwner(t *testing.T) {
	i := informer.New(informer.Config{Classes: []xen.Class{xen.ClassVM}})
	for _, cfg := range []informer.JanitorConfig{{}, {Client: &xapi.Client{}, Informer: i}, {Client: &xapi.Client{}, Informer: i, Owner: "me"}} {
		if _, err := informer.NewJanitor(cfg); err == nil {
			t.Errorf("a janitor of %+v", cfg)
		}
	}
}
