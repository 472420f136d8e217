package source

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/xencontroller/xencontroller/pkg/desired"
)

// fakeWatcher is a Watcher whose events the test makes up.
type fakeWatcher struct {
	changed chan string
	errors  chan error

	mu     sync.Mutex // of what follows, and of following.said
	refuse error
	added  []string
	live   map[string]bool // added and not removed
	closed bool
}

func (w *fakeWatcher) Add(dir string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.added = append(w.added, dir)
	w.live[dir] = true
	return w.refuse
}

// addedSince returns what was added since it was called last, and sets what Add answers from now on.
func (w *fakeWatcher) addedSince(refuse error) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	added := w.added
	w.added, w.refuse = nil, refuse
	return added
}

func (w *fakeWatcher) Remove(dir string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.live, dir)
	return nil
}

func (w *fakeWatcher) Changed() <-chan string { return w.changed }
func (w *fakeWatcher) Errors() <-chan error   { return w.errors }
func (w *fakeWatcher) Close() error           { w.closed = true; return nil }

// following is a running Dir in a bubble of virtual time; what it says collects in said.
type following struct {
	*fakeWatcher
	dir  string
	said []string
}

func follow(t *testing.T, d Dir, refuse error) *following {
	t.Helper()
	f := &following{
		fakeWatcher: &fakeWatcher{changed: make(chan string), errors: make(chan error), refuse: refuse, live: map[string]bool{}},
		dir:         t.TempDir(),
	}
	put(t, filepath.Join(f.dir, "a.yaml"), vm("a", "Running"))
	d.Paths = []string{f.dir}
	d.Watch = func() (Watcher, error) { return f.fakeWatcher, nil }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- d.Run(ctx, func(set *desired.Set, err error) { f.said = append(f.said, saying(set, err)) })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil || !f.closed {
			t.Errorf("Run ended with %v, watcher closed: %v", err, f.closed)
		}
	})
	synctest.Wait()
	return f
}

func (f *following) want(t *testing.T, said ...string) {
	t.Helper()
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Equal(f.said, said) {
		t.Fatalf("said %q, want %q", f.said, said)
	}
}

// saying is a set as "name=state …", or what is wrong without the directory's name.
func saying(set *desired.Set, err error) string {
	if err != nil {
		ps, _ := errors.AsType[desired.Problems](err)
		if len(ps) == 0 || set != nil {
			return "neither set nor problems"
		}
		return "error: " + ps[0].Text
	}
	var words []string
	for _, vm := range set.VMs() {
		words = append(words, vm.Metadata.Name+"="+string(*vm.Spec.PowerState))
	}
	return strings.Join(words, " ")
}

func vm(name, state string) string {
	return "apiVersion: xencontroller.io/v1alpha1\nkind: VirtualMachine\nmetadata: {name: " + name + "}\nspec: {powerState: " + state + "}\n"
}

func put(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(text), 0o600))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestBurstIsReadOnceAfterItSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, Dir{}, nil)
		f.want(t, "a=Running")
		for _, state := range []string{"Halted", "Paused", "Suspended"} {
			put(t, filepath.Join(f.dir, "a.yaml"), vm("a", state))
			f.changed <- filepath.Join(f.dir, "a.yaml")
			time.Sleep(settle - time.Millisecond)
			f.want(t, "a=Running")
		}
		time.Sleep(time.Millisecond)
		f.want(t, "a=Running", "a=Suspended")
	})
}

func TestEndlessChangesAreReadInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, Dir{}, nil)
		put(t, filepath.Join(f.dir, "a.yaml"), vm("a", "Halted"))
		for range int(settleMax / (settle / 2)) {
			f.want(t, "a=Running")
			f.changed <- filepath.Join(f.dir, "a.yaml")
			time.Sleep(settle / 2)
		}
		f.want(t, "a=Running", "a=Halted")
	})
}

func TestSameMeaningIsNotHandedOverAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, Dir{}, nil)
		put(t, filepath.Join(f.dir, "a.yaml"), "# a comment\n"+vm("a", "Running"))
		f.changed <- filepath.Join(f.dir, "a.yaml")
		time.Sleep(time.Second)
		f.want(t, "a=Running")
	})
}

func TestOthersFilesAreNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, Dir{}, nil)
		put(t, filepath.Join(f.dir, "a.yaml"), vm("a", "Halted"))
		for _, name := range []string{".a.yaml.swp", "a.yaml~", "notes.txt", "4913", "below/b.yaml", "../neighbour.yaml"} {
			f.changed <- filepath.Join(f.dir, name)
		}
		time.Sleep(time.Minute)
		f.want(t, "a=Running")
		f.changed <- filepath.Join(f.dir, "..data")
		time.Sleep(settle)
		f.want(t, "a=Running", "a=Halted")
	})
}

func TestBadSetIsAnErrorAndNeverAnEmptySet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		m := NewMetrics(reg)
		wantGauges := func(ok, mistakes float64) {
			t.Helper()
			families, err := reg.Gather()
			must(t, err)
			for _, f := range families {
				want := map[string]float64{"xencontroller_source_last_sync_successful": ok, "xencontroller_source_errors": mistakes}[f.GetName()]
				if got := f.GetMetric()[0].GetGauge().GetValue(); got != want {
					t.Errorf("%s is %v, want %v", f.GetName(), got, want)
				}
			}
			if len(families) != 2 {
				t.Errorf("%d metrics", len(families))
			}
		}
		f := follow(t, Dir{Metrics: m}, nil)
		wantGauges(1, 0)
		a := filepath.Join(f.dir, "a.yaml")
		changed := func() { f.changed <- a; time.Sleep(settle); synctest.Wait() }

		put(t, a, vm("a", "Runing")+"x: y\n")
		changed()
		wantGauges(0, 2)
		const typo = `error: "Runing" is not Running, Halted, Suspended or Paused`
		f.want(t, "a=Running", typo)
		changed()
		f.want(t, "a=Running", typo)

		put(t, a, "")
		changed()
		const blank = "error: declares nothing; a path given to -f must hold at least one manifest"
		f.want(t, "a=Running", typo, blank)
		must(t, os.Remove(a))
		changed()
		const none = "error: has no manifests (*.yaml, *.yml, *.json)"
		f.want(t, "a=Running", typo, blank, none)
		must(t, os.Remove(f.dir))
		changed()
		const gone = "error: no such file or directory; check the path given to -f"
		f.want(t, "a=Running", typo, blank, none, gone)
		wantGauges(0, 1)

		put(t, a, vm("a", "Running")) // the set that was in force all the time is said again: the errors are over
		f.changed <- f.dir
		time.Sleep(settle)
		f.want(t, "a=Running", typo, blank, none, gone, "a=Running")
		wantGauges(1, 0)
	})
}

func TestMissedEventsReadEverythingAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, Dir{}, nil)
		put(t, filepath.Join(f.dir, "a.yaml"), vm("a", "Halted"))
		f.errors <- errors.New("queue overflow")
		time.Sleep(settle)
		f.want(t, "a=Running", "a=Halted")
	})
}

func TestRefusedWatchIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, Dir{}, errors.New("too many watches"))
		f.want(t, "a=Running")
		put(t, filepath.Join(f.dir, "a.yaml"), vm("a", "Halted"))
		f.addedSince(nil)
		time.Sleep(rewatch)
		f.want(t, "a=Running", "a=Halted")
		if added := f.addedSince(nil); !slices.Contains(added, f.dir) {
			t.Errorf("watched %q", added)
		}
		time.Sleep(time.Hour) // all is well: no need to look again
		f.want(t, "a=Running", "a=Halted")
		if added := f.addedSince(nil); len(added) > 0 {
			t.Errorf("watched again without need: %q", added)
		}
	})
}

func TestWhatIsNoLongerOfInterestIsNoLongerWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, Dir{}, nil)
		must(t, os.RemoveAll(f.dir))
		f.changed <- f.dir
		time.Sleep(settle)
		f.want(t, "a=Running", "error: no such file or directory; check the path given to -f")
		f.mu.Lock()
		defer f.mu.Unlock()
		if want := filepath.Dir(f.dir); len(f.live) != 1 || !f.live[want] {
			t.Errorf("watching %v, want %s alone", f.live, want)
		}
	})
}

func TestNothingCanBeWatched(t *testing.T) {
	d := Dir{Paths: []string{"x"}, Watch: func() (Watcher, error) { return nil, errors.New("no inotify") }}
	err := d.Run(t.Context(), func(*desired.Set, error) { t.Error("called") })
	if err == nil || err.Error() != "watching manifests: no inotify" {
		t.Errorf("got %v", err)
	}
}
