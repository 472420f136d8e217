package simulator

import "slices"

// directoryBehaviours are the calls about the directory that users come from. The simulated one holds the users of the model
// and nobody else; a model without users has none.
func directoryBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"auth.get_subject_identifier":                  authIdentifier,
		"auth.get_subject_information_from_identifier": authInformation,
		"auth.get_group_membership":                    authGroups,
		"host.enable_external_auth":                    hostEnableAuth,
		"host.disable_external_auth":                   hostDisableAuth,
		"host.external_auth_set_ldaps":                 authSetLDAPS("host"),
		"pool.enable_external_auth":                    poolEnableAuth,
		"pool.disable_external_auth":                   poolDisableAuth,
		"pool.external_auth_set_ldaps":                 authSetLDAPS("pool"),
		"pool.detect_nonhomogeneous_external_auth":     func(c *call) (any, error) { return nil, c.mustBeThere("pool") },
	}
}

// user finds somebody of the model by name or by identifier.
func (c *call) user(is func(User) bool) (User, error) {
	users := c.pool.model.Users
	if len(users) == 0 {
		return User{}, fail("AUTH_IS_DISABLED")
	}
	i := slices.IndexFunc(users, is)
	if i < 0 {
		return User{}, fail("SUBJECT_CANNOT_BE_RESOLVED")
	}
	return users[i], nil
}

func authIdentifier(c *call) (any, error) {
	u, err := c.user(func(u User) bool { return u.Name == c.str(0) })
	if err != nil {
		return nil, err
	}
	return subjectIdentifier(u.Name), nil
}

func authInformation(c *call) (any, error) {
	u, err := c.user(func(u User) bool { return subjectIdentifier(u.Name) == c.str(0) })
	if err != nil {
		return nil, err
	}
	return mapOf("subject-name", u.Name, "subject-sid", subjectIdentifier(u.Name), "subject-is-group", "false"), nil
}

// authGroups is auth.get_group_membership: the users of a model are in no groups.
func authGroups(c *call) (any, error) {
	if _, err := c.user(func(u User) bool { return subjectIdentifier(u.Name) == c.str(0) }); err != nil {
		return nil, err
	}
	return Set{}, nil
}

// enableAuth is why a directory cannot be joined. xapi: it knows one kind, and asks for the domain by its name.
func (t *tx) enableAuth(host, service, kind string) error {
	switch now := t.str("host", host, "external_auth_type"); {
	case now != "":
		return fail("AUTH_ALREADY_ENABLED", now, t.str("host", host, "external_auth_service_name"))
	case kind != "AD":
		return fail("AUTH_UNKNOWN_TYPE", kind)
	}
	return fail("AUTH_ENABLE_FAILED_DOMAIN_LOOKUP_FAILED", "Failed to look up domain controller of "+service)
}

// hostEnableAuth is host.enable_external_auth(host, config, service_name, auth_type).
func hostEnableAuth(c *call) (any, error) {
	if err := c.atHost(c.str(0)); err != nil {
		return nil, err
	}
	return nil, c.view(func(t *tx) error { return t.enableAuth(c.str(0), c.str(2), c.str(3)) })
}

// poolEnableAuth is pool.enable_external_auth(pool, config, service_name, auth_type). xapi: it begins at the master, and what
// fails there is the pool's failure, with the host.
func poolEnableAuth(c *call) (any, error) {
	return nil, c.view(func(t *tx) error {
		if err := t.must("pool", c.str(0)); err != nil {
			return err
		}
		for _, host := range t.all("host") {
			if t.str("host", host, "external_auth_type") != "" {
				return fail("POOL_AUTH_ALREADY_ENABLED", host)
			}
		}
		err := t.enableAuth(t.masterHost(), c.str(2), c.str(3))
		if f := asFailure(err); f.Code != "AUTH_UNKNOWN_TYPE" {
			return fail("POOL_"+f.Code, append([]string{t.masterHost()}, f.Params...)...)
		}
		return err
	})
}

// leaveDirectory makes a host know no directory. xapi: doing it again is no error.
func (t *tx) leaveDirectory(host string) {
	t.set("host", host, "external_auth_type", "")
	t.set("host", host, "external_auth_service_name", "")
	t.set("host", host, "external_auth_configuration", Map{})
}

func hostDisableAuth(c *call) (any, error) {
	if err := c.atHost(c.str(0)); err != nil {
		return nil, err
	}
	return nil, c.update(func(t *tx) error { t.leaveDirectory(c.str(0)); return nil })
}

func poolDisableAuth(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("pool", c.str(0)); err != nil {
			return err
		}
		for _, host := range t.all("host") {
			t.leaveDirectory(host)
		}
		return nil
	})
}

// authSetLDAPS is a call about how a directory is asked, which there has to be.
func authSetLDAPS(class string) behaviour {
	return func(c *call) (any, error) {
		if err := c.mustBeThere(class); err != nil {
			return nil, err
		}
		return nil, fail("AUTH_IS_DISABLED")
	}
}
