package xmlrpc

import "github.com/xencontroller/xencontroller/pkg/xapi/xen"

// objects reads a list of all objects of a class, as get_all_records returns it: a struct from reference to record.
// A record with a value of a wrong kind is left out and noted; the others are not hidden by it.
func (d *decoder) objects(list *xen.ObjectList) {
	for d.openStruct(); d.nextMember(); d.endMember() {
		ref := string(d.name)
		record := xen.NewRecord(list.Class)
		if record == nil {
			d.skip()
			continue
		}
		d.record(record)
		if err := d.takeBad(); err != nil {
			list.Skipped = append(list.Skipped, xen.SkippedObject{Ref: ref, Err: err})
			continue
		}
		list.Objects = append(list.Objects, xen.Object{Ref: ref, Record: record})
	}
}

// events reads the result of event.next.
func (d *decoder) events(events *[]xen.Event) {
	for d.openArray(); d.nextItem(); {
		var e xen.Event
		d.event(&e)
		*events = append(*events, e)
	}
}

// event reads one event. The snapshot can only be read once the class is known. xapi writes the class first; where
// another server does not, the snapshot is passed over and read at the end.
func (d *decoder) event(e *xen.Event) {
	snapshot := -1
	for d.openStruct(); d.nextMember(); d.endMember() {
		switch string(d.name) {
		case "id":
			e.ID = d.int()
		case "timestamp":
			e.Timestamp = d.text()
		case "class":
			e.Class = eventClass(d.word())
		case "operation":
			e.Operation = xen.EventOperation(d.word())
		case "ref":
			e.Ref = d.text()
		case "snapshot":
			if snapshot = d.pos; e.Class == "" {
				d.skip()
				continue
			}
			d.snapshot(e)
			snapshot = -1
		default:
			d.skip()
		}
	}
	if snapshot >= 0 && d.err == nil {
		end := d.pos
		d.pos = snapshot
		d.snapshot(e)
		d.pos = end
	}
}

// eventClass turns the word of an event into a class; a word that nobody knows is kept.
func eventClass(word string) xen.Class {
	if c, ok := xen.ClassByEventWord(word); ok {
		return c
	}
	return xen.Class(word)
}

// snapshot reads the object that an event carries. One that cannot be read is the event's error, not the stream's end.
func (d *decoder) snapshot(e *xen.Event) {
	record := xen.NewRecord(e.Class)
	if record == nil {
		d.skip()
		return
	}
	outer := d.takeBad()
	d.record(record)
	if e.Err = d.takeBad(); e.Err == nil {
		e.Snapshot = record
	}
	if outer != nil {
		d.mismatch(d.pos, "%v", outer)
	}
}

// batch reads the result of event.from.
func (d *decoder) batch(b *xen.EventBatch) {
	for d.openStruct(); d.nextMember(); d.endMember() {
		switch string(d.name) {
		case "events":
			d.events(&b.Events)
		case "valid_ref_counts":
			d.members(&b.ValidRefCounts)
		case "token":
			b.Token = d.text()
		default:
			d.skip()
		}
	}
}
