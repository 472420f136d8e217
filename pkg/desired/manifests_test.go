package desired

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
)

const manifests = "../../manifests"

func TestEveryExampleLoads(t *testing.T) {
	dirs := 0
	err := filepath.WalkDir(manifests, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() || !holdsManifests(path) {
			return err
		}
		dirs++
		_, err = Load([]string{path}, nil)
		return err
	})
	if err != nil || dirs < 2 {
		t.Errorf("%d directories: %v", dirs, err)
	}
}

func TestDemoFleetIsTheSimulatedPool(t *testing.T) {
	set, err := Load([]string{filepath.Join(manifests, "demo")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, role := range []string{"web", "app", "db", "cache", "batch"} {
		for i := range 4 {
			want = append(want, fmt.Sprintf("%s-%d", role, i+1))
		}
	}
	slices.Sort(want)
	if got := names(set); got != strings.Join(want, " ") {
		t.Errorf("got %s, want %s", got, want)
	}
	differs := map[string]string{}
	for _, vm := range set.VMs() {
		words := []string{string(*vm.Spec.PowerState), string(vm.Spec.Mode), strings.Join(vm.Spec.Placement.Hosts, ",")}
		differs[strings.TrimRight(vm.Metadata.Name, "-1234")] += strings.Join(words, " ") + "; "
		if vm.Spec.NameLabel != vm.Metadata.Name || vm.Spec.PowerState == nil {
			t.Errorf("%s: %+v", vm.Metadata.Name, vm.Spec)
		}
	}
	for role, want := range map[string]string{
		"web":   "Running Enforce xen-3; Running Enforce ; Running Enforce ; Running Enforce ; ",
		"app":   "Running Enforce ; Running Enforce ; Running Enforce ; Paused Enforce ; ",
		"db":    strings.Repeat("Running Enforce xen-1,xen-2; ", 4),
		"cache": "Running Enforce ; Running Enforce ; Running Observe ; Suspended Enforce ; ",
		"batch": strings.Repeat("Halted Enforce ; ", 4),
	} {
		if differs[role] != want {
			t.Errorf("%s: got %q, want %q", role, differs[role], want)
		}
	}
}

// The annotated example says everything that there is to say, so that it can serve as the reference.
func TestFullExampleHasEveryField(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(manifests, "examples/full.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range fieldPaths() {
		if name := path[strings.LastIndexByte(path, '.')+1:] + ":"; !strings.Contains(string(text), name) {
			t.Errorf("full.yaml does not show %s", path)
		}
	}
	for _, word := range []string{string(v1alpha1.Hard), string(v1alpha1.Paused), string(v1alpha1.Observe), v1alpha1.DefaultGracePeriod.String()[:2]} {
		if !strings.Contains(string(text), word) {
			t.Errorf("full.yaml does not mention %s", word)
		}
	}
}
