package simulator

import "github.com/xencontroller/xencontroller/internal/datamodel"

// carrier copies rows of one database into another, under new references and with their uuids: what a host brings along
// when it joins a pool.
type carrier struct {
	from, to *tx
	host     string            // that joins, here
	renamed  map[string]string // references there, by those here
}

// bring copies what a host that joins has of its own: storage with its disks, and guests. What the pool has under the
// same uuid already is taken for the same.
func (c *carrier) bring() {
	c.networks()
	vms := c.guests()
	for _, s := range []struct {
		class string
		refs  []string
	}{
		{"SR", c.from.all("SR")},
		{"VDI", c.from.all("VDI")},
		{"PBD", c.from.find("PBD", "host", c.host)},
		{"VM_metrics", c.metricsOf(vms)},
		{"VM", vms},
		{"VBD", c.of(vms, "VBD")},
		{"VIF", c.of(vms, "VIF")},
	} {
		c.copy(s.class, s.refs)
	}
	c.refreshAll(vms)
}

// networks finds the pool's network for each bridge of a physical interface; what else a host has comes along.
func (c *carrier) networks() {
	var others []string
	for _, network := range c.from.all("network") {
		if there := c.to.networkOn(c.from.str("network", network, "bridge")); there != nullRef {
			c.renamed[network] = there
		} else {
			others = append(others, network)
		}
	}
	c.copy("network", others)
}

// guests are the VMs that are neither control domains nor templates that come with every host.
func (c *carrier) guests() (vms []string) {
	for _, vm := range c.from.all("VM") {
		if !c.from.flag("VM", vm, "is_control_domain") && !c.from.flag("VM", vm, "is_default_template") {
			vms = append(vms, vm)
		}
	}
	return vms
}

func (c *carrier) metricsOf(vms []string) (refs []string) {
	for _, vm := range vms {
		refs = append(refs, c.from.str("VM", vm, "metrics"))
	}
	return refs
}

// of are the devices of a class that belong to the VMs.
func (c *carrier) of(vms []string, class string) (refs []string) {
	for _, vm := range vms {
		refs = append(refs, c.from.find(class, "VM", vm)...)
	}
	return refs
}

// copy makes the rows of one class. All get their new references first: they may point at each other.
func (c *carrier) copy(class string, refs []string) {
	var fresh []string
	for _, ref := range refs {
		r := c.from.record(class, ref)
		if r == nil {
			continue
		}
		if there := c.to.find(class, "uuid", r.get("uuid")); len(there) > 0 {
			c.renamed[ref] = there[0]
			continue
		}
		c.renamed[ref] = c.to.life.pool.newRef()
		fresh = append(fresh, ref)
	}
	for _, ref := range fresh {
		c.to.createAs(class, c.renamed[ref], c.fields(c.from.record(class, ref)))
	}
}

// fields are those of a row that it brings along: sets that the other side keeps are made from there, what is not stored
// begins anew, and references to what stays behind are gone.
func (c *carrier) fields(r *record) values {
	v := values{}
	for i, f := range r.class.Fields {
		switch {
		case f.Name != "uuid" && !f.Persisted, f.Relation != nil && f.Parsed.Kind == datamodel.SetKind:
		case f.Parsed.Kind == datamodel.Ref:
			v[f.Name] = nullRef
			if there, ok := c.renamed[r.values[i].(string)]; ok {
				v[f.Name] = there
			}
		default:
			v[f.Name] = r.values[i]
		}
	}
	return v
}

func (c *carrier) refreshAll(vms []string) {
	for _, sr := range c.from.all("SR") {
		c.to.refreshSR(c.renamed[sr])
	}
	for _, vdi := range c.from.all("VDI") {
		c.to.refreshVDI(c.renamed[vdi])
	}
	for _, vm := range vms {
		c.to.refreshAll(c.renamed[vm])
	}
}
