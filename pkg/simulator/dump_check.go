package simulator

import (
	"fmt"
	"slices"
)

// needed are the references without which a pool cannot live: of a class, a field, and what it points to. Whatever else
// points nowhere is left as it is; a real pool has such references too.
func needed() []struct{ class, field, target string } {
	return []struct{ class, field, target string }{
		{"host", "metrics", "host_metrics"}, {"PBD", "host", "host"}, {"PBD", "SR", "SR"}, {"PIF", "host", "host"},
	}
}

// check refuses a dump of a pool that could not live, and says which object is to blame.
func (d *Dump) check() error {
	seen := map[string]string{}
	for _, c := range d.classes {
		for _, row := range c.rows {
			record, ok := row.Value.(Map)
			if !ok {
				return fmt.Errorf("%s %s is no record", c.name, row.Key)
			}
			if other := seen[row.Key]; other != "" {
				return fmt.Errorf("%s and %s have one reference, %s", other, c.name, row.Key)
			}
			seen[row.Key] = c.name
			if c.name == "VM" {
				if err := d.checkResidence(row.Key, record); err != nil {
					return err
				}
			}
		}
	}
	for _, n := range needed() {
		for _, row := range d.of(n.class) {
			if ref := hostText(row, n.field); seen[ref] != n.target {
				return fmt.Errorf("%s %s: its %s is %q, and no %s of the dump", n.class, row.Key, n.field, ref, n.target)
			}
		}
	}
	return nil
}

// checkResidence refuses a VM that lives on a host that there is not.
func (d *Dump) checkResidence(vm string, record Map) error {
	state, _ := record.Get("power_state")
	word, _ := state.(string)
	host, _ := record.Get("resident_on")
	if !slices.Contains([]string{running, paused}, word) {
		return nil
	}
	ref, _ := host.(string)
	if _, ok := d.of("host").Get(ref); !ok {
		return fmt.Errorf("VM %s is %s on %q, and that is no host of the dump", vm, word, ref)
	}
	return nil
}

// Ignored lists what a dump has that a release of xapi ("24.19.2"; "": that of the dump) has not: classes, and fields as
// CLASS.FIELD. A pool that is made of the dump goes without them.
func (d *Dump) Ignored(version string) ([]string, error) {
	if version == "" {
		version = d.version()
	}
	s, err := schemaOf(parseRelease(wholeVersion(version)))
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	var unknown []string
	for _, dumped := range d.classes {
		c := s.classes[dumped.name]
		if c == nil || !c.present {
			unknown = append(unknown, dumped.name)
			continue
		}
		if len(dumped.rows) == 0 {
			continue
		}
		record, _ := dumped.rows[0].Value.(Map) // the records of a class are alike
		for _, f := range record {
			if i, ok := c.position[f.Key]; !ok || i >= c.public() {
				unknown = append(unknown, c.Name+"."+f.Key)
			}
		}
	}
	return unknown, nil
}

// version is the xapi that a dump is of, by its first host; "" if that does not say.
func (d *Dump) version() string {
	hosts := d.of("host")
	if len(hosts) == 0 {
		return ""
	}
	record, _ := hosts[0].Value.(Map)
	software, _ := record.Get("software_version")
	words, _ := software.(Map)
	build, _ := words.Get("xapi_build")
	text, _ := build.(string)
	return text
}
