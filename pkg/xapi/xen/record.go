package xen

// Record is a record of any class: a pointer to one of the generated structs. Records that came from a server are
// read-only for everybody.
type Record interface {
	// Class is the class that the record belongs to.
	Class() Class
	// ObjectUUID is the object's uuid; empty where the class has none.
	ObjectUUID() string
}

// NameOf returns the name_label of a record; empty where its class has none. xapi: name_labels are not unique.
func NameOf(r Record) string {
	if named, ok := r.(interface{ ObjectName() string }); ok {
		return named.ObjectName()
	}
	return ""
}

// Object is a record with the reference that names it.
type Object struct {
	Ref    string
	Record Record
}

// SkippedObject is an object of a list whose record could not be read.
type SkippedObject struct {
	Ref string
	Err error
}

// ObjectList is the result of listing a class: all objects in the order of the wire.
type ObjectList struct {
	Class   Class
	Objects []Object
	// Skipped holds the objects whose records could not be read, so that one bad record does not hide the others.
	Skipped []SkippedObject
	// Memory, if the caller sets it, makes Objects hold the same records as the last list read with it, wherever nothing
	// has changed.
	Memory *Memory
}

// Event is one change as event.next and event.from tell it.
type Event struct {
	// ID is the number of the event. xapi: event.next counts from 0 at each start of the server; in event.from it is the
	// generation of the change, and 0 for messages.
	ID int64
	// Timestamp is the server's text, seconds since 1970 with a trailing dot. xapi: "1787277623."; "0.0" in event.from.
	Timestamp string
	// Class in the API's spelling; a word that the datamodel does not know is kept as it came.
	Class Class
	// Operation is EventAdd, EventMod or EventDel.
	Operation EventOperation
	// Ref names the object.
	Ref string
	// Snapshot is the whole object; nil where the server sent none or the class is unknown. xapi: event.next sends one for
	// deletions too, as it was before; event.from does not.
	Snapshot Record
	// Raw is the snapshot as it is written, in XML or JSON, where the class is unknown.
	Raw []byte
	// Err says why the snapshot could not be read; the object has to be asked for.
	Err error
}

// EventBatch is the result of event.from.
type EventBatch struct {
	Events []Event
	// ValidRefCounts is the number of live objects of each class, by event word.
	ValidRefCounts Map[string, int64]
	// Token is where the next event.from goes on.
	Token string
}
