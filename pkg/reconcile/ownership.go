package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// The keys of our marks in a task's other_config. Those that came with the call have "http:" before them; xapi puts
// them there before the task is seen by anybody. Those without were added afterwards.
const (
	markOwner = "xencontroller-owner"
	markVM    = "xencontroller-vm"
	markID    = "xencontroller-operation"
)

// mark is what a task says of itself.
type mark struct{ owner, vmUUID, id string }

// markOf reads our marks from a task, whoever's they are. HTTP header names know no case.
func markOf(task *xen.Task) mark {
	var m mark
	for key, value := range task.OtherConfig.All() {
		switch strings.TrimPrefix(strings.ToLower(key), "http:") {
		case markOwner:
			m.owner = value
		case markVM:
			m.vmUUID = value
		case markID:
			m.id = value
		}
	}
	return m
}

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
func (c *Controller) ours(snap store.Snapshot, task *xen.Task) (mark, bool) {
	m := markOf(task)
	if m.owner == "" {
		return m, false
	}
	owner, ok := c.owner(snap)
	return m, ok && m.owner == owner
}

// ended reports whether a task is over. xapi: the status is written last, so that what else the record says is final
// once it is not pending; "cancelling" is never written.
func ended(task *xen.Task) bool {
	return task.Status != xen.TaskPending && task.Status != xen.TaskCancelling
}
