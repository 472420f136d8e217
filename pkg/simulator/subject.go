package simulator

import (
	"fmt"
	"hash/crc32"
	"slices"
)

// subjectIdentifier is the security identifier of a user, as a directory would give it.
func subjectIdentifier(name string) string {
	return fmt.Sprintf("S-1-5-21-1085031214-1563985344-725345543-%d", 1000+crc32.ChecksumIEEE([]byte(name))%1_000_000)
}

// subjects makes a subject for each user of the model.
func (b *builder) subjects() error {
	book := b.life.pool.schema.roles()
	for _, u := range b.model.Users {
		role := book.byLabel[u.Role]
		if role == nil || len(role.get("subroles").(Set)) == 0 {
			return fmt.Errorf("user %q: there is no role %q", u.Name, u.Role)
		}
		if u.Name == "" || u.Name == "root" {
			return fmt.Errorf("user %q: a user has a name, and root has no role", u.Name)
		}
		b.create("subject", values{
			"subject_identifier": subjectIdentifier(u.Name), "roles": setOf(role.ref),
			"other_config": mapOf("subject-name", u.Name, "subject-sid", subjectIdentifier(u.Name), "subject-is-group", "false"),
		})
	}
	return nil
}

// subjectBehaviours are the calls of class subject that do more than read and write.
func subjectBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"subject.create":                      createSubject,
		"subject.add_to_roles":                addRole,
		"subject.remove_from_roles":           removeRole,
		"subject.get_permissions_name_label":  subjectPermissions,
		"session.logout_subject_identifier":   logoutSubject,
		"session.get_all_subject_identifiers": subjectsLoggedIn,
	}
}

func createSubject(c *call) (ref any, err error) {
	sid, _ := c.dict(0).Get("subject_identifier")
	err = c.view(func(t *tx) error {
		if len(t.find("subject", "subject_identifier", sid)) > 0 {
			return fail("SUBJECT_ALREADY_EXISTS")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return construct(c)
}

func addRole(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("subject", c.str(0)); err != nil {
			return err
		}
		roles := t.members("subject", c.str(0), "roles")
		switch {
		case c.pool.schema.roles().byRef[c.str(1)] == nil:
			return fail("ROLE_NOT_FOUND")
		case hasMember(roles, c.str(1)):
			return fail("ROLE_ALREADY_EXISTS")
		}
		t.set("subject", c.str(0), "roles", withMember(roles, c.str(1)))
		return nil
	})
}

func removeRole(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("subject", c.str(0)); err != nil {
			return err
		}
		roles := t.members("subject", c.str(0), "roles")
		if !hasMember(roles, c.str(1)) {
			return fail("ROLE_NOT_FOUND")
		}
		t.set("subject", c.str(0), "roles", withoutMember(roles, c.str(1)))
		return nil
	})
}

func subjectPermissions(c *call) (labels any, err error) {
	all := Set{}
	err = c.view(func(t *tx) error {
		if err := t.must("subject", c.str(0)); err != nil {
			return err
		}
		book := c.pool.schema.roles()
		for _, ref := range t.strs("subject", c.str(0), "roles") {
			if r := book.byRef[ref]; r != nil {
				all = append(all, book.labels(permissionsOf(r))...)
			}
		}
		return nil
	})
	return all, err
}

// logoutSubject ends every session of a user.
func logoutSubject(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		for _, session := range t.find("session", "auth_user_sid", c.str(0)) {
			if !t.flag("session", session, "is_local_superuser") {
				t.endSession(session)
			}
		}
		return nil
	})
}

func subjectsLoggedIn(c *call) (any, error) {
	var sids []string
	err := c.view(func(t *tx) error {
		for _, session := range t.all("session") {
			if sid := t.str("session", session, "auth_user_sid"); sid != "" && !slices.Contains(sids, sid) {
				sids = append(sids, sid)
			}
		}
		return nil
	})
	return setOf(sids...), err
}
