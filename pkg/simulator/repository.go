package simulator

import (
	"net/url"
	"strings"
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
		made, err = t.newRepository(values{
			"name_label": c.str(0), "name_description": c.str(1), "binary_url": c.str(2),
			"source_url": c.str(3), "update": c.flag(4), "gpgkey_path": c.str(5), "origin": "remote",
		})
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
		made, err = t.newRepository(values{
			"name_label": c.str(0), "name_description": c.str(1), "binary_url": c.str(2), "update": true,
			"origin": "remote_pool", "certificate": c.str(3),
		})
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
