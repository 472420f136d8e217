package plan

import (
	"fmt"
	"maps"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Limits are the budgets: how many of our operations may run at once. Zero: the default.
type Limits struct {
	Starts     int // starts and resumes in the pool; default 4. xapi: a host's domain manager works on 4 VMs at a time
	Migrations int // migrations in the pool; default 2
	HostIn     int // migrations to one host; default 1
	HostOut    int // migrations from one host; default 1
}

// WithDefaults fills in what is zero.
func (l Limits) WithDefaults() Limits {
	fill := func(n *int, byDefault int) {
		if *n <= 0 {
			*n = byDefault
		}
	}
	fill(&l.Starts, 4)
	fill(&l.Migrations, 2)
	fill(&l.HostIn, 1)
	fill(&l.HostOut, 1)
	return l
}

// Usage is how much of the budgets is taken. It is not for concurrent use.
type Usage struct {
	limits     Limits
	starts     int
	migrations int
	in, out    map[xen.HostRef]int
}

// NewUsage makes the usage of nothing yet.
func NewUsage(l Limits) *Usage {
	return &Usage{limits: l.WithDefaults(), in: map[xen.HostRef]int{}, out: map[xen.HostRef]int{}}
}

// Full says which budget has no room for an action; empty: there is room.
func (u *Usage) Full(a Action) string {
	switch {
	case a.Verb.Starts() && u.starts >= u.limits.Starts:
		return fmt.Sprintf("%d of %d starts are in flight", u.starts, u.limits.Starts)
	case a.Verb != Migrate:
		return ""
	case u.migrations >= u.limits.Migrations:
		return fmt.Sprintf("%d of %d migrations are in flight", u.migrations, u.limits.Migrations)
	case u.in[a.Host] >= u.limits.HostIn:
		return fmt.Sprintf("%d of %d migrations to %s are in flight", u.in[a.Host], u.limits.HostIn, a.HostName)
	case u.out[a.From] >= u.limits.HostOut:
		return fmt.Sprintf("%d of %d migrations from its host are in flight", u.out[a.From], u.limits.HostOut)
	}
	return ""
}

// Take counts an action, whether there is room or not: what runs already counts in any case.
func (u *Usage) Take(a Action) { u.count(a, 1) }

// Release takes back what Take counted.
func (u *Usage) Release(a Action) { u.count(a, -1) }

// Clone is a copy that can be changed alone.
func (u *Usage) Clone() *Usage {
	c := *u
	c.in, c.out = maps.Clone(u.in), maps.Clone(u.out)
	return &c
}

func (u *Usage) count(a Action, by int) {
	switch {
	case a.Verb.Starts():
		u.starts += by
	case a.Verb == Migrate:
		u.migrations += by
		u.in[a.Host] += by
		u.out[a.From] += by
	}
}
