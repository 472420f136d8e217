package simulator

import (
	"testing"
	"testing/synctest"
	"time"
)

// Each group has a number of sessions of its own: 400 of root without an originator, 500 of an originator, 500 of a user
// who is not root, whatever originator he names.
func TestSessionGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{Hosts: 1, VMs: 1, Users: people})
		login := func(n int, user, password string, originator func(int) string) {
			w := dial(t, p, "10.0.0.1")
			for i := range n {
				if _, err := w.raw("session.login_with_password", user, password, "1.0", originator(i)); err != nil {
					t.Fatal(err)
				}
			}
		}
		name := func(s string) func(int) string { return func(int) string { return s } }
		login(410, "root", "xenroot", name(""))
		login(510, "root", "xenroot", name("a"))
		login(450, "root", "xenroot", name("b"))
		login(450, "bob", "b", name(""))
		login(510, "dave", "d", func(i int) string { return string(rune('a' + i%26)) })
		time.Sleep(collectEvery + time.Second)
		got := map[string]int{}
		p.view(func(t *tx) {
			for _, s := range t.all("session") {
				originator := t.str("session", s, "originator")
				if user := t.str("session", s, "auth_user_name"); user != "root" {
					got[user]++
				} else {
					got["root "+originator]++
				}
			}
		})
		for group, want := range map[string]int{"root ": 400, "root a": 500, "root b": 450, "bob": 450, "dave": 500} {
			if got[group] != want {
				t.Errorf("%d sessions of %q are left, want %d", got[group], group, want)
			}
		}
	})
}

// Whoever has lost his role loses his sessions within five minutes; others keep theirs.
func TestSessionsAreRevalidated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{Hosts: 1, VMs: 1, Users: people})
		alice, bob, root := loginAs(t, p, "alice", "a"), loginAs(t, p, "bob", "b"), login1(t, p)
		subject := root.must("session.get_subject", alice.session)
		root.must("subject.destroy", subject)
		alice.must("VM.get_all")
		time.Sleep(revalidateEvery + collectEvery)
		if got := alice.refused("VM.get_all"); got != "SESSION_INVALID | "+alice.session {
			t.Error(got)
		}
		bob.must("VM.get_all")
		root.must("VM.get_all")
	})
}

// More than 10,000 alerts are not kept: the oldest go.
func TestOldMessagesAreCollected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{Hosts: 1, VMs: 1})
		var first, last string
		write(p, func(t *tx) {
			first = t.create("message", values{"name": "FIRST"})
			for range messagesKept {
				last = t.create("message", values{"name": "X"})
			}
		})
		time.Sleep(collectEvery + time.Second)
		p.view(func(tx *tx) {
			if n := len(tx.all("message")); n != messagesKept || tx.exists("message", first) || !tx.exists("message", last) {
				t.Errorf("%d messages are left, the first %v, the last %v", n, tx.exists("message", first), tx.exists("message", last))
			}
		})
	})
}
