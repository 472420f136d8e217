package xmlrpc

import "slices"

// Raw is a value as it stands in the reply, from <value> to </value>: a target for those who look into it themselves.
type Raw []byte

// raw copies the next value.
func (d *decoder) raw(v *Raw) {
	d.space()
	start := d.pos
	d.skip()
	if d.err == nil {
		*v = slices.Clone(d.data[start:d.pos])
	}
}
