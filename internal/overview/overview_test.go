package overview

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
)

func TestNamesAreOrderedAsPeopleCount(t *testing.T) {
	names := []string{"web-10", "web-2", "app", "web-02x", "web", "app-1"}
	slices.SortFunc(names, natural)
	if got := strings.Join(names, " "); got != "app app-1 web web-2 web-02x web-10" {
		t.Error(got)
	}
}

const twoVMs = `apiVersion: xencontroller.io/v1alpha1
kind: VirtualMachine
metadata: {name: web-2}
spec: {powerState: Running}
---
apiVersion: xencontroller.io/v1alpha1
kind: VirtualMachine
metadata: {name: web-10}
spec: {powerState: Halted, mode: Observe}
`

func TestBeforeThePoolIsListedNothingIsMissing(t *testing.T) {
	set, err := desired.Parse(desired.File{Name: "two.yaml", Data: []byte(twoVMs)})
	if err != nil {
		t.Fatal(err)
	}
	cache := store.New()
	c, err := reconcile.New(reconcile.Config{Snapshot: cache.Snapshot, DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	m := New(Config{Pool: "p", Snapshot: cache.Snapshot, Session: func() *xapi.Session { return nil }, Status: c.Status})
	m.Declare(set, nil)
	c.SetDeclared(set)
	m.Declare(nil, errors.New("a mistake"))
	v := m.View()
	if p := v.Pools[0]; p.Synced || p.StaleSince != nil || p.Declared.Objects != 2 || p.Declared.Error != "a mistake" {
		t.Errorf("the pool is %+v", p)
	}
	for i, name := range []string{"web-2", "web-10"} {
		vm := v.VirtualMachines[i]
		if vm.Name != name || vm.Observed() != "unknown" || vm.Ready().Status != "Unknown" || vm.Ready().Reason != string(plan.ReasonNotListed) {
			t.Errorf("%s is %s: %+v", vm.Name, vm.Observed(), vm.Ready())
		}
	}
}
