package simulator

import "time"

// migrationMishap is what goes wrong at the end of a migration within the pool, once its memory has been copied. It befalls
// VM.pool_migrate and VM.migrate_send of a Running VM; other calls go well.
type migrationMishap int

const (
	// HandshakeFails breaks the very last handshake of a migration: its task fails with INTERNAL_ERROR, and yet the VM runs
	// on its destination. The records say so some seconds later.
	HandshakeFails migrationMishap = iota + 1
	// GuestLost loses the guest while it is handed over: the migration fails with INTERNAL_ERROR, and the VM is Halted.
	GuestLost
)

// Strike implements Fault.
func (m migrationMishap) Strike(Call) Mishap { return m }
func (m migrationMishap) befall(f *fate)     { f.migration = m }

// resyncAfter is how long a destination's daemon takes to notice a VM that arrived without a word.
const resyncAfter = 5 * time.Second

// copiesAtMost is how often the memory of a guest that restarts meanwhile is copied. xapi: it is tried three times.
const copiesAtMost = 3

// mishap lets the end of a migration go wrong, if it shall: nil, it does not.
func (o *vmOperationCall) mishap(t *tx, to string) error {
	switch o.migration {
	case HandshakeFails:
		o.cancellableIn(t, false)
		t.arriveLate(o.vm, to)
		return internalError("xenopsd internal error: End_of_file")
	case GuestLost:
		o.cancellableIn(t, false)
		t.guestStopped(o.vm)
		return internalError("xenopsd internal error: the domain was lost while it was handed over")
	}
	return nil
}

// arriveLate lets the records of a VM follow it to its host, unless it is somewhere else by then.
func (t *tx) arriveLate(vm, to string) {
	l, domid, from := t.life, t.num("VM", vm, "domid"), t.str("VM", vm, "resident_on")
	l.pool.work.Go(func() {
		if !l.waits(resyncAfter) {
			return
		}
		_ = l.update(func(t *tx) error { // at its start the next master sees for itself
			if t.str("VM", vm, "power_state") == running && t.num("VM", vm, "domid") == domid && t.str("VM", vm, "resident_on") == from {
				t.innerTask("VM.pool_migrate_complete", nullRef, to, func(task string) { t.arrive(vm, to, task) })
				t.refreshVM(vm)
			}
			return nil
		})
	})
}

// sendMemory lets the memory of a guest travel. A guest that restarts meanwhile begins again in a new domain, and so does
// the copy.
func (o *vmOperationCall) sendMemory(from, to string) error {
	memory, domid, now := int64(0), int64(0), int64(0)
	look := func(t *tx) error {
		memory, now = t.num("VM", o.vm, "memory_dynamic_max"), t.num("VM", o.vm, "domid")
		return nil
	}
	for range copiesAtMost {
		if err := o.view(look); err != nil {
			return err
		}
		domid = now
		err := o.onHosts(from, to, func() error {
			return o.steps(o.takes(timingMigrate)+o.memoryTime(memory), 1./11, 10./11, 9)
		})
		if err != nil {
			return err
		}
		if err := o.view(look); err != nil || now == domid {
			return err
		}
	}
	return internalError("xenopsd internal error: the guest restarts again and again")
}
