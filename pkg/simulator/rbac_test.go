package simulator

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The roles of the default release are those of the recorded xapi, reference by reference.
func TestRolesOfTheRecordedRelease(t *testing.T) {
	w := login1(t, Start(t, Model{VMs: -1}))
	wantLines(t, "testdata/roles-24.19.2.txt", wordsOf(w.must("role.get_all").(Set)))
	operator := w.must("role.get_by_name_label", "vm-operator").(Set)[0]
	if got := w.must("role.get_uuid", operator); operator != "OpaqueRef:"+got.(string) {
		t.Errorf("role %s has the uuid %s", operator, got)
	}
	labels := wordsOf(w.must("role.get_permissions_name_label", operator).(Set))
	joined := " " + strings.Join(labels, " ") + " "
	if !strings.Contains(joined, " vm.start ") || strings.Contains(joined, " vm.destroy ") {
		t.Errorf("vm-operator may %v", labels)
	}
	if got := w.must("role.get_by_permission_name_label", "vm.destroy").(Set); len(got) != 4 {
		t.Errorf("%d roles may destroy VMs, want 4", len(got))
	}
	if got := w.refused("role.get_record", "OpaqueRef:x"); got != "HANDLE_INVALID | role | OpaqueRef:x" {
		t.Error(got)
	}
}

var people = []User{{"alice", "a", "vm-operator"}, {"bob", "b", "read-only"}, {"carol", "c", "pool-operator"}, {"dave", "d", "vm-admin"}}

func loginAs(t *testing.T, p *Pool, name, password string) *wire {
	t.Helper()
	w := dial(t, p, "10.0.0.1")
	v, err := w.raw("session.login_with_password", name, password, "1.0", "test")
	if err != nil {
		t.Fatal(err)
	}
	w.session = v.(string)
	return w
}

func TestPermissions(t *testing.T) {
	p := Start(t, Model{VMs: 4, Users: people})
	who := map[string]*wire{}
	for _, u := range people {
		who[u.Name] = loginAs(t, p, u.Name, u.Password)
	}
	vm := string(p.VMRef("app-1")) // Halted
	const denied = "RBAC_PERMISSION_DENIED | "
	for _, c := range []struct {
		user, method string
		params       []any
		want         string // "" is allowed
	}{
		{"bob", "VM.get_record", []any{vm}, ""},
		{"bob", "VM.start", []any{vm, false, false}, denied + "vm.start | No permission in user session. (Roles with this permission: pool-admin, pool-operator, vm-power-admin, vm-admin, vm-operator)"},
		{"bob", "VM.set_name_label", []any{vm, "x"}, denied + "vm.set_name_label | No permission in user session. (Roles with this permission: pool-admin, pool-operator, vm-power-admin, vm-admin)"},
		{"alice", "VM.destroy", []any{vm}, denied + "vm.destroy | No permission in user session. (Roles with this permission: pool-admin, pool-operator, vm-power-admin, vm-admin)"},
		{"alice", "VM.add_to_other_config", []any{vm, "a", "b"}, denied + "vm.add_to_other_config | No permission in user session. (Roles with this permission: pool-admin, pool-operator, vm-power-admin, vm-admin)"},
		{"alice", "VM.add_to_other_config", []any{vm, "folder", "/a"}, ""},
		{"alice", "VM.add_to_other_config", []any{vm, "XenCenter.CustomFields.x", "1"}, ""},
		{"dave", "VM.add_to_other_config", []any{vm, "pci", "0"}, denied + "vm.add_to_other_config/key:pci | No permission in user session. (Roles with this permission: pool-admin)"},
		{"bob", "VM.remove_from_other_config", []any{vm, "folder"}, denied + "vm.remove_from_other_config/key:folder | No permission in user session. (Roles with this permission: pool-admin, pool-operator, vm-power-admin, vm-admin, vm-operator)"},
		{"carol", "session.change_password", []any{"a", "b"}, denied + "session.change_password | No permission in user session. (Roles with this permission: )"},
		{"carol", "host.disable", []any{p.members[1].host}, ""},
		{"bob", "VM.start", []any{vm}, "MESSAGE_PARAMETER_COUNT_MISMATCH | VM.start | 3 | 1"}, // counted first
	} {
		if c.want == "" {
			who[c.user].must(c.method, c.params...)
		} else if got := who[c.user].refused(c.method, c.params...); got != c.want {
			t.Errorf("%s, %s: %s\nwant %s", c.user, c.method, got, c.want)
		}
	}
	session := who["alice"].must("session.get_record", who["alice"].session)
	if name, root := field(session, "auth_user_name"), field(session, "is_local_superuser"); name != "alice" || root != false {
		t.Errorf("the session is of %v, local root: %v", name, root)
	}
	if n := len(field(session, "rbac_permissions").(Set)); n < 500 {
		t.Errorf("the session has %d permissions", n)
	}
}

// A denied asynchronous call answers with a task, and the denial is in it.
func TestDenialInTheTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 4, Users: people})
		bob := loginAs(t, p, "bob", "b")
		task := bob.must("Async.VM.start", string(p.VMRef("app-1")), false, false)
		synctest.Wait()
		record := bob.must("task.get_record", task)
		if status := field(record, "status"); status != "failure" {
			t.Errorf("the task is %v", status)
		}
		if info := wordsOf(field(record, "error_info").(Set)); len(info) != 3 || info[0] != "RBAC_PERMISSION_DENIED" || info[1] != "vm.start" {
			t.Errorf("its error is %q", info)
		}
	})
}

// Tasks are seen by everybody, and destroyed by their owner, pool-operators and up, and root.
func TestTasksOfOthers(t *testing.T) {
	p := Start(t, Model{VMs: -1, Users: people})
	alice, bob, carol := loginAs(t, p, "alice", "a"), loginAs(t, p, "bob", "b"), loginAs(t, p, "carol", "c")
	task := alice.must("task.create", "a", "")
	if got := field(bob.must("task.get_all_records"), task.(string)); got == nil {
		t.Error("bob does not see the task of alice")
	}
	for _, method := range []string{"task.destroy", "task.cancel"} {
		if got := bob.refused(method, task); !strings.HasPrefix(got, "RBAC_PERMISSION_DENIED | task.destroy/any | No permission in user session. (Roles with this permission: pool-admin, pool-operator)") {
			t.Errorf("%s: %s", method, got)
		}
	}
	if got := bob.refused("task.destroy", "OpaqueRef:x"); got != "HANDLE_INVALID | task | OpaqueRef:x" {
		t.Error(got)
	}
	loginAs(t, p, "alice", "a").must("task.cancel", task) // another session of hers
	carol.must("task.destroy", task)
	login1(t, p).must("task.destroy", bob.must("task.create", "b", ""))
}

// Without the right password, or a role, nobody comes in; roles are looked at when somebody logs in.
func TestSubjects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: -1, Users: people})
		root := login1(t, p)
		began := time.Now()
		if _, err := root.raw("session.login_with_password", "alice", "b"); err == nil || !strings.HasPrefix(err.Error(), "SESSION_AUTHENTICATION_FAILED[alice, ") {
			t.Errorf("a wrong password: %v", err)
		}
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("it took %s", took)
		}
		alice := loginAs(t, p, "alice", "a")
		sids := root.must("session.get_all_subject_identifiers").(Set)
		if len(sids) != 1 || sids[0] != subjectIdentifier("alice") {
			t.Errorf("logged in are %v", sids)
		}
		subject := field(root.must("session.get_record", alice.session), "subject")
		operator := root.must("role.get_by_name_label", "vm-operator").(Set)[0]
		if got := root.refused("subject.add_to_roles", subject, operator); got != "ROLE_ALREADY_EXISTS" {
			t.Error(got)
		}
		if got := root.refused("subject.add_to_roles", subject, "OpaqueRef:x"); got != "ROLE_NOT_FOUND" {
			t.Error(got)
		}
		root.must("subject.remove_from_roles", subject, operator)
		root.must("session.logout_subject_identifier", sids[0])
		if got := alice.refused("VM.get_all"); !strings.HasPrefix(got, "SESSION_INVALID") {
			t.Error(got)
		}
		if _, err := alice.raw("session.login_with_password", "alice", "a"); err == nil || !strings.HasPrefix(err.Error(), "RBAC_PERMISSION_DENIED[session.login_with_password") {
			t.Errorf("without a role: %v", err)
		}
	})
}

func TestUsersOfAModel(t *testing.T) {
	for _, u := range []User{{"x", "x", "king"}, {"root", "x", "pool-admin"}, {"x", "x", "vm.start"}} {
		if p, err := New(Model{Users: []User{u}}); err == nil {
			p.Close()
			t.Errorf("%v is a user", u)
		}
	}
}
