package simulator

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// repositoryBehaviours are the calls about repositories of updates. The simulated hosts reach none of them.
func repositoryBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"Repository.introduce":             repositoryIntroduce,
		"Repository.introduce_bundle":      repositoryBundle,
		"Repository.introduce_remote_pool": repositoryRemotePool,
		"Repository.forget":                repositoryForget,
		"Repository.set_gpgkey_path":       repositorySetKey,
		"pool.set_repositories":            poolSetRepositories,
		"pool.add_repository":              poolAddRepository,
		"pool.remove_repository":           poolRemoveRepository,
		"pool.configure_repository_proxy":  poolSetProxy,
		"pool.disable_repository_proxy":    poolNoProxy,
		"pool.configure_update_sync":       poolConfigureSync,
		"pool.set_update_sync_enabled":     poolEnableSync,
		"pool.check_update_readiness":      poolUpdateReadiness,
	}
}

// webAddress refuses what is not the address of a repository on the web.
func webAddress(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fail("INVALID_BASE_URL", text)
	}
	return nil
}

// keyPath refuses a path of a key that leads anywhere but into the directory of keys.
func keyPath(path string) error {
	if path != "" && (strings.ContainsAny(path, "/ ") || strings.HasPrefix(path, ".")) {
		return fail("INVALID_GPGKEY_PATH", path)
	}
	return nil
}

// newRepository makes a repository unless there is one of its name, or of its address.
func (t *tx) newRepository(v values) (string, error) {
	for _, other := range t.all("Repository") {
		sameAddress := v["binary_url"] != "" && t.str("Repository", other, "binary_url") == v["binary_url"]
		if t.str("Repository", other, "name_label") == v["name_label"] || sameAddress {
			return nullRef, fail("REPOSITORY_ALREADY_EXISTS", other)
		}
		if v["origin"] == "bundle" && t.str("Repository", other, "origin") == "bundle" {
			return nullRef, fail("BUNDLE_REPOSITORY_ALREADY_EXISTS", other)
		}
	}
	return t.create("Repository", v), nil
}

// repositoryIntroduce is Repository.introduce(name_label, name_description, binary_url, source_url, update, gpgkey_path).
func repositoryIntroduce(c *call) (any, error) {
	made := nullRef
	err := c.update(func(t *tx) (err error) {
		for _, address := range []string{c.str(2), c.str(3)} {
			if err := webAddress(address); err != nil {
				return err
			}
		}
		if err := keyPath(c.str(5)); err != nil {
			return err
		}
		made, err = t.newRepository(values{"name_label": c.str(0), "name_description": c.str(1), "binary_url": c.str(2),
			"source_url": c.str(3), "update": c.flag(4), "gpgkey_path": c.str(5), "origin": "remote"})
		return err
	})
	return made, err
}

// repositoryBundle is Repository.introduce_bundle(name_label, name_description): one that is uploaded.
func repositoryBundle(c *call) (any, error) {
	made := nullRef
	err := c.update(func(t *tx) (err error) {
		made, err = t.newRepository(values{"name_label": c.str(0), "name_description": c.str(1), "binary_url": "", "update": true, "origin": "bundle"})
		return err
	})
	return made, err
}

// repositoryRemotePool is Repository.introduce_remote_pool(name_label, name_description, binary_url, certificate): that of
// another pool, by the address of its master.
func repositoryRemotePool(c *call) (any, error) {
	made := nullRef
	err := c.update(func(t *tx) (err error) {
		u, err := url.Parse(c.str(2))
		if err != nil || u.Scheme != "https" || u.Path != "/repository/enabled" {
			return fail("INVALID_BASE_URL", c.str(2))
		}
		made, err = t.newRepository(values{"name_label": c.str(0), "name_description": c.str(1), "binary_url": c.str(2), "update": true,
			"origin": "remote_pool", "certificate": c.str(3)})
		return err
	})
	return made, err
}

// repositoryForget is Repository.forget. xapi: not while the pool is updated from it.
func repositoryForget(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("Repository", c.str(0)); err != nil {
			return err
		}
		if hasMember(t.members("pool", t.the("pool"), "repositories"), c.str(0)) {
			return fail("REPOSITORY_IS_IN_USE")
		}
		t.destroy("Repository", c.str(0))
		return nil
	})
}

func repositorySetKey(c *call) (any, error) {
	if err := keyPath(c.str(1)); err != nil {
		return nil, err
	}
	return nil, c.writeField("gpgkey_path")
}

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

// poolTelemetry are the calls about what a pool tells its maker of itself.
func poolTelemetry() map[string]behaviour {
	return map[string]behaviour{
		"pool.set_telemetry_next_collection": poolNextTelemetry,
		"pool.reset_telemetry_uuid":          poolResetTelemetry,
	}
}

// poolNextTelemetry is pool.set_telemetry_next_collection. xapi: within the next six weeks.
func poolNextTelemetry(c *call) (any, error) {
	at, _ := c.params[1].(time.Time)
	if now := time.Now(); at.Before(now) || at.After(now.AddDate(0, 0, 42)) {
		return nil, fail("TELEMETRY_NEXT_COLLECTION_TOO_LATE", at.UTC().Format("20060102T15:04:05Z"))
	}
	return nil, c.writeField("telemetry_next_collection")
}

// poolResetTelemetry is pool.reset_telemetry_uuid: a new secret takes the place of the old one.
func poolResetTelemetry(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		pool := c.str(0)
		if err := t.must("pool", pool); err != nil {
			return err
		}
		old := t.str("pool", pool, "telemetry_uuid")
		t.set("pool", pool, "telemetry_uuid", t.create("secret", values{"value": t.life.pool.newUUID()}))
		t.destroy("secret", old)
		return nil
	})
}
