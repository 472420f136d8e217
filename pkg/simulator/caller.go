package simulator

import "slices"

// callerBehaviours are the calls about who calls, and how much. The simulator limits nobody and counts no tokens.
func callerBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"Caller.add_group":               callerAddGroup,
		"Caller.remove_group":            func(c *call) (any, error) { return nil, c.removeField("groups") },
		"Caller.query_token_usage":       func(c *call) (any, error) { return 0.0, c.mustBeThere("Caller") },
		"Caller.query_call_count":        func(c *call) (any, error) { return int64(0), c.mustBeThere("Caller") },
		"Caller.query_group_token_usage": func(c *call) (any, error) { return 0.0, c.anyInGroup() },
		"Caller.query_group_call_count":  func(c *call) (any, error) { return int64(0), c.anyInGroup() },
		"Caller.query_all_usage":         callerUsage,
		"Rate_limit.add_caller":          rateAddCaller,
		"Rate_limit.remove_caller":       rateRemoveCaller,
		"Rate_limit.set_burst_size":      rateSet("burst_size"),
		"Rate_limit.set_fill_rate":       rateSet("fill_rate"),
	}
}

// groupsMost is how many groups a caller can be in.
const groupsMost = 10

// callerAddGroup is Caller.add_group.
func callerAddGroup(c *call) (any, error) {
	err := c.view(func(t *tx) error {
		if groups := t.strs("Caller", c.str(0), "groups"); len(groups) >= groupsMost && !slices.Contains(groups, c.str(1)) {
			return fail("TOO_MANY_GROUPS")
		}
		return t.must("Caller", c.str(0))
	})
	if err != nil {
		return nil, err
	}
	return nil, c.addField("groups")
}

// anyInGroup refuses a group that nobody is in.
func (c *call) anyInGroup() error {
	return c.view(func(t *tx) error {
		for _, caller := range t.all("Caller") {
			if hasMember(t.members("Caller", caller, "groups"), c.str(0)) {
				return nil
			}
		}
		return fail("INVALID_VALUE", "group", c.str(0))
	})
}

// callerUsage is Caller.query_all_usage: uuid, name_label, tokens and calls of each.
func callerUsage(c *call) (any, error) {
	rows := Set{}
	err := c.view(func(t *tx) error {
		for _, caller := range t.all("Caller") {
			rows = append(rows, Set{t.str("Caller", caller, "uuid"), t.str("Caller", caller, "name_label"), "0", "0"})
		}
		return nil
	})
	return rows, err
}

// rateAddCaller is Rate_limit.add_caller.
func rateAddCaller(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("Rate_limit", c.str(0)); err != nil {
			return err
		}
		if err := t.must("Caller", c.str(1)); err != nil {
			return err
		}
		t.set("Caller", c.str(1), "rate_limit", c.str(0))
		return nil
	})
}

// rateRemoveCaller is Rate_limit.remove_caller.
func rateRemoveCaller(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("Rate_limit", c.str(0)); err != nil {
			return err
		}
		if err := t.must("Caller", c.str(1)); err != nil {
			return err
		}
		if t.str("Caller", c.str(1), "rate_limit") == c.str(0) {
			t.set("Caller", c.str(1), "rate_limit", nullRef)
		}
		return nil
	})
}

// rateSet is a setter of a limit, which is above nothing.
func rateSet(field string) behaviour {
	return func(c *call) (any, error) {
		if c.float(1) <= 0 {
			return nil, fail("INVALID_VALUE", field, databaseText(c.params[1]))
		}
		return nil, c.writeField(field)
	}
}
