package simulator

import (
	"testing"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// The alert about an anti-affinity group is there while two or more of its running VMs are all on one host, and only then
// (lifecycle §3.4).
func TestAntiAffinityAlert(t *testing.T) {
	p := Start(t, Model{VMs: -1})
	group := ""
	p.view(func(x *tx) { group = x.create("VM_group", values{"placement": "anti_affinity"}) })
	w := login1(t, p)
	for _, s := range []VMSpec{{Name: "a", PowerState: xen.Running, Host: "xen-1"}, {Name: "b", PowerState: xen.Running, Host: "xen-2"}} {
		if err := p.AddVM(s); err != nil {
			t.Fatal(err)
		}
		w.must("VM.set_groups", string(p.VMRef(s.Name)), setOf(group))
	}
	want := func(after, host string) {
		t.Helper()
		var bodies []string
		text := ""
		p.view(func(x *tx) {
			for _, m := range x.find("message", "name", antiAffinityAlert) {
				bodies = append(bodies, x.str("message", m, "body"))
				if x.str("message", m, "cls") != "Pool" || x.num("message", m, "priority") != 3 || x.str("message", m, "obj_uuid") != x.str("pool", x.the("pool"), "uuid") {
					t.Errorf("the alert is %v", x.record("message", m))
				}
			}
			if host != "" {
				text = "<body><message>Breach on VM anti-affinity rules</message><VM_group>" + x.str("VM_group", group, "uuid") +
					"</VM_group><host>" + x.str("host", hostByName(x, host), "uuid") + "</host></body>"
			}
		})
		if len(bodies) > 1 || len(bodies) == 0 != (text == "") || text != "" && bodies[0] != text {
			t.Errorf("%s the alerts are %q, want %q", after, bodies, text)
		}
	}
	b := string(p.VMRef("b"))
	want("apart", "")
	w.must("VM.pool_migrate", b, hostRefOf(p, "xen-1"), Map{})
	want("together", "xen-1")
	w.must("VM.clean_shutdown", b)
	want("with one alone", "")
	w.must("VM.start_on", b, hostRefOf(p, "xen-1"), false, false)
	want("together again", "xen-1")
	w.must("VM.set_groups", b, Set{})
	want("out of the group", "")
	w.must("VM.set_groups", b, setOf(group))
	want("in it again", "xen-1")
	w.must("VM_group.destroy", group)
	group = "gone"
	want("without a group", "")
}

// hostByName is the host of that name.
func hostByName(x *tx, name string) string { return x.find("host", "name_label", name)[0] }
