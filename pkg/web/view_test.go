package web_test

import (
	"time"

	"github.com/xencontroller/xencontroller/pkg/web"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// exampleView is a pool with one of everything: a VM in its place, one that is being started, one that has been moved by
// hand, one that nobody declares.
func exampleView() web.View {
	ended := noon.Add(-20 * time.Second)
	starting := web.Action{
		ID: "7", Pool: "rack-1", VM: "web-2", Verb: "Start", Host: "xen-2", Reason: "PowerStateDrift",
		Because: "web-2 is Halted, declared Running", Started: noon.Add(-time.Second), Progress: 0.4,
	}
	return web.View{
		Time: noon,
		Pools: []web.Pool{{
			Name: "rack-1", UUID: "c0ffee00-0000-4000-8000-000000000001", NameLabel: "simulated", Master: "xen-1",
			Address: "http://10.0.0.1", Synced: true, Revision: 42, Unmanaged: 1,
			Declared: web.Declared{Revision: "0123456789abcdef0123", Objects: 3, LoadedAt: &ended},
		}},
		Hosts: []web.Host{
			{Pool: "rack-1", Name: "xen-1", UUID: "h1", Address: "10.0.0.1", Master: true, Enabled: true, Live: true, MemoryTotalBytes: 64 << 30, MemoryFreeBytes: 48 << 30},
			{Pool: "rack-1", Name: "xen-2", UUID: "h2", Address: "10.0.0.2", Enabled: false, Live: true, MemoryTotalBytes: 64 << 30, MemoryFreeBytes: 60 << 30},
		},
		VirtualMachines: []web.VirtualMachine{
			{
				Pool: "rack-1", Name: "db-1", NameLabel: "db-1", UUID: "v1", Managed: true, PowerState: "Running", Host: "xen-2", MemoryBytes: 2 << 30,
				Spec:       &web.Spec{PowerState: "Running", Hosts: []string{"xen-1"}, Mode: "Observe"},
				Drift:      []web.Drift{{Field: "host", Declared: "xen-1", Observed: "xen-2"}},
				Conditions: []web.Condition{{Type: "Ready", Status: "False", Reason: "Drift", Message: "on xen-2, declared xen-1", LastTransitionTime: ended}},
			},
			{
				Pool: "rack-1", Name: "vendor-appliance", NameLabel: "vendor-appliance", UUID: "v2", PowerState: "Running", Host: "xen-1", MemoryBytes: 2 << 30,
			},
			{
				Pool: "rack-1", Name: "web-1", NameLabel: "web-1", UUID: "v3", Managed: true, PowerState: "Running", Host: "xen-1", MemoryBytes: 2 << 30,
				Spec:       &web.Spec{PowerState: "Running", Mode: "Enforce"},
				Conditions: []web.Condition{{Type: "Ready", Status: "True", Reason: "AsDeclared", LastTransitionTime: ended}},
			},
			{
				Pool: "rack-1", Name: "web-2", NameLabel: "web-2", UUID: "v4", Managed: true, PowerState: "Halted", MemoryBytes: 2 << 30,
				Spec:       &web.Spec{PowerState: "Running", Mode: "Enforce"},
				Drift:      []web.Drift{{Field: "powerState", Declared: "Running", Observed: "Halted"}},
				Conditions: []web.Condition{{Type: "Ready", Status: "False", Reason: "Progressing", LastTransitionTime: ended}},
				Action:     &starting,
			},
		},
		Actions: []web.Action{starting, {
			ID: "6", Pool: "rack-1", VM: "web-1", Verb: "Start", Host: "xen-1", Reason: "PowerStateDrift",
			Because: "web-1 is Halted, declared Running", Started: ended.Add(-1500 * time.Millisecond), Finished: &ended, Progress: 1, Outcome: "success",
		}},
	}
}

func fixed(v web.View) func() web.View { return func() web.View { return v } }
