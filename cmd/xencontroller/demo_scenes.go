package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// scene is something that goes wrong, and how to tell that it was mended.
type scene struct {
	name, title string
	play        func(ctx context.Context, s *stage) error
}

// allScenes in the order in which they are played.
func allScenes() []scene {
	return []scene{
		{"killed", "somebody halts web-2 behind our back", killed},
		{"moved", "somebody moves db-1 to xen-3, where it must not run", moved},
		{"master", "the master dies, and web-1 is halted while nobody is watching", masterDies},
		{"events", "the pool drops events, and cache-1 is halted among them", eventsLost},
		{"typo", "a manifest gets a typo, and web-3 is halted meanwhile", typo},
	}
}

func sceneNames() []string {
	var names []string
	for _, s := range allScenes() {
		names = append(names, s.name)
	}
	return names
}

// chooseScenes reads --scenes.
func chooseScenes(text string) ([]scene, error) {
	switch text {
	case "all":
		return allScenes(), nil
	case "none", "":
		return nil, nil
	}
	var chosen []scene
	for name := range strings.SplitSeq(text, ",") {
		i := slices.IndexFunc(allScenes(), func(s scene) bool { return s.name == strings.TrimSpace(name) })
		if i < 0 {
			return nil, usageError("there is no scene %q: choose among %s, all and none", name, strings.Join(sceneNames(), ", "))
		}
		chosen = append(chosen, allScenes()[i])
	}
	return chosen, nil
}

// errNotMended is a scene that was not mended in time.
var errNotMended = errors.New("not mended")

// sceneTime is how long mending may take.
const sceneTime = 2 * time.Minute

// play brings the fleet up and plays scenes. It goes on after one that is not mended.
func (s *stage) play(ctx context.Context, scenes []scene) error {
	start := time.Now()
	s.show.line("Bringing the fleet up:")
	if err := s.until(ctx, s.allSettled); err != nil {
		return fmt.Errorf("bringing the fleet up: %w", err)
	}
	s.show.line("✔ %s as declared after %s", s.counted(), seconds(time.Since(start)))
	var failed []error
	for i, sc := range scenes {
		s.show.line("")
		s.show.line("Scene %d: %s", i+1, sc.title)
		start := time.Now()
		err := sc.play(ctx, s)
		if err == nil {
			err = s.until(ctx, s.allSettled)
		}
		switch {
		case ctx.Err() != nil:
			return errors.Join(failed...)
		case err != nil:
			s.show.line("✘ not mended after %s: %v", seconds(time.Since(start)), err)
			failed = append(failed, fmt.Errorf("scene %s: %w", sc.name, err))
		default:
			s.show.line("✔ mended after %s", seconds(time.Since(start)))
		}
	}
	return errors.Join(failed...)
}

// until waits for something to become true.
func (s *stage) until(ctx context.Context, done func() bool) error {
	deadline, cancel := context.WithTimeout(ctx, sceneTime)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline.Done():
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return errNotMended
		case <-tick.C:
		}
	}
	return nil
}

// allSettled reports whether the controller sees every declared VM as declared, or only watches it, and has nothing in flight.
func (s *stage) allSettled() bool {
	if !s.daemon.cache.Snapshot().Synced() {
		return false
	}
	status := s.daemon.controller.Status()
	for _, vm := range status {
		if vm.Phase != plan.InSync && vm.Phase != plan.Observed || vm.Action != nil {
			return false
		}
	}
	return len(status) > 0 && len(status) == s.news.count()
}

// counted says how many VMs are declared and watched.
func (s *stage) counted() string {
	watched := 0
	for _, vm := range s.daemon.controller.Status() {
		if vm.Phase == plan.Observed {
			watched++
		}
	}
	n := s.news.count()
	if watched == 0 {
		return fmt.Sprintf("%d VMs", n)
	}
	return fmt.Sprintf("%d VMs (%d only observed)", n, watched)
}

// running reports whether a VM runs, as the pool itself knows.
func (s *stage) running(name string) func() bool {
	return func() bool { return s.pool.PowerState(name) == xen.Running }
}

func killed(ctx context.Context, s *stage) error {
	if err := s.pool.HaltVM("web-2"); err != nil {
		return err
	}
	return s.until(ctx, s.running("web-2"))
}

func moved(ctx context.Context, s *stage) error {
	if err := s.pool.MigrateVM("db-1", "xen-3"); err != nil {
		return err
	}
	return s.until(ctx, func() bool { return s.pool.HostOf("db-1") != "xen-3" })
}

func masterDies(ctx context.Context, s *stage) error {
	if err := s.pool.KillMaster("xen-2"); err != nil {
		return err
	}
	if err := s.pool.HaltVM("web-1"); err != nil {
		return err
	}
	if err := s.until(ctx, s.running("web-1")); err != nil {
		return err
	}
	s.show.line("  xen-2 is the master now, web-1 runs again, and xen-1 comes back as a member")
	return s.pool.StartMember("xen-1")
}

func eventsLost(ctx context.Context, s *stage) error {
	if err := s.pool.HaltVM("cache-1"); err != nil {
		return err
	}
	s.pool.LoseEvents()
	return s.until(ctx, s.running("cache-1"))
}

func typo(ctx context.Context, s *stage) error {
	if err := s.editManifest("web.yaml", "powerState: Running", "powerState: Runing"); err != nil {
		return err
	}
	if err := s.until(ctx, func() bool { return s.news.refused() != nil }); err != nil {
		return fmt.Errorf("the mistake was not seen: %w", err)
	}
	for line := range strings.SplitSeq(strings.TrimRight(s.news.refused().Error(), "\n"), "\n") {
		s.show.line("  %s", strings.ReplaceAll(line, s.folder+"/", ""))
	}
	if err := s.pool.HaltVM("web-3"); err != nil {
		return err
	}
	if err := s.until(ctx, s.running("web-3")); err != nil {
		return err
	}
	s.show.line("  the last good set stayed in force: web-3 runs again")
	if err := s.editManifest("web.yaml", "powerState: Runing", "powerState: Running"); err != nil {
		return err
	}
	return s.until(ctx, func() bool { return s.news.refused() == nil })
}

// declaredNews is what was last heard of the manifests.
type declaredNews struct {
	mu  sync.Mutex
	set *desired.Set
	err error
}

func newDeclaredNews() *declaredNews { return &declaredNews{} }

// tell takes news in.
func (n *declaredNews) tell(set *desired.Set, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err = err; err == nil {
		n.set = set
	}
}

// refused is why the newest set was refused; nil: it was not.
func (n *declaredNews) refused() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.err
}

// count is how many VMs are declared.
func (n *declaredNews) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.set.VMs())
}
