package informer

import (
	"slices"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// publish tells everybody of changes that are in the store.
func (i *Informer) publish(changes []store.Change) {
	if len(changes) == 0 {
		return
	}
	i.tasks.changed(changes)
	snap := i.store.Snapshot()
	i.count.objects(snap, changes)
	if slices.ContainsFunc(changes, func(c store.Change) bool { return c.Class == xen.ClassHost }) {
		i.tellMembers(snap)
	}
	for _, h := range i.handlers {
		h.OnChange(changes)
	}
}

// tellMembers keeps the client's list of hosts, so that it finds a new master when it needs one. xapi: host.address is that
// of the management interface, and changes with it.
func (i *Informer) tellMembers(snap store.Snapshot) {
	var addresses []string
	for _, host := range store.All[xen.Host](snap) {
		if host.Address != "" {
			addresses = append(addresses, host.Address)
		}
	}
	slices.Sort(addresses)
	if slices.Equal(addresses, i.members) {
		return
	}
	i.members = addresses
	i.source.setMembers(slices.Clone(addresses))
}
