package xapi

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Permissions are what a session may do. xapi: they are given at the login, by the roles of who logs in; the local
// superuser (root) may do everything.
type Permissions struct {
	Superuser bool
	names     map[string]bool
}

// May reports whether a message may be called: VM.start or Async.VM.start. A key of a map may have a permission of its
// own: VM.add_to_other_config/key:folder.
func (p Permissions) May(method string) bool {
	return p.Superuser || p.names[strings.ToLower(strings.TrimPrefix(method, "Async."))]
}

// Names lists the permissions in order, in lower case, as xapi writes them. A superuser has none: it needs none.
func (p Permissions) Names() []string { return slices.Sorted(maps.Keys(p.names)) }

// Permissions asks the pool what this session may do; once, for they do not change while it lasts.
func (s *Session) Permissions(ctx context.Context) (Permissions, error) {
	s.mu.Lock()
	known := s.may
	s.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	self := xen.SessionRef(s.ref.reveal())
	root, err := Call(ctx, s, self.GetIsLocalSuperuser())
	if err != nil {
		return Permissions{}, fmt.Errorf("asking what the session may do: %w", err)
	}
	names, err := Call(ctx, s, self.GetRBACPermissions())
	if err != nil {
		return Permissions{}, fmt.Errorf("asking what the session may do: %w", err)
	}
	p := Permissions{Superuser: root, names: make(map[string]bool, len(names))}
	for _, name := range names {
		p.names[strings.ToLower(name)] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.may = &p
	return p, nil
}

// May reports whether this session may call a message; see [Permissions.May].
func (s *Session) May(ctx context.Context, method string) (bool, error) {
	p, err := s.Permissions(ctx)
	return p.May(method), err
}
