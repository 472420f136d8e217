package simulator

import (
	"slices"
	"strings"
)

// observerBehaviours are the calls about who is told of what xapi does. Their rows are kept; nobody is told.
func observerBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"Observer.create":         observerCreate,
		"Observer.set_hosts":      func(c *call) (any, error) { return nil, c.setObserver("hosts", (*tx).observable) },
		"Observer.set_components": func(c *call) (any, error) { return nil, c.setObserver("components", knownComponents) },
		"Observer.set_endpoints":  func(c *call) (any, error) { return nil, c.setObserver("endpoints", knownEndpoints) },
		"Observer.set_attributes": func(c *call) (any, error) { return nil, c.setObserver("attributes", nil) },
		"Observer.set_enabled":    func(c *call) (any, error) { return nil, c.setObserver("enabled", nil) },
	}
}

// observerCreate is Observer.create.
func observerCreate(c *call) (any, error) {
	r := givenRecord(c.dict(0))
	err := c.view(func(t *tx) error {
		if err := t.observable(r.members("hosts")); err != nil {
			return err
		}
		if err := knownEndpoints(t, r.members("endpoints")); err != nil {
			return err
		}
		return knownComponents(t, r.members("components"))
	})
	if err != nil {
		return nil, err
	}
	return construct(c)
}

// setObserver writes a field after a check of its new value.
func (c *call) setObserver(field string, check func(t *tx, value Set) error) error {
	return c.update(func(t *tx) error {
		if err := t.must("Observer", c.str(0)); err != nil {
			return err
		}
		if check != nil {
			if err := check(t, c.members(1)); err != nil {
				return err
			}
		}
		t.set("Observer", c.str(0), field, c.params[1])
		return nil
	})
}

// observable refuses hosts that there are not.
func (t *tx) observable(hosts Set) error {
	for _, host := range wordsOf(hosts) {
		if err := t.must("host", host); err != nil {
			return err
		}
	}
	return nil
}

// knownComponents refuses what cannot be observed.
func knownComponents(_ *tx, components Set) error {
	for _, c := range wordsOf(components) {
		if !slices.Contains([]string{"xapi", "xenopsd", "xapi-clusterd", "smapi"}, c) {
			return fail("INVALID_VALUE", "component", c)
		}
	}
	return nil
}

// knownEndpoints refuses what nobody can be told at: it is "bugtool" or an address on the web.
func knownEndpoints(_ *tx, endpoints Set) error {
	for _, e := range wordsOf(endpoints) {
		if e != "bugtool" && !strings.HasPrefix(e, "http://") && !strings.HasPrefix(e, "https://") {
			return fail("INVALID_VALUE", "endpoint", e)
		}
	}
	return nil
}
