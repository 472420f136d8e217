package simulator

import (
	"strconv"
	"time"

	"github.com/xencontroller/xencontroller/internal/wire/xapid"
)

// pluginPause is how long a VM is left alone between two calls of plugins. xapi: 10 s.
const pluginPause = 10 * time.Second

// pluginBehaviours are the calls that run a script which somebody has put on a host. The simulated hosts have none.
func pluginBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"host.call_plugin":    hostCallPlugin,
		"host.call_extension": hostCallExtension,
		"host.has_extension":  hostHasExtension,
		"pool.has_extension":  func(c *call) (any, error) { return false, c.mustBeThere("pool") },
		"VM.call_plugin":      vmCallPlugin,
		"VM.call_host_plugin": vmCallHostPlugin,
	}
}

// onHostCalled sends the call to the host that is its first parameter.
func (c *call) onHostCalled() error {
	c.forwardTo(c.str(0))
	return c.contact(c.str(0))
}

// hostCallPlugin is host.call_plugin.
func hostCallPlugin(c *call) (any, error) {
	if err := c.onHostCalled(); err != nil {
		return nil, err
	}
	return nil, fail("XENAPI_MISSING_PLUGIN", c.str(1))
}

// hostHasExtension is host.has_extension.
func hostHasExtension(c *call) (any, error) { return false, c.onHostCalled() }

// hostCallExtension is host.call_extension, whose parameter is a call in JSON-RPC. xapi: what no extension is called is
// an unknown method.
func hostCallExtension(c *call) (any, error) {
	if err := c.onHostCalled(); err != nil {
		return nil, err
	}
	inner, err := xapid.ParseJSONCall([]byte(c.str(1)))
	if err != nil {
		return nil, internalError(err.Error())
	}
	return nil, fail("MESSAGE_METHOD_UNKNOWN", inner.Method)
}

// vmCallPlugin is VM.call_plugin: xapi's own plugin, which speaks to the guest's agent.
func vmCallPlugin(c *call) (any, error) {
	vm, plugin, fn := c.str(0), c.str(1), c.str(2)
	return nil, c.operateImpatiently(vm, func(o *vmOperationCall) error {
		if plugin != "guest-agent-operation" {
			return fail("XENAPI_MISSING_PLUGIN", plugin)
		}
		if err := o.update(func(t *tx) error { return t.pluginRate(vm) }); err != nil {
			return err
		}
		switch fn {
		case "request-rdp-on", "request-rdp-off", "run-script": // what the simulated agents do not offer
			text := `The requested fn "` + fn + `" of plugin "` + plugin + `" could not be executed for lack of guest agent control feature.`
			return fail("XENAPI_PLUGIN_FAILURE", "failed to execute fn", text, text)
		}
		text := `The requested fn "` + fn + `" could not be found in plugin "` + plugin + `".`
		return fail("XENAPI_PLUGIN_FAILURE", "failed to find fn", text, text)
	})
}

// vmCallHostPlugin is VM.call_host_plugin: a plugin of the host that the VM is on.
func vmCallHostPlugin(c *call) (any, error) {
	return nil, c.operateImpatiently(c.str(0), func(*vmOperationCall) error { return fail("XENAPI_MISSING_PLUGIN", c.str(1)) })
}

// operateImpatiently runs body as the operation call_plugin on the VM's host.
func (c *call) operateImpatiently(vm string, body func(*vmOperationCall) error) error {
	c.impatient = true
	return c.operateVM(vm, "call_plugin", func(o *vmOperationCall) error {
		if _, err := o.forwardToHome(); err != nil {
			return err
		}
		return body(o)
	}, nil)
}

// pluginRate refuses a second call of a plugin too soon after the first.
func (t *tx) pluginRate(vm string) error {
	now, last := time.Now(), t.life.plugins[vm]
	if wait := pluginPause - now.Sub(last); !last.IsZero() && wait > 0 {
		return fail("VM_CALL_PLUGIN_RATE_LIMIT", vm, "10.", strconv.FormatFloat(wait.Seconds(), 'g', -1, 64))
	}
	t.life.plugins[vm] = now
	return nil
}
