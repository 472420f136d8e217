package reconcile

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// ownerOf makes an owner id that is the same in every life of a controller of this pool.
func ownerOf(poolUUID, originator string) string {
	sum := sha256.Sum256([]byte(poolUUID + "\n" + originator))
	return hex.EncodeToString(sum[:8])
}

// owner is our id; false as long as it cannot be known, because the pool has not been listed.
func (c *Controller) owner(snap store.Snapshot) (string, bool) {
	if c.cfg.Owner != "" {
		return c.cfg.Owner, true
	}
	_, pool, ok := snap.Pool()
	if !ok || pool.UUID == "" {
		return "", false
	}
	return ownerOf(pool.UUID, c.cfg.Originator), true
}

// ours reports whether a task bears our mark, and what it says.
func (c *Controller) ours(snap store.Snapshot, task *xen.Task) (xapi.TaskMark, bool) {
	m := xapi.MarkOf(task)
	if m.Owner == "" {
		return m, false
	}
	owner, ok := c.owner(snap)
	return m, ok && m.Owner == owner
}
