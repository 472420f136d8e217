package simulator

import (
	"crypto/md5"
	"encoding/hex"
	"slices"
	"strings"
)

// roleBook are the roles of a release: one for each permission, then those that people have. xapi: they are part of
// the program, not of the database, so that they make no events, and their references never change.
type roleBook struct {
	ordered []*record
	byRef   map[string]*record
	byLabel map[string]*record
	granted map[string]Set // role that people have: labels of its permissions
}

// humanRoles are the roles that people have, in the order of role.get_all.
var humanRoles = [...][2]string{
	{"vm-power-admin", "The VM Power Administrator role has full access to VM and template management and can choose where to start VMs and use the dynamic memory control and VM snapshot features"},
	{"vm-admin", "The VM Administrator role can manage VMs and templates"},
	{"vm-operator", "The VM Operator role can use VMs and interact with VM consoles"},
	{"read-only", "The Read-Only role can log in with basic read-only access"},
	{"client-cert", "The role of a client that is known by its certificate"},
	{"pool-admin", "The Pool Administrator role has full access to all features and settings, including accessing Dom0 and managing subjects, roles and external authentication"},
	{"pool-operator", "The Pool Operator role manages host- and pool-wide resources, including setting up storage, creating resource pools and managing patches, high availability (HA) and workload balancing (WLB)"},
}

// permission is what a role may allow.
type permission struct {
	name  string // "VM.start", "VM.add_to_other_config/key:folder", "http/get_root"
	roles []string
}

// anyTask lets people end and destroy tasks of others.
const anyTask = "task.destroy/any"

// permissions lists what roles of a release allow, in xapi's order: messages and keys of maps, handlers, and one more.
func (s *schema) permissions() []permission {
	var list []permission
	for _, c := range s.ordered {
		for _, m := range c.messages {
			if len(m.Roles) == 0 {
				continue // local root alone
			}
			list = append(list, permission{m.wire, m.Roles})
			for _, k := range m.MapKeysRoles {
				if k.Key != "hvm_serial" || s.release.atLeast(release{24, 20, 0}) {
					list = append(list, permission{m.wire + "/key:" + k.Key, k.Roles})
				}
			}
		}
	}
	for _, h := range s.model.HTTPActions {
		if len(h.Roles) == 0 || !s.release.hasHandler(h.Name) {
			continue
		}
		list = append(list, permission{"http/" + h.Name, h.Roles})
		for _, sub := range h.SubActions {
			list = append(list, permission{"http/" + h.Name + "/" + sub.Action, sub.Roles})
		}
	}
	return append(list, permission{anyTask, []string{"pool-admin", "pool-operator"}})
}

// hasHandler says whether a release has a role for an HTTP handler. The newer ones have no lifecycle.
func (r release) hasHandler(name string) bool {
	switch name {
	case "get_vm_rrds", "get_host_rrds", "post_RPC2", "get_enabled_repository", "put_bundle":
		return r.atLeast(release{24, 20, 0})
	}
	return true
}

func (s *schema) newRoleBook() *roleBook {
	b := &roleBook{byRef: make(map[string]*record), byLabel: make(map[string]*record), granted: make(map[string]Set)}
	refs := make(map[string]Set)
	all := s.permissions()
	for _, p := range all {
		r := b.add(s, p.name, "A basic permission", Set{})
		for _, role := range p.roles {
			b.granted[role] = append(b.granted[role], strings.ToLower(p.name))
			refs[role] = append(refs[role], r.ref)
		}
	}
	for _, h := range humanRoles {
		if h[0] != "client-cert" || s.release.atLeast(release{21, 2, 0}) {
			b.add(s, h[0], h[1], refs[h[0]])
		}
	}
	return b
}

// add makes a role. xapi: its uuid is a hash of its name, and its label the name in lower case.
func (b *roleBook) add(s *schema, name, description string, subroles Set) *record {
	sum := md5.Sum([]byte(name))
	h := hex.EncodeToString(sum[:])
	uuid := h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	c := s.classes["role"]
	r := &record{class: c, ref: "OpaqueRef:" + uuid, values: slices.Clone(c.initial)}
	r.values[c.at("uuid")], r.values[c.at("name_label")] = uuid, strings.ToLower(name)
	r.values[c.at("name_description")], r.values[c.at("subroles")] = description, subroles
	r.values[c.at("is_internal")] = name == "client-cert"
	b.ordered = append(b.ordered, r)
	b.byRef[r.ref], b.byLabel[strings.ToLower(name)] = r, r
	return r
}

// roleBehaviours are the calls of class role, all on the book.
func roleBehaviours() map[string]behaviour {
	all := map[string]behaviour{
		"role.get_all":                      func(c *call) (any, error) { return refList(c.pool.schema.roles().ordered), nil },
		"role.get_all_records":              func(c *call) (any, error) { return recordList(c.pool.schema.roles().ordered), nil },
		"role.get_all_where":                func(c *call) (any, error) { list, err := c.rolesWhere(); return refList(list), err },
		"role.get_all_records_where":        func(c *call) (any, error) { list, err := c.rolesWhere(); return recordList(list), err },
		"role.get_by_uuid":                  roleByUUID,
		"role.get_by_name_label":            rolesByLabel,
		"role.get_record":                   onRole(func(_ *roleBook, r *record) any { return r }),
		"role.get_permissions":              onRole(func(_ *roleBook, r *record) any { return permissionsOf(r) }),
		"role.get_permissions_name_label":   onRole(func(b *roleBook, r *record) any { return b.labels(permissionsOf(r)) }),
		"role.get_by_permission":            onRole(func(b *roleBook, r *record) any { return refList(b.with(r)) }),
		"role.get_by_permission_name_label": rolesByPermissionLabel,
	}
	for _, field := range []string{"uuid", "name_label", "name_description", "subroles", "is_internal"} {
		all["role.get_"+field] = onRole(func(_ *roleBook, r *record) any { return r.get(field) })
	}
	return all
}

func onRole(f func(*roleBook, *record) any) behaviour {
	return func(c *call) (any, error) {
		book := c.pool.schema.roles()
		r := book.byRef[c.str(0)]
		if r == nil {
			return nil, noSuch("role", c.str(0))
		}
		return f(book, r), nil
	}
}

func (c *call) rolesWhere() (list []*record, err error) {
	f, err := parseFilter(c.str(0))
	if err != nil {
		return nil, err
	}
	for _, r := range c.pool.schema.roles().ordered {
		ok, err := f.matches(r)
		if err != nil {
			return nil, err
		}
		if ok {
			list = append(list, r)
		}
	}
	return list, nil
}

func roleByUUID(c *call) (any, error) {
	if r := c.pool.schema.roles().byRef["OpaqueRef:"+c.str(0)]; r != nil {
		return r.ref, nil
	}
	return nil, fail("UUID_INVALID", "role", c.str(0))
}

func rolesByLabel(c *call) (any, error) {
	if r := c.pool.schema.roles().byLabel[c.str(0)]; r != nil {
		return setOf(r.ref), nil
	}
	return Set{}, nil
}

func rolesByPermissionLabel(c *call) (any, error) {
	book := c.pool.schema.roles()
	if r := book.byLabel[c.str(0)]; r != nil {
		return refList(book.with(r)), nil
	}
	return Set{}, nil
}

// permissionsOf are the permissions of a role; a permission has itself.
func permissionsOf(r *record) Set {
	if subroles := r.get("subroles").(Set); len(subroles) > 0 {
		return subroles
	}
	return setOf(r.ref)
}

func (b *roleBook) labels(refs Set) Set {
	labels := make(Set, len(refs))
	for i, ref := range refs {
		labels[i] = b.byRef[ref.(string)].get("name_label")
	}
	return labels
}

// with lists the roles that have a permission.
func (b *roleBook) with(permission *record) (list []*record) {
	for _, r := range b.ordered {
		if hasMember(r.get("subroles").(Set), permission.ref) {
			list = append(list, r)
		}
	}
	return list
}
