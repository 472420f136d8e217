package simulator

import (
	"strconv"
	"strings"
)

// vtpmBehaviours are the calls of class VTPM that do more than read.
func vtpmBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"VTPM.create":  vtpmCreate,
		"VTPM.destroy": vtpmDestroy,
	}
}

// mustBeHalted refuses a VM in any other power state.
func (t *tx) mustBeHalted(vm string) error {
	if state := t.str("VM", vm, "power_state"); state != halted {
		return fail("VM_BAD_POWER_STATE", vm, "halted", strings.ToLower(state))
	}
	return nil
}

// vtpmCreate is VTPM.create(vM, is_unique): one for a Halted VM. Its contents are a secret of their own.
func vtpmCreate(c *call) (any, error) {
	vm, made := c.str(0), nullRef
	err := c.update(func(t *tx) error {
		if err := t.must("VM", vm); err != nil {
			return err
		}
		if t.flag("pool", t.the("pool"), "ha_enabled") {
			return fail("NOT_IMPLEMENTED", "VTPM.create with HA or clustering enabled")
		}
		if n := len(t.members("VM", vm, "VTPMs")); n > 0 {
			return fail("VTPM_MAX_AMOUNT_REACHED", strconv.Itoa(n))
		}
		if err := t.mustBeHalted(vm); err != nil {
			return err
		}
		contents := t.create("secret", values{"value": ""})
		made = t.create("VTPM", values{
			"VM": vm, "backend": nullRef, "persistence_backend": "xapi", "is_unique": c.flag(1),
			"contents": contents, "allowed_operations": setOf("destroy"),
		})
		return nil
	})
	return made, err
}

// vtpmDestroy is VTPM.destroy. xapi: its secret goes first.
func vtpmDestroy(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		vtpm := c.str(0)
		if err := t.must("VTPM", vtpm); err != nil {
			return err
		}
		if err := t.mustBeHalted(t.str("VTPM", vtpm, "VM")); err != nil {
			return err
		}
		t.destroy("secret", t.str("VTPM", vtpm, "contents"))
		t.destroy("VTPM", vtpm)
		return nil
	})
}
