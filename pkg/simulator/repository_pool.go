package simulator

import (
	"strconv"
	"strings"
)

// poolSetRepositories is pool.set_repositories. xapi: what was known of updates is forgotten.
func poolSetRepositories(c *call) (any, error) {
	return nil, c.useRepositories(wordsOf(c.members(1))...)
}

func poolAddRepository(c *call) (any, error) {
	var all []string
	err := c.view(func(t *tx) error { all = t.strs("pool", c.str(0), "repositories"); return nil })
	if err != nil {
		return nil, err
	}
	return nil, c.useRepositories(append(append([]string{}, all...), c.str(1))...)
}

func poolRemoveRepository(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("pool", c.str(0)); err != nil {
			return err
		}
		t.set("pool", c.str(0), "repositories", withoutMember(t.members("pool", c.str(0), "repositories"), c.str(1)))
		t.set("pool", c.str(0), "last_update_sync", epoch())
		return nil
	})
}

// useRepositories makes these the repositories of the pool.
func (c *call) useRepositories(refs ...string) error {
	return c.update(func(t *tx) error {
		if err := t.must("pool", c.str(0)); err != nil {
			return err
		}
		for _, ref := range refs {
			if err := t.must("Repository", ref); err != nil {
				return err
			}
		}
		t.set("pool", c.str(0), "repositories", setOf(refs...))
		t.set("pool", c.str(0), "last_update_sync", epoch())
		return nil
	})
}

// poolSetProxy is pool.configure_repository_proxy(self, url, username, password). The password is kept as a secret.
func poolSetProxy(c *call) (any, error) {
	pool, address, user, password := c.str(0), c.str(1), c.str(2), c.str(3)
	return nil, c.update(func(t *tx) error {
		if err := t.must("pool", pool); err != nil {
			return err
		}
		if webAddress(address) != nil {
			return fail("INVALID_REPOSITORY_PROXY_URL", address)
		}
		if user == "" && password != "" || strings.ContainsAny(user+password, "\n") {
			return fail("INVALID_REPOSITORY_PROXY_CREDENTIAL")
		}
		old, secret := t.str("pool", pool, "repository_proxy_password"), nullRef
		if password != "" {
			secret = t.create("secret", values{"value": password})
		}
		t.set("pool", pool, "repository_proxy_url", address)
		t.set("pool", pool, "repository_proxy_username", user)
		t.set("pool", pool, "repository_proxy_password", secret)
		t.destroy("secret", old)
		return nil
	})
}

// poolNoProxy is pool.disable_repository_proxy.
func poolNoProxy(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		pool := c.str(0)
		if err := t.must("pool", pool); err != nil {
			return err
		}
		old := t.str("pool", pool, "repository_proxy_password")
		t.set("pool", pool, "repository_proxy_url", "")
		t.set("pool", pool, "repository_proxy_username", "")
		t.set("pool", pool, "repository_proxy_password", nullRef)
		t.destroy("secret", old)
		return nil
	})
}

// poolConfigureSync is pool.configure_update_sync(self, update_sync_frequency, update_sync_day). xapi: a day of the week
// counts from 0, and every day has none.
func poolConfigureSync(c *call) (any, error) {
	pool, frequency, day := c.str(0), c.str(1), c.num(2)
	return nil, c.update(func(t *tx) error {
		if err := t.must("pool", pool); err != nil {
			return err
		}
		if frequency == "weekly" && (day < 0 || day > 6) {
			return fail("INVALID_UPDATE_SYNC_DAY", strconv.FormatInt(day, 10))
		}
		if frequency == "daily" {
			day = 0
		}
		t.set("pool", pool, "update_sync_frequency", frequency)
		t.set("pool", pool, "update_sync_day", day)
		return nil
	})
}

// poolEnableSync is pool.set_update_sync_enabled. xapi: there must be something to look for updates in.
func poolEnableSync(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		pool := c.str(0)
		if err := t.must("pool", pool); err != nil {
			return err
		}
		if c.flag(1) && len(t.members("pool", pool, "repositories")) == 0 {
			return fail("NO_REPOSITORIES_CONFIGURED")
		}
		t.set("pool", pool, "update_sync_enabled", c.flag(1))
		return nil
	})
}

// poolUpdateReadiness is pool.check_update_readiness(self, requires_reboot): errors that updating would meet.
func poolUpdateReadiness(c *call) (any, error) {
	var troubles Set
	err := c.view(func(t *tx) error {
		if err := t.must("pool", c.str(0)); err != nil {
			return err
		}
		if t.flag("pool", c.str(0), "ha_enabled") {
			troubles = append(troubles, setOf("HA_IS_ENABLED"))
		}
		for _, host := range t.all("host") {
			if !t.hostLive(host) {
				troubles = append(troubles, setOf("HOST_OFFLINE", host))
			}
		}
		return nil
	})
	if troubles == nil {
		troubles = Set{}
	}
	return troubles, err
}
