package xencontroller_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/xencontroller/xencontroller/"

// room is one line of the map in docs/design.md. A pattern is a package of this module or of the standard library, or
// of another module by its full path; "x/*" stands for everything below x.
type room struct {
	packages []string // which packages the rule is about
	never    []string // what none of them may depend on, directly or through others
	direct   []string // what none of them may import itself (what it depends on may)
	why      string
}

// rooms holds the arrows of docs/design.md: cmd → {web, reconcile} → {placement, informer, desired, store} → xapi →
// xapi/xen.
var rooms = []room{
	{
		packages: []string{"pkg/reconcile/plan", "pkg/placement"},
		never:    []string{"pkg/xapi", "pkg/informer", "pkg/reconcile", "pkg/web", "pkg/simulator", "internal/wire/*"},
		direct: []string{
			"os", "os/*", "net", "net/*", "log", "log/*", "math/rand", "math/rand/v2", "sync", "sync/*", "context",
			"github.com/go-logr/logr", "github.com/prometheus/client_golang/*",
		},
		why: "deciding is pure: the same input gives the same plan",
	},
	{
		packages: []string{"internal/failover"},
		never:    []string{"net", "net/*", "log", "log/*", "math/rand", "math/rand/v2", "pkg/xapi", "pkg/store", "pkg/informer", "pkg/simulator"},
		direct:   []string{"os", "sync", "context"},
		why:      "the thinking of a failover is pure",
	},
	{
		packages: []string{"pkg/xapi/xen"},
		never:    []string{"net", "net/*", "log", "log/*", "pkg/*", "internal/*"},
		direct:   []string{"os", "sync", "context"},
		why:      "the datamodel is data",
	},
	{
		packages: []string{"internal/datamodel"},
		never:    []string{"pkg/*", "net", "net/*"},
		why:      "the datamodel's source is below everything",
	},
	{
		packages: []string{"internal/wire/*"},
		never:    []string{"pkg/xapi", "pkg/store", "pkg/informer", "pkg/desired", "pkg/reconcile", "pkg/simulator", "pkg/web"},
		why:      "the codec knows bytes and records only",
	},
	{
		packages: []string{"internal/wire/xmlrpc"},
		never:    []string{"internal/wire/jsonrpc", "internal/wire/xapid"},
		why:      "the protocols do not know each other, nor the simulator's half",
	},
	{
		packages: []string{"internal/wire/jsonrpc"},
		never:    []string{"internal/wire/xmlrpc", "internal/wire/xapid"},
		why:      "the protocols do not know each other, nor the simulator's half",
	},
	{
		packages: []string{"internal/wire/record"},
		never:    []string{"internal/wire/xmlrpc", "internal/wire/jsonrpc", "internal/wire/xapid"},
		why:      "what the protocols share knows none of them",
	},
	{
		packages: []string{"internal/wire/wiretest"},
		never:    []string{"internal/wire/xmlrpc", "internal/wire/jsonrpc", "internal/wire/record", "internal/wire/xapid"},
		why:      "what codecs are tested with must not share their mistakes",
	},
	{
		packages: []string{"internal/wire/xapid"},
		never:    []string{"internal/wire/xmlrpc", "internal/wire/jsonrpc", "internal/wire/record"},
		why:      "a mistake of one half must show in the other",
	},
	{
		packages: []string{"pkg/store"},
		never:    []string{"net", "net/*", "log", "log/*", "pkg/xapi", "pkg/informer", "pkg/desired", "pkg/reconcile", "pkg/simulator", "pkg/web"},
		direct:   []string{"os"},
		why:      "the store does not know where objects come from",
	},
	{
		packages: []string{"pkg/xapi"},
		never:    []string{"pkg/store", "pkg/informer", "pkg/desired", "pkg/desired/*", "pkg/reconcile", "pkg/reconcile/*", "pkg/simulator", "pkg/web"},
		why:      "the client does not know what a VM should be",
	},
	{
		packages: []string{"pkg/informer"},
		never:    []string{"pkg/desired", "pkg/desired/*", "pkg/reconcile", "pkg/reconcile/*", "pkg/placement", "pkg/simulator", "pkg/web"},
		why:      "the informer observes and does not judge",
	},
	{
		packages: []string{"pkg/desired", "pkg/desired/*"},
		never:    []string{"pkg/xapi", "pkg/store", "pkg/informer", "pkg/reconcile", "pkg/reconcile/*", "pkg/simulator", "pkg/web", "internal/wire/*"},
		why:      "what is declared does not depend on any pool",
	},
	{
		packages: []string{"pkg/reconcile"},
		never:    []string{"pkg/web", "pkg/simulator"},
		direct:   []string{"net", "net/*"},
		why:      "the executor calls messages, not sockets",
	},
	{
		packages: []string{"pkg/web"},
		never: []string{
			"pkg/xapi", "pkg/xapi/*", "pkg/store", "pkg/informer", "pkg/desired", "pkg/desired/*", "pkg/placement",
			"pkg/reconcile", "pkg/reconcile/*", "pkg/simulator",
		},
		why: "the page shows what it is handed, and decides nothing",
	},
	{
		packages: []string{"pkg/simulator", "pkg/simulator/*"},
		never: []string{
			"pkg/xapi", "pkg/store", "pkg/informer", "pkg/desired", "pkg/desired/*", "pkg/placement", "pkg/reconcile",
			"pkg/reconcile/*", "pkg/web", "internal/failover", "internal/wire/xmlrpc", "internal/wire/jsonrpc", "internal/wire/record",
		},
		why: "the simulator shares nothing with the client but the datamodel, or one mistake would hide in the other",
	},
}

func TestArrows(t *testing.T) {
	packages := listPackages(t)
	for _, r := range rooms {
		for _, p := range packages {
			if !matchesAny(r.packages, p.local()) {
				continue
			}
			for _, dep := range p.Deps {
				if matchesAny(r.never, local(dep)) && !matchesAny(r.packages, local(dep)) {
					t.Errorf("%s depends on %s: %s", p.local(), local(dep), r.why)
				}
			}
			for _, dep := range p.Imports {
				if matchesAny(r.direct, local(dep)) {
					t.Errorf("%s imports %s: %s", p.local(), local(dep), r.why)
				}
			}
		}
	}
}

func TestOnlyCommandsAndTestsImportTheSimulator(t *testing.T) {
	for _, p := range listPackages(t) {
		if matchesAny([]string{"cmd/*", "test/*", "pkg/simulator", "pkg/simulator/*", "internal/gen/docs"}, p.local()) {
			continue
		}
		if slices.Contains(p.Deps, module+"pkg/simulator") {
			t.Errorf("%s depends on pkg/simulator outside its tests", p.local())
		}
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"net", "net", true},
		{"net", "net/http", false},
		{"net/*", "net/http", true},
		{"net/*", "net", false},
		{"pkg/xapi", "pkg/xapi/xen", false},
	} {
		if got := matchesAny([]string{c.pattern}, c.path); got != c.want {
			t.Errorf("pattern %q, path %q: matches %v, want %v", c.pattern, c.path, got, c.want)
		}
	}
}

// goPackage is what `go list` says of a package of this module.
type goPackage struct {
	ImportPath string
	Name       string
	Doc        string
	Dir        string
	GoFiles    []string
	Imports    []string
	Deps       []string
}

func (p goPackage) local() string { return local(p.ImportPath) }

// local shortens the path of a package of this module; the standard library has an internal/ of its own.
func local(importPath string) string {
	if strings.HasPrefix(importPath, "internal/") {
		return "std/" + importPath
	}
	return strings.TrimPrefix(importPath, module)
}

var goList = sync.OnceValues(func() ([]goPackage, error) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Name,Doc,Dir,GoFiles,Imports,Deps", "./...").Output()
	if err != nil {
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			return nil, errors.New(string(failed.Stderr))
		}
		return nil, err
	}
	var packages []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
})

// listPackages returns every package of the module; `go list` runs once.
func listPackages(t *testing.T) []goPackage {
	t.Helper()
	packages, err := goList()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	if len(packages) < 5 {
		t.Fatalf("go list found %d packages: it did not see the module", len(packages))
	}
	return packages
}

func matchesAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if below, ok := strings.CutSuffix(pattern, "*"); ok {
			return strings.HasPrefix(path, below)
		}
		return path == pattern
	})
}
