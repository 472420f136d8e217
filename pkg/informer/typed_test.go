package informer

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

func TestTypedHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePool()
		i := newInformer(Config{Store: store.New(), Classes: []xen.Class{xen.ClassVM}}, p)
		var told []string
		On(i, func(u Update[xen.VM]) {
			switch {
			case u.Old == nil:
				told = append(told, "add "+u.Ref+" "+u.New.NameLabel)
			case u.New == nil:
				told = append(told, "del "+u.Ref+" "+u.Old.NameLabel)
			default:
				told = append(told, "mod "+u.Ref+" "+strings.Join(u.Changed.Names(xen.ClassVM), ","))
			}
		})
		run(t, i)
		synctest.Wait()
		p.put("a", vm(xen.Halted))
		p.put("h", &xen.Host{Address: "10.0.0.9"})
		p.put("a", &xen.VM{UUID: "u", NameLabel: "db", PowerState: xen.Running})
		p.drop(xen.ClassVM, "a")
		synctest.Wait()
		if diff := cmp.Diff([]string{"add a web", "mod a name_label,power_state", "del a db"}, told); diff != "" {
			t.Error(diff)
		}
	})
}

func TestHandlerOfAClassThatIsNotKept(t *testing.T) {
	i := newInformer(Config{Store: store.New(), Classes: []xen.Class{xen.ClassVM}}, newFakePool())
	On(i, func(Update[xen.Network]) {})
	if err := i.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "class network") {
		t.Errorf("Run: %v", err)
	}
}
