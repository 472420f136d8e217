package simulator

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

// of returns the rows of a class.
func (d *Dump) of(class string) Map {
	for _, c := range d.classes {
		if c.name == class {
			return c.rows
		}
	}
	return nil
}

// fitted is the model with what a dump decides: the hosts, and the version unless one is given.
func (d *Dump) fitted(m Model) (Model, error) {
	hosts, pools := d.of("host"), d.of("pool")
	if len(pools) != 1 || len(hosts) == 0 {
		return m, fmt.Errorf("the dump has %d pools and %d hosts: one pool and its hosts are wanted", len(pools), len(hosts))
	}
	if err := d.check(); err != nil {
		return m, fmt.Errorf("the dump: %w", err)
	}
	if len(m.Users) > 0 {
		return m, errors.New("a dump has its own subjects: it goes with no Users")
	}
	m.Hosts, m.VMs = len(hosts), -1
	if m.Version == "" {
		m.Version = d.version()
	}
	return m, nil
}

// takeMembers makes the members the hosts of a dump, and returns the one that is its master.
func (p *Pool) takeMembers(d *Dump) (*member, error) {
	pool, _ := d.of("pool")[0].Value.(Map)
	master, _ := pool.Get("master")
	var first *member
	rows := slices.Clone(d.of("host"))
	slices.SortStableFunc(rows, func(a, b Entry) int { // the master is the first host of the pool, the others follow by name
		switch {
		case a.Key == master:
			return -1
		case b.Key == master:
			return 1
		}
		return strings.Compare(hostText(a, "name_label"), hostText(b, "name_label"))
	})
	for i, row := range rows {
		m := p.members[i]
		m.host, m.hostUUID, m.name, m.address = row.Key, hostText(row, "uuid"), hostText(row, "name_label"), hostText(row, "address")
		m.url = "http://" + m.address
		if row.Key == master {
			first = m
		}
	}
	if first == nil {
		return nil, errors.New("the dump's pool has a master that is none of its hosts")
	}
	for _, m := range p.members {
		m.follows = first.address
		m.conf = slaveOf(first.address)
	}
	return first, nil
}

// hostText is a string of a host's record.
func hostText(row Entry, field string) string {
	record, _ := row.Value.(Map)
	v, _ := record.Get(field)
	s, _ := v.(string)
	return s
}

// play fills an empty database with the objects of a dump, as they are: nothing is computed anew.
func (d *Dump) play(t *tx) error {
	s := t.life.pool.schema
	for _, dumped := range d.classes {
		c := s.classes[dumped.name]
		if c == nil || !c.present {
			continue // of another release
		}
		for _, row := range dumped.rows {
			record, _ := row.Value.(Map) // d.check has seen that it is one
			if err := t.playRow(c, row.Key, record); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *tx) playRow(c *class, ref string, in Map) error {
	now := &record{class: c, ref: ref, values: slices.Clone(c.initial)}
	for i, f := range c.Fields {
		v, given := in.Get(f.Name)
		if !given || v == "" && f.Parsed.Kind != datamodel.String {
			continue // a field that its server did not have, or an empty one
		}
		x, err := t.life.pool.schema.convert(v, f.Parsed)
		if err != nil {
			return fmt.Errorf("%s.%s of %s: %w", c.Name, f.Name, ref, err)
		}
		now.values[i] = x
	}
	if i, ok := c.position["current_operations"]; ok {
		now.values[i] = c.initial[i] // nobody works on them here
	}
	r := &row{now: now}
	tab := t.table(c.Name)
	tab.rows[ref], tab.order = r, nil
	t.touch(r)
	r.created = r.modified
	return nil
}
