package simulator

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// TestPlugins: a host without scripts, and a guest whose agent offers nothing.
func TestPlugins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: -1, Timing: Timing{GuestShutdown: Span{Min: time.Minute}}})
		if err := p.AddVM(VMSpec{Name: "web", PowerState: xen.Running, Host: "xen-2"}); err != nil {
			t.Fatal(err)
		}
		w := login1(t, p)
		vm, host := string(p.VMRef("web")), hostRefOf(p, "xen-2")
		plugin := func(name, fn string) string { return w.refused("VM.call_plugin", vm, name, fn, Map{}) }
		for name, got := range map[string]string{
			"XENAPI_MISSING_PLUGIN | x":                         plugin("x", "y"),
			"XENAPI_PLUGIN_FAILURE | failed to exec":            plugin("guest-agent-operation", "request-rdp-on"),
			"VM_CALL_PLUGIN_RATE_LIMIT | " + vm + " | 10. | 10": plugin("guest-agent-operation", "y"),
			"XENAPI_MISSING_PLUGIN | none":                      w.refused("host.call_plugin", host, "none", "y", Map{}),
			"MESSAGE_METHOD_UNKNOWN | a.b":                      w.refused("host.call_extension", host, `{"method":"a.b","params":[],"id":1}`),
			"INTERNAL_ERROR | Yojson.Json_error":                w.refused("host.call_extension", host, ``),
			"HANDLE_INVALID | host":                             w.refused("host.call_plugin", nullRef, "none", "y", Map{}),
			"SYSTEM_STATUS_RETRIEVAL_FAILED | xen-bug":          w.refused("host.get_system_status_capabilities", host),
		} {
			if !strings.HasPrefix(got, name) {
				t.Errorf("it answers %q, want %q", got, name)
			}
		}
		if w.must("host.has_extension", host, "x") != false || w.must("pool.has_extension", w.must("pool.get_all").(Set)[0], "x") != false {
			t.Error("there is an extension")
		}
		task := w.must("Async.VM.clean_shutdown", vm)
		synctest.Wait()
		begun := time.Now()
		if got := plugin("guest-agent-operation", "y"); !strings.HasPrefix(got, "OTHER_OPERATION_IN_PROGRESS | VM | "+vm+" | clean_shutdown | "+task.(string)) || time.Since(begun) > retryOnce {
			t.Errorf("beside another operation it answers %q after %v", got, time.Since(begun))
		}
		if r := w.must("VM.get_boot_record", vm); len(field(r, "current_operations").(Map)) != 2 {
			t.Errorf("the boot record shows %v", field(r, "current_operations"))
		}
	})
}
