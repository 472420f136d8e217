package suite

import (
	"fmt"
	"slices"
)

func sessionCases() []Case {
	return []Case{
		{Name: "login/wrong password", Run: wrongPassword},
		{Name: "login/too few parameters", Run: func(r *Run) error {
			return r.refused([]string{"MESSAGE_PARAMETER_COUNT_MISMATCH", "session.login_with_password"}, "session.login_with_password", "x")
		}},
		{Name: "login/logout ends the session", Run: logsOut},
		{Name: "session/unknown", Run: func(r *Run) error {
			return r.refused([]string{"SESSION_INVALID", noSuchObject}, "VM.get_all", noSuchObject)
		}},
		{Name: "session/knows who made it", Run: sessionFields},
		{Name: "session/one ends without the other", Run: sessionsApart},
		{Name: "session/cannot end twice", Run: func(r *Run) error {
			if _, err := r.call("session.logout"); err != nil {
				return err
			}
			return r.refused([]string{"SESSION_INVALID", r.session}, "session.logout", r.session)
		}},
	}
}

func wrongPassword(r *Run) error {
	return r.refused([]string{"SESSION_AUTHENTICATION_FAILED", r.Username}, "session.login_with_password", r.Username, r.Password+"x", "1.0", originator)
}

func logsOut(r *Run) error {
	if _, err := r.call("session.logout"); err != nil {
		return err
	}
	return r.refused([]string{"SESSION_INVALID"}, "VM.get_all", r.session)
}

func sessionFields(r *Run) error {
	if err := r.wantText(originator, "session.get_originator", r.session); err != nil {
		return err
	}
	host, err := r.text("session.get_this_host", r.session)
	if err != nil {
		return err
	}
	v, err := r.call("host.get_all")
	if err := unless(err, slices.Contains(texts(v), host), "this_host %s is none of the hosts", host); err != nil {
		return err
	}
	uuid, err := r.text("session.get_uuid", r.session)
	if err != nil {
		return err
	}
	return r.wantText(r.session, "session.get_by_uuid", uuid)
}

func sessionsApart(r *Run) error {
	v, err := r.raw("session.login_with_password", r.Username, r.Password, "1.0", originator)
	if err != nil {
		return err
	}
	other, _ := v.(string)
	if other == r.session {
		return fmt.Errorf("two logins gave one session")
	}
	if _, err := r.raw("session.logout", other); err != nil {
		return err
	}
	if err := r.refused([]string{"SESSION_INVALID", other}, "pool.get_all", other); err != nil {
		return err
	}
	_, err = r.call("pool.get_all")
	return err
}
