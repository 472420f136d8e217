package simulator

import (
	"slices"
	"strings"
)

// User is somebody other than root who may log in: a subject of the pool with one role.
type User struct {
	Name     string
	Password string
	Role     string // pool-admin, pool-operator, vm-power-admin, vm-admin, vm-operator or read-only
}

// guarded is what a call does if the session's roles allow it. The denial is the call's own failure: that of a
// synchronous one in its reply, that of an asynchronous one in its task.
func (c *call) guarded(b behaviour) behaviour {
	if !c.message.Session || c.isRoot() {
		return b
	}
	if err := c.checkPermission(); err != nil {
		return func(*call) (any, error) { return nil, err }
	}
	return b
}

// isRoot says that the session is of local root, who may do everything: also a member's own local session.
func (c *call) isRoot() bool {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	t := &tx{life: c.life}
	return c.member.local[c.session] || !t.exists("session", c.session) || t.flag("session", c.session, "is_local_superuser") ||
		t.str("session", c.session, "subject") == nullRef
}

// checkPermission is RBAC_PERMISSION_DENIED unless the session has the permission of the call. xapi: a key of a map
// that has roles of its own is looked at instead of the map.
func (c *call) checkPermission() error {
	name, roles := c.message.wire, c.message.Roles
	if len(c.message.MapKeysRoles) > 0 && len(c.params) > 1 {
		key, _ := c.params[1].(string)
		for _, k := range c.message.MapKeysRoles {
			prefix, wild := strings.CutSuffix(k.Key, "*")
			if k.Key == key || wild && strings.HasPrefix(key, prefix) {
				name, roles = name+"/key:"+k.Key, k.Roles
				break
			}
		}
	}
	return c.needs(name, roles)
}

// needs is RBAC_PERMISSION_DENIED unless the session has a permission; roles are those that have it.
func (c *call) needs(permission string, roles []string) error {
	permission = strings.ToLower(permission)
	var granted Set
	_ = c.view(func(t *tx) error { granted = t.members("session", c.session, "rbac_permissions"); return nil }) // none: denied
	if slices.Contains(granted, any(permission)) {
		return nil
	}
	return fail("RBAC_PERMISSION_DENIED", permission,
		"No permission in user session. (Roles with this permission: "+strings.Join(roles, ", ")+")")
}

// mayTouchTask says whether a session may destroy or cancel a task: its own, any for root and for who has anyTask.
func (c *call) mayTouchTask(ref string) error {
	if c.isRoot() {
		return nil
	}
	own := false
	_ = c.view(func(t *tx) error { // after the end of the life the call ends anyhow
		session := t.str("task", ref, "session")
		own = t.exists("session", session) && t.str("session", session, "auth_user_sid") == t.str("session", c.session, "auth_user_sid")
		return nil
	})
	if own {
		return nil
	}
	return c.needs(anyTask, []string{"pool-admin", "pool-operator"})
}

// userNamed finds a user who is not root.
func (p *Pool) userNamed(name string) (User, bool) {
	for _, u := range p.model.Users {
		if u.Name == name {
			return u, true
		}
	}
	return User{}, false
}

// newUserSession makes a session with the roles that a subject has now.
func (t *tx) newUserSession(name, originator string) (string, error) {
	sid := subjectIdentifier(name)
	found := t.find("subject", "subject_identifier", sid)
	if len(found) == 0 {
		return "", fail("RBAC_PERMISSION_DENIED", "session.login_with_password", "Subject has no role assigned")
	}
	book := t.life.pool.schema.roles()
	var granted Set
	for _, role := range t.strs("subject", found[0], "roles") {
		if r := book.byRef[role]; r != nil {
			granted = append(granted, book.granted[r.get("name_label").(string)]...)
		}
	}
	if len(granted) == 0 {
		return "", fail("RBAC_PERMISSION_DENIED", "session.login_with_password", "Subject has no role assigned")
	}
	ref := t.newSession(originator)
	t.set("session", ref, "is_local_superuser", false)
	t.set("session", ref, "subject", found[0])
	t.set("session", ref, "auth_user_sid", sid)
	t.set("session", ref, "auth_user_name", name)
	t.set("session", ref, "rbac_permissions", granted)
	return ref, nil
}
