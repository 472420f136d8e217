package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wanted is what is declared of a VM.
type wanted struct {
	name, state string
	hosts       []string // empty: any
	observe     bool
}

// fleet is the folder of manifests, a file a role.
type fleet struct {
	tb     testing.TB
	dir    string
	roles  []string
	vms    map[string][]*wanted // by role
	broken string               // the file with a mistake in it; empty: none
}

// ghost is declared, and the pool has none.
const ghost = "ghost-1"

// newFleet writes the folder: of each role in the pool three of four VMs, of which cache-3 is only observed, and a VM that
// there is not.
func newFleet(tb testing.TB, dir string) *fleet {
	tb.Helper()
	f := &fleet{tb: tb, dir: dir, roles: []string{"web", "app", "db", "cache", "batch"}, vms: map[string][]*wanted{}}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		tb.Fatal(err)
	}
	for _, role := range f.roles {
		for i := 1; i <= 3; i++ {
			vm := &wanted{name: fmt.Sprintf("%s-%d", role, i), state: "Running"}
			switch {
			case role == "batch":
				vm.state = "Halted"
			case role == "db":
				vm.hosts = []string{"xen-1", "xen-2"}
			case vm.name == "cache-2":
				vm.state = "Suspended"
			case vm.name == "cache-3":
				vm.observe = true
			}
			f.vms[role] = append(f.vms[role], vm)
		}
	}
	f.vms["web"] = append(f.vms["web"], &wanted{name: ghost, state: "Running"})
	for _, role := range f.roles {
		f.write(role)
	}
	return f
}

// untouchable tells which VMs of the pool no call may change: those that nobody declares, and those that are observed.
func (f *fleet) untouchable(name string) bool {
	for _, vm := range f.all() {
		if vm.name == name {
			return vm.observe
		}
	}
	return true
}

// all are the declared VMs.
func (f *fleet) all() (list []*wanted) {
	for _, role := range f.roles {
		list = append(list, f.vms[role]...)
	}
	return list
}

func (f *fleet) path(role string) string { return filepath.Join(f.dir, role+".yaml") }

// text is the file of a role.
func (f *fleet) text(role string) string {
	var b strings.Builder
	for _, vm := range f.vms[role] {
		fmt.Fprintf(&b, "---\napiVersion: xencontroller.io/v1alpha1\nkind: VirtualMachine\nmetadata: {name: %s}\nspec:\n", vm.name)
		fmt.Fprintf(&b, "  powerState: %s\n  shutdown: {mode: CleanThenHard, gracePeriod: 6s}\n", vm.state)
		if len(vm.hosts) > 0 {
			fmt.Fprintf(&b, "  placement: {hosts: [%s]}\n", strings.Join(vm.hosts, ", "))
		}
		if vm.observe {
			b.WriteString("  mode: Observe\n")
		}
	}
	return b.String()
}

func (f *fleet) write(role string) { f.put(f.path(role), f.text(role)) }

func (f *fleet) put(path, text string) {
	f.tb.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		f.tb.Fatal(err)
	}
}

// edit declares another power state for a VM, now and then two others at once.
func (f *fleet) edit(rng *rand.Rand) {
	role := f.roles[rng.IntN(len(f.roles))]
	for range 1 + rng.IntN(2) {
		vm := f.vms[role][rng.IntN(3)]
		states := []string{"Running", "Running", "Running", "Halted", "Halted", "Suspended", "Paused"}
		vm.state = states[rng.IntN(len(states))]
	}
	f.write(role)
}

// spoil makes a mistake in a file.
func (f *fleet) spoil(rng *rand.Rand) {
	role := f.roles[rng.IntN(len(f.roles))]
	f.broken = f.path(role)
	text := f.text(role)
	switch rng.IntN(3) {
	case 0:
		text = strings.Replace(text, "powerState: ", "powerState: Not", 1)
	case 1:
		text = strings.Replace(text, "  shutdown: ", "  shutdwon: ", 1)
	case 2:
		text += "---\nkind: [Virtual"
	}
	f.put(f.broken, text)
}

// mend puts the mistake right.
func (f *fleet) mend() {
	for _, role := range f.roles {
		if f.path(role) == f.broken {
			f.write(role)
		}
	}
	f.broken = ""
}
