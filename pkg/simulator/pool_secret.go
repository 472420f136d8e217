package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// Secret is what members prove to each other that they are of one pool with: the parameter of session.slave_login and
// the cookie pool_secret. xapi: /etc/xensource/ptoken. It depends on the seed alone.
func (p *Pool) Secret() string {
	sum := sha256.Sum256([]byte("pool secret " + strconv.FormatInt(p.model.Seed, 10)))
	s := hex.EncodeToString(sum[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:32] + "/" + s[32:40] + "-" + s[40:44] + "-" + s[44:48] + "-" +
		s[48:52] + "-" + s[52:64]
}

// slaveLogin is session.slave_login: a session of a member, which may do what only members may.
func slaveLogin(c *call) (any, error) {
	if c.str(1) != c.pool.Secret() {
		return nil, fail("SESSION_AUTHENTICATION_FAILED", c.str(0), "Pool credentials invalid")
	}
	var ref string
	err := c.update(func(t *tx) error {
		ref = t.newSession("")
		t.set("session", ref, "pool", true)
		t.set("session", ref, "this_host", c.str(0))
		t.set("session", ref, "auth_user_name", "")
		return nil
	})
	return ref, err
}

// slaveLocalLogin is session.slave_local_login: a session of the member itself, which needs no database.
func slaveLocalLogin(c *call) (any, error) {
	if c.str(0) != c.pool.Secret() {
		return nil, fail("SESSION_AUTHENTICATION_FAILED", "localhost", "Pool credentials invalid")
	}
	return c.newLocalSession(), nil
}

// newLocalSession makes a session of the member that the call came in on.
func (c *call) newLocalSession() string {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	ref := c.pool.newRef()
	c.member.local[ref] = true
	return ref
}
