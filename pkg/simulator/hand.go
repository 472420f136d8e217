package simulator

import (
	"errors"
	"fmt"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// The methods of this file are what somebody else does to the pool, behind the back of whoever is being tested: each
// is a finished call of another client, with its task and its events in xapi's order, and takes no time.

// HaltVM pulls the plug of a VM: VM.hard_shutdown. Where the VM's host is dead nobody is left to do that, and the VM ran
// no more anyhow: the pool is told so, as by an operator who has looked (VM.power_state_reset).
func (p *Pool) HaltVM(name string) error {
	err := p.performOnVM("VM.hard_shutdown", name)
	if f, ok := errors.AsType[*Failure](err); !ok || f.Code != "CANNOT_CONTACT_HOST" && f.Code != "HOST_OFFLINE" {
		return err
	}
	vm, err := p.vmRef(name)
	if err != nil {
		return err
	}
	return p.update(func(t *tx) error { t.forgetDomain(vm); return nil })
}

// StartVM starts a Halted VM wherever the pool likes: VM.start.
func (p *Pool) StartVM(name string) error { return p.performOnVM("VM.start", name, false, false) }

// PauseVM pauses a Running VM: VM.pause.
func (p *Pool) PauseVM(name string) error { return p.performOnVM("VM.pause", name) }

// UnpauseVM lets a Paused VM run on: VM.unpause.
func (p *Pool) UnpauseVM(name string) error { return p.performOnVM("VM.unpause", name) }

// SuspendVM suspends a Running VM: VM.suspend.
func (p *Pool) SuspendVM(name string) error { return p.performOnVM("VM.suspend", name) }

// ResumeVM resumes a Suspended VM wherever the pool likes: VM.resume.
func (p *Pool) ResumeVM(name string) error { return p.performOnVM("VM.resume", name, false, false) }

// MigrateVM moves a Running VM to a host, named by name_label or uuid: VM.pool_migrate.
func (p *Pool) MigrateVM(name, host string) error {
	to, err := p.hostRef(host)
	if err != nil {
		return err
	}
	return p.performOnVM("VM.pool_migrate", name, to, Map{})
}

// DisableHost takes a host out of placement: host.disable. Its VMs run on.
func (p *Pool) DisableHost(host string) error { return p.performOnHost("host.disable", host) }

// EnableHost puts it back: host.enable.
func (p *Pool) EnableHost(host string) error { return p.performOnHost("host.enable", host) }

// AddVM makes a VM. Its name need not be new.
func (p *Pool) AddVM(s VMSpec) error {
	return p.update(func(t *tx) error {
		_, err := t.makeVM(s)
		return err
	})
}

// RemoveVM destroys a VM with its disks, whatever its power state.
func (p *Pool) RemoveVM(name string) error {
	vm, err := p.vmRef(name)
	if err != nil {
		return err
	}
	return p.update(func(t *tx) error {
		if t.str("VM", vm, "power_state") != halted {
			t.resetToHalted(vm)
			t.domainDown(vm)
		}
		disks := []string{t.str("VM", vm, "suspend_VDI")}
		for _, vbd := range t.strs("VM", vm, "VBDs") {
			disks = append(disks, t.str("VBD", vbd, "VDI"))
		}
		t.destroyVM(vm)
		for _, vdi := range disks {
			t.dropDisk(vdi)
		}
		return nil
	})
}

// SetField writes a field of an object as a call that xapi has for it would, but unchecked. The value's type is that of
// the field's kind: string (references and enums too), int64, float64, bool, time.Time, []string, map[string]string.
func (p *Pool) SetField(class xen.Class, ref, field string, value any) error {
	switch v := value.(type) {
	case []string:
		value = setOf(v...)
	case map[string]string:
		m := make(Map, 0, len(v))
		for _, k := range sortedKeys(v) {
			m = append(m, Entry{Key: k, Value: v[k]})
		}
		value = m
	case int:
		value = int64(v)
	}
	return p.update(func(t *tx) error {
		c := p.schema.classes[string(class)]
		if c == nil {
			return fmt.Errorf("simulator: no class %q", class)
		}
		i, ok := c.position[field]
		if !ok {
			return fmt.Errorf("simulator: class %s has no field %q", class, field)
		}
		if goKind(c.initial[i]) != goKind(value) {
			return fmt.Errorf("simulator: %s.%s cannot be a %T", class, field, value)
		}
		if err := t.must(string(class), ref); err != nil {
			return err
		}
		t.set(string(class), ref, field, value)
		if class == "VM" {
			t.refreshVM(ref)
		}
		return nil
	})
}

// PowerState is a VM's power state; "" for an unknown name.
func (p *Pool) PowerState(name string) xen.PowerState {
	var state xen.PowerState
	p.view(func(t *tx) {
		if vm, err := t.vmNamed(name); err == nil {
			state = xen.PowerState(t.str("VM", vm, "power_state"))
		}
	})
	return state
}

// HostOf is the name_label of the host that a VM is on; "" where it is on none.
func (p *Pool) HostOf(name string) string {
	host := ""
	p.view(func(t *tx) {
		if vm, err := t.vmNamed(name); err == nil {
			host = t.str("host", t.str("VM", vm, "resident_on"), "name_label")
		}
	})
	return host
}

// VMRef is the reference of a VM; "" for an unknown name.
func (p *Pool) VMRef(name string) xen.VMRef {
	vm, err := p.vmRef(name)
	if err != nil {
		return ""
	}
	return xen.VMRef(vm)
}

func (p *Pool) performOnVM(method, name string, params ...any) error {
	vm, err := p.vmRef(name)
	if err != nil {
		return err
	}
	if _, err := p.perform(method, append([]any{vm}, params...)...); err != nil {
		return fmt.Errorf("%s of %s: %w", method, name, err)
	}
	return nil
}

func (p *Pool) performOnHost(method, name string) error {
	host, err := p.hostRef(name)
	if err != nil {
		return err
	}
	if _, err := p.perform(method, host); err != nil {
		return fmt.Errorf("%s of %s: %w", method, name, err)
	}
	return nil
}

func (p *Pool) vmRef(name string) (ref string, err error) {
	p.view(func(t *tx) { ref, err = t.vmNamed(name) })
	return ref, err
}

func (p *Pool) hostRef(name string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m := p.member(name); m != nil {
		return m.host, nil
	}
	return "", fmt.Errorf("no host %q", name)
}

// vmNamed finds a VM by name_label or uuid; templates, snapshots and control domains only by uuid.
func (t *tx) vmNamed(name string) (string, error) {
	table := t.table("VM")
	label, uuid := table.class.at("name_label"), table.class.at("uuid")
	found := ""
	for ref, r := range table.rows {
		switch {
		case r.now.values[uuid] == name:
			return ref, nil
		case r.now.values[label] != name, t.flag("VM", ref, "is_a_template"), t.flag("VM", ref, "is_control_domain"):
			continue
		case found != "":
			return "", fmt.Errorf("%q names more than one VM: use the uuid", name)
		}
		found = ref
	}
	if found == "" {
		return "", fmt.Errorf("no VM %q", name)
	}
	return found, nil
}
