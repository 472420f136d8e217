package simulator

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// checkInvariants holds a pool at rest to what is true of every pool at rest.
func checkInvariants(t testing.TB, p *Pool) {
	t.Helper()
	for _, words := range violations(p) {
		t.Error(words)
	}
}

func violations(p *Pool) (list []string) {
	p.view(func(x *tx) {
		for _, vm := range x.all("VM") {
			for _, words := range x.vmViolations(vm) {
				list = append(list, fmt.Sprintf("%s (%s): %s", x.str("VM", vm, "name_label"), x.str("VM", vm, "power_state"), words))
			}
		}
		for _, host := range x.all("host") {
			if ops := x.dict("host", host, "current_operations"); len(ops) > 0 {
				list = append(list, fmt.Sprintf("%s is busy with %v", x.str("host", host, "name_label"), ops))
			}
			if got, want := x.strs("host", host, "allowed_operations"), hostAllowedOperations(x.hostFacts(host)); !slices.Equal(got, want) {
				list = append(list, fmt.Sprintf("%s allows %v, want %v", x.str("host", host, "name_label"), got, want))
			}
		}
	})
	return list
}

func (t *tx) vmViolations(vm string) (list []string) {
	say := func(broken bool, format string, args ...any) {
		if broken {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	state := t.str("VM", vm, "power_state")
	live := state == running || state == paused
	say(len(t.dict("VM", vm, "current_operations")) > 0, "busy with %v", t.dict("VM", vm, "current_operations"))
	say(t.str("VM", vm, "scheduled_to_be_resident_on") != nullRef, "still on its way")
	say((t.str("VM", vm, "resident_on") != nullRef) != live, "resident on %s", t.str("VM", vm, "resident_on"))
	say((t.num("VM", vm, "domid") >= 0) != live, "in domain %d", t.num("VM", vm, "domid"))
	say((t.str("VM", vm, "suspend_VDI") != nullRef) != (state == suspended), "suspend image %s", t.str("VM", vm, "suspend_VDI"))
	if !t.flag("VM", vm, "is_a_template") {
		say(live && len(t.strs("VM", vm, "consoles")) == 0 || state == halted && len(t.strs("VM", vm, "consoles")) > 0, "consoles %v", t.strs("VM", vm, "consoles"))
	}
	want := vmAllowedOperations(t.vmFacts(vm))
	say(!slices.Equal(t.strs("VM", vm, "allowed_operations"), want), "allows %v, want %v", t.strs("VM", vm, "allowed_operations"), want)
	for _, vbd := range t.strs("VM", vm, "VBDs") {
		say(t.flag("VBD", vbd, "currently_attached") != (state != halted), "disk attached: %v", t.flag("VBD", vbd, "currently_attached"))
		say(len(t.dict("VBD", vbd, "current_operations")) > 0, "disk busy")
		want := vbdAllowedOperations(t.deviceFacts("VBD", vbd))
		copied := state == halted && len(t.strs("VBD", vbd, "allowed_operations")) == 0 // as xapi leaves it
		say(!copied && !slices.Equal(t.strs("VBD", vbd, "allowed_operations"), want), "disk allows %v, want %v", t.strs("VBD", vbd, "allowed_operations"), want)
	}
	for _, vif := range t.strs("VM", vm, "VIFs") {
		say(t.flag("VIF", vif, "currently_attached") != (state != halted), "interface attached: %v", t.flag("VIF", vif, "currently_attached"))
		want := vifAllowedOperations(t.deviceFacts("VIF", vif))
		say(!slices.Equal(t.strs("VIF", vif, "allowed_operations"), want), "interface allows %v, want %v", t.strs("VIF", vif, "allowed_operations"), want)
	}
	return list
}

// TestAnyOrderOfOperations: whatever is done to a pool, in whatever order, its records agree with themselves after.
func TestAnyOrderOfOperations(t *testing.T) {
	methods := []string{
		"VM.start", "VM.start_on", "VM.pause", "VM.unpause", "VM.suspend", "VM.resume", "VM.resume_on", "VM.clean_shutdown",
		"VM.hard_shutdown", "VM.shutdown", "VM.clean_reboot", "VM.hard_reboot", "VM.pool_migrate", "VM.clone", "VM.snapshot",
		"VM.destroy", "host.disable", "host.enable", "host.evacuate",
	}
	rapid.Check(t, func(r *rapid.T) {
		p, err := New(Model{VMs: 3, Seed: rapid.Int64().Draw(r, "seed")})
		if err != nil {
			r.Fatal(err)
		}
		defer p.Close()
		for range rapid.IntRange(1, 25).Draw(r, "calls") {
			method := rapid.SampledFrom(methods).Draw(r, "method")
			var params []any
			p.view(func(x *tx) {
				vms := x.all("VM")
				if rapid.IntRange(0, 9).Draw(r, "odd") > 0 { // mostly not templates and the like
					vms = slices.DeleteFunc(vms, func(vm string) bool {
						return x.flag("VM", vm, "is_a_template") || x.flag("VM", vm, "is_control_domain")
					})
				}
				if len(vms) == 0 {
					vms = x.all("VM")
				}
				vm := rapid.SampledFrom(vms).Draw(r, "VM")
				host := rapid.SampledFrom(x.all("host")).Draw(r, "host")
				params = paramsOf(method, vm, host)
			})
			_, _ = p.perform(method, params...) // a refusal is as good as a success
		}
		if list := violations(p); len(list) > 0 {
			r.Fatalf("%v", list)
		}
		if tasks := p.Tasks(); len(tasks) > 0 {
			r.Fatalf("tasks left: %v", tasks)
		}
	})
}

func paramsOf(method, vm, host string) []any {
	switch method {
	case "VM.start", "VM.resume":
		return []any{vm, false, false}
	case "VM.start_on", "VM.resume_on":
		return []any{vm, host, false, false}
	case "VM.pool_migrate":
		return []any{vm, host, Map{}}
	case "VM.clone", "VM.snapshot":
		return []any{vm, "another"}
	case "host.disable", "host.enable", "host.evacuate":
		return []any{host}
	}
	return []any{vm}
}
