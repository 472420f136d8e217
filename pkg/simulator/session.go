package simulator

import (
	"crypto/md5"
	"encoding/hex"
	"time"
)

// sessionGrain is how old last_active must be before a call writes it again. xapi: 600 s since 24.29, none before.
const sessionGrain = 600 * time.Second

// sessionBehaviours are the calls of class session. There is no logout_all, and get_all is not exposed.
func sessionBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"session.login_with_password":             login,
		"session.slave_login":                     slaveLogin,
		"session.slave_local_login":               slaveLocalLogin,
		"session.slave_local_login_with_password": localLogin,
		"session.logout":                          logout,
		"session.local_logout":                    localLogout,
		"session.change_password":                 changePassword,
	}
}

func login(c *call) (any, error) {
	if c.root {
		return c.rootSession()
	}
	u, known := c.pool.userNamed(c.str(0))
	if known = known && u.Password == c.str(1); !known {
		if err := c.checkPassword(c.str(0), c.str(1)); err != nil {
			return nil, err
		}
	}
	var ref string
	err := c.update(func(t *tx) (err error) {
		if known {
			ref, err = t.newUserSession(u.Name, c.str(3))
			return err
		}
		ref = t.newSession(c.str(3))
		return nil
	})
	return ref, err
}

// rootSession is a login over the unix socket: nobody looks at the password, and the name is only written down.
func (c *call) rootSession() (any, error) {
	var ref string
	err := c.update(func(t *tx) error {
		ref = t.newSession(c.str(3))
		t.set("session", ref, "auth_user_name", c.str(0))
		return nil
	})
	return ref, err
}

// newSession makes a session of the local superuser.
func (t *tx) newSession(originator string) string {
	now := t.now()
	return t.create("session", values{
		"this_host": t.masterHost(), "last_active": now, "validation_time": now,
		"is_local_superuser": true, "auth_user_name": "root", "originator": originator,
	})
}

// masterHost is the host of the present master, nullRef if there is none.
func (t *tx) masterHost() string {
	if m := t.life.master; m != nil {
		return m.host
	}
	return nullRef
}

func (c *call) checkPassword(user, password string) error {
	return c.checkPasswordOf(c.member, user, password)
}

// checkPasswordOf asks a member's own PAM.
func (c *call) checkPasswordOf(m *member, user, password string) error {
	c.pool.mu.Lock()
	good := user == "root" && password == m.password
	c.pool.mu.Unlock()
	if good {
		return nil
	}
	wait := c.pool.model.BadPassword
	if !c.pool.model.since(21, 0) || user != "root" && len(c.pool.model.Users) > 0 {
		wait += 5 * time.Second // xapi's own: until 8.2 for everybody, since then where people come from a directory
	}
	if err := c.sleep(wait); err != nil {
		return err
	}
	return fail("SESSION_AUTHENTICATION_FAILED", user, "Permission denied")
}

func localLogin(c *call) (any, error) {
	if err := c.checkPassword(c.str(0), c.str(1)); err != nil {
		return nil, err
	}
	return c.newLocalSession(), nil
}

func localLogout(c *call) (any, error) {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	delete(c.member.local, c.session)
	return nil, nil
}

func logout(c *call) (any, error) {
	return nil, c.update(func(t *tx) error { t.endSession(c.session); return nil })
}

// endSession removes a session; its blocked event calls end with SESSION_INVALID, its tasks go on.
func (t *tx) endSession(ref string) {
	t.destroy("session", ref)
	delete(t.life.events.subs, ref)
	t.life.events.queued.raise()
	t.life.events.written.raise()
}

// touchSession writes last_active, no more often than xapi does.
func (t *tx) touchSession(ref string) {
	now := t.now()
	grain := time.Duration(0)
	if t.life.pool.model.since(24, 29) {
		grain = sessionGrain
	}
	if now.Sub(t.at("session", ref, "last_active")) > grain {
		t.set("session", ref, "last_active", now)
	}
}

// trackID is how xapi names a session in SESSION_NOT_REGISTERED without giving it away.
func trackID(session string) string {
	sum := md5.Sum([]byte(session))
	return "trackid=" + hex.EncodeToString(sum[:])
}

// checkSession is xapi's check of a session on the member that a call came in on. It blocks on a member whose master is
// gone, without limit, as xapi does: the session stands in the master's database. It goes on when there is a master.
func (c *call) checkSession() error {
	for {
		wait, run, err := c.lookUpSession()
		if wait == nil {
			return err
		}
		select {
		case <-wait:
			c.life = c.pool.lockedLifeOf(c.member)
		case <-run.done():
			return errLifeEnded
		}
	}
}

// lookUpSession says what to wait for if the master that the member would ask is gone, and which run of its xapi waits.
// A session of the member itself is good there, as far as the call does without a database.
func (c *call) lookUpSession() (wait <-chan struct{}, run *extent, err error) {
	p := c.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	onMaster := c.member.life != nil
	local := c.member.local[c.session]
	if local && (!c.life.over() || c.message == nil || p.schema.worksInEmergency(c.method)) {
		return nil, nil, nil
	}
	if c.life.over() {
		if onMaster {
			return nil, nil, errLifeEnded
		}
		return p.linked.next(), c.member.run, nil
	}
	t := &tx{life: c.life}
	switch {
	case !t.exists("session", c.session):
		return nil, nil, fail("SESSION_INVALID", c.session)
	case t.flag("session", c.session, "pool"): // good everywhere, for everything
	case c.message != nil && c.message.PoolInternal:
		return nil, nil, internalError(`Internal API "` + c.method + `" call attempted with non-pool (external) session`)
	case !onMaster:
		return nil, nil, fail("HOST_IS_SLAVE", t.str("host", t.str("pool", t.the("pool"), "master"), "address"))
	}
	t.touchSession(c.session)
	return nil, nil, nil
}

// SessionCount is the number of sessions on the present master.
func (p *Pool) SessionCount() int {
	n := 0
	p.view(func(t *tx) { n = len(t.all("session")) })
	return n
}
