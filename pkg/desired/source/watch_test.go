package source

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired"
)

// On a real file system: what people and programs do to manifests is noticed.
func TestRealFileSystem(t *testing.T) {
	at := filepath.Join
	for _, c := range []struct {
		name  string
		watch string
		first string
		setup func(t *testing.T, dir string)
		steps []step
	}{
		{"write in place, add, remove", "fleet", running, plain, []step{
			{"b", func(t *testing.T, dir string) { put(t, at(dir, "fleet/a.yaml"), vm("b", "Halted")) }, "b=Halted"},
			{"add", func(t *testing.T, dir string) { put(t, at(dir, "fleet/c.yaml"), vm("c", "Running")) }, "b=Halted c=Running"},
			{"remove", func(t *testing.T, dir string) { must(t, os.Remove(at(dir, "fleet/a.yaml"))) }, "c=Running"},
		}},
		{"an editor that writes anew and renames, twice", "fleet/a.yaml", running, plain, []step{
			{"once", func(t *testing.T, dir string) { replace(t, at(dir, "fleet/a.yaml"), vm("a", "Halted")) }, "a=Halted"},
			{"twice", func(t *testing.T, dir string) { replace(t, at(dir, "fleet/a.yaml"), vm("a", "Paused")) }, "a=Paused"},
		}},
		{"a directory that goes and comes back", "fleet", running, plain, []step{
			{"goes", func(t *testing.T, dir string) { must(t, os.RemoveAll(at(dir, "fleet"))) }, absent},
			{"comes back", func(t *testing.T, dir string) { put(t, at(dir, "fleet/a.yaml"), vm("a", "Halted")) }, "a=Halted"},
			{"is watched", func(t *testing.T, dir string) { put(t, at(dir, "fleet/a.yaml"), vm("a", "Paused")) }, "a=Paused"},
		}},
		{"a directory that is replaced", "fleet", running, plain, []step{
			{"renamed", func(t *testing.T, dir string) {
				put(t, at(dir, "next/a.yaml"), vm("a", "Halted"))
				must(t, os.Rename(at(dir, "fleet"), at(dir, "old")))
				must(t, os.Rename(at(dir, "next"), at(dir, "fleet")))
			}, "a=Halted"},
			{"the new one is watched", func(t *testing.T, dir string) { put(t, at(dir, "fleet/a.yaml"), vm("a", "Paused")) }, "a=Paused"},
		}},
		{"a directory whose parent is replaced", "rack/fleet", running, func(t *testing.T, dir string) {
			put(t, at(dir, "rack/fleet/a.yaml"), vm("a", "Running"))
		}, []step{
			{"renamed", func(t *testing.T, dir string) {
				put(t, at(dir, "next/fleet/a.yaml"), vm("a", "Halted"))
				must(t, os.Rename(at(dir, "rack"), at(dir, "old")))
				must(t, os.Rename(at(dir, "next"), at(dir, "rack")))
			}, "a=Halted"},
			{"the new one is watched", func(t *testing.T, dir string) { put(t, at(dir, "rack/fleet/a.yaml"), vm("a", "Paused")) }, "a=Paused"},
		}},
		{"a path that appears later", "not/yet/there", absent, func(*testing.T, string) {}, []step{
			{"appears", func(t *testing.T, dir string) { put(t, at(dir, "not/yet/there/a.yaml"), vm("a", "Halted")) }, "a=Halted"},
		}},
		{"a ConfigMap volume", "cm", running, func(t *testing.T, dir string) {
			put(t, at(dir, "cm/..1/a.yaml"), vm("a", "Running"))
			must(t, os.Symlink("..1", at(dir, "cm/..data")))
			must(t, os.Symlink("..data/a.yaml", at(dir, "cm/a.yaml")))
		}, []step{
			{"swap", swap("..1", "..2", "Halted"), "a=Halted"},
			{"swap again", swap("..2", "..3", "Paused"), "a=Paused"},
		}},
		{"a link to a release", "current", running, func(t *testing.T, dir string) {
			put(t, at(dir, "releases/1/a.yaml"), vm("a", "Running"))
			must(t, os.Symlink("releases/1", at(dir, "current")))
		}, []step{
			{"turns", func(t *testing.T, dir string) {
				put(t, at(dir, "releases/2/a.yaml"), vm("a", "Halted"))
				must(t, os.Symlink("releases/2", at(dir, "new")))
				must(t, os.Rename(at(dir, "new"), at(dir, "current")))
			}, "a=Halted"},
			{"the new one is watched", func(t *testing.T, dir string) { put(t, at(dir, "releases/2/a.yaml"), vm("a", "Paused")) }, "a=Paused"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			c.setup(t, dir)
			said := run(t, at(dir, c.watch))
			await(t, "start", said, c.first)
			for _, s := range c.steps {
				s.do(t, dir)
				await(t, s.name, said, s.want)
			}
		})
	}
}

const (
	running = "a=Running"
	absent  = "error: no such file or directory; check the path given to -f"
)

// step is something done to the files, and what is said then (perhaps after other things).
type step struct {
	name string
	do   func(t *testing.T, dir string)
	want string
}

func plain(t *testing.T, dir string) { put(t, filepath.Join(dir, "fleet/a.yaml"), vm("a", "Running")) }

// replace writes as vim and many programs do.
func replace(t *testing.T, path, text string) {
	t.Helper()
	put(t, path+"~", text)
	must(t, os.Rename(path+"~", path))
}

// swap does what the kubelet does when a ConfigMap changes.
func swap(from, to, state string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		cm := filepath.Join(dir, "cm")
		put(t, filepath.Join(cm, to, "a.yaml"), vm("a", state))
		must(t, os.Symlink(to, filepath.Join(cm, "..data_tmp")))
		must(t, os.Rename(filepath.Join(cm, "..data_tmp"), filepath.Join(cm, "..data")))
		must(t, os.RemoveAll(filepath.Join(cm, from)))
	}
}

// run follows a path until the test ends; the channel carries what is said.
func run(t *testing.T, path string) <-chan string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	said, ended := make(chan string), make(chan error)
	d := Dir{Paths: []string{path}}
	go func() {
		ended <- d.Run(ctx, func(set *desired.Set, err error) {
			select {
			case said <- saying(set, err):
			case <-ctx.Done():
			}
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run ended with %v", err)
		}
	})
	return said
}

func await(t *testing.T, step string, said <-chan string, want string) {
	t.Helper()
	tooLate := time.After(30 * time.Second)
	last := "nothing"
	for {
		select {
		case last = <-said:
			if last == want {
				return
			}
		case <-tooLate:
			t.Fatalf("%s: the last that was said is %s, want %s", step, last, want)
		}
	}
}
