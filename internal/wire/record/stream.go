package record

import (
	"bytes"
	"reflect"
	"slices"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Stream reads the value of a reply. Lists, maps and events are read one object at a time, so that the window need not
// hold more than that.
func (c *Core) Stream(into any) {
	switch v := into.(type) {
	case *xen.ObjectList:
		c.objects(v)
	case *[]xen.Event:
		c.events(v)
	case *xen.EventBatch:
		c.batch(v)
	case *Raw:
		c.Attempt(c.limits.Reply, func() { c.Value(v) })
	case appender:
		list := reflect.ValueOf(into).Elem()
		c.members(func(i int) {
			list.SetLen(min(i, list.Len()))
			c.member(v)
		}, nil)
	default:
		if into != nil {
			if set := reflect.ValueOf(into).Elem(); set.Kind() == reflect.Slice {
				c.items(func(i int) {
					set.SetLen(min(i, set.Len()))
					c.element(set)
				}, nil)
				return
			}
		}
		c.Single(func() { c.Other(into) })
	}
}

// members walks over a struct with one attempt a member: read reads the value of the i-th, done takes it over.
func (c *Core) members(read func(i int), done func()) {
	c.each(c.lexer.OpenStruct, c.lexer.NextMember, read, done)
}

// items walks over an array with one attempt an item.
func (c *Core) items(read func(i int), done func()) {
	c.each(c.lexer.OpenArray, c.lexer.NextItem, read, done)
}

func (c *Core) each(first, next func() bool, read func(i int), done func()) {
	step, more := first, true
	for i := 0; ; i++ {
		c.Single(func() {
			if more = step(); more {
				read(i)
			}
		})
		if !more || c.Err != nil {
			return
		}
		if done != nil {
			done()
		}
		step = next
	}
}

// objects reads a list of all objects of a class, as get_all_records returns it: a struct from reference to record.
// A record with a value of a wrong kind is left out and noted; the others are not hidden by it.
func (c *Core) objects(list *xen.ObjectList) {
	memory := list.Memory
	if memory != nil {
		memory.Begin()
		list.Objects = slices.Grow(list.Objects, memory.Len())
	}
	c.members(func(int) {
		if memory == nil || !c.recallObject(memory) {
			c.readObject(list.Class, memory != nil)
		}
	}, func() {
		err := c.TakeBad()
		switch {
		case err != nil:
			list.Skipped = append(list.Skipped, xen.SkippedObject{Ref: c.object.Ref, Err: err})
			return
		case c.object.Record == nil:
			return
		case memory != nil:
			memory.Note(c.object)
		}
		list.Objects = append(list.Objects, c.object.Object)
	})
	if memory != nil && c.Err == nil {
		memory.Commit()
	}
}

// recallObject takes the object whose name was just read from the last list, if its bytes are the same.
func (c *Core) recallObject(memory *xen.Memory) bool {
	known, ok := memory.Find(c.Name)
	if !ok {
		return false
	}
	if rest := c.Data[c.Pos:]; len(rest) < known.Length {
		if !c.EOF {
			c.Cut("a record")
		}
		return !c.EOF
	} else if Sum(rest[:known.Length]) != known.Sum {
		return false
	}
	c.object = known
	c.Pos += known.Length
	return true
}

// readObject reads the object whose name was just read; one of a class that nobody knows has no record.
func (c *Core) readObject(class xen.Class, memorable bool) {
	c.object = xen.Remembered{Object: xen.Object{Record: xen.NewRecord(class)}}
	if c.object.Record == nil {
		c.lexer.Skip()
		return
	}
	start := c.Pos
	c.open++
	if bytes.IndexByte(c.Name, c.lexer.Escape()) >= 0 {
		c.object.Ref = c.lexer.MemberName()
	} else {
		KeepRaw(c, &c.object.Ref, c.Name, c.Pos)
	}
	c.lesson = lesson{}
	c.lexer.Fields(c.object.Record)
	c.close()
	c.learn(c.object.Record)
	if memorable && c.Err == nil {
		c.object.Length, c.object.Sum = c.Pos-start, Sum(c.Data[start:c.Pos])
	}
}

// events reads the result of event.next.
func (c *Core) events(events *[]xen.Event) {
	c.items(func(int) { c.readEvent() }, func() { *events = append(*events, c.event) })
}

// readEvent reads an event. The snapshot can only be read once the class is known. xapi writes the class first; where
// another server does not, the snapshot is passed over and read at the end.
func (c *Core) readEvent() {
	c.event, c.lesson = xen.Event{}, lesson{}
	e, snapshot, readAs := &c.event, -1, xen.Class("")
	c.open++
	for ok := c.lexer.OpenStruct(); ok; ok = c.lexer.NextMember() {
		switch string(c.Name) {
		case "id":
			e.ID = c.lexer.Int()
		case "timestamp":
			c.lexer.KeepText(&e.Timestamp)
		case "class":
			e.Class = eventClass(c.lexer.Word())
		case "operation":
			e.Operation = xen.EventOperation(c.lexer.Word())
		case "ref":
			c.lexer.KeepText(&e.Ref)
		case "snapshot":
			snapshot, readAs = c.Pos, e.Class
			c.snapshot(e)
		default:
			c.lexer.Skip()
		}
	}
	if snapshot >= 0 && readAs != e.Class && c.Err == nil {
		end := c.Pos
		c.Pos = snapshot
		if c.snapshot(e); c.Err == nil {
			c.Pos = end
		}
	}
	c.close()
	c.learn(e.Snapshot)
}

// eventClass turns the word of an event into a class; a word that nobody knows is kept.
func eventClass(word string) xen.Class {
	if class, ok := xen.ClassByEventWord(word); ok {
		return class
	}
	return xen.Class(word)
}

// snapshot reads the object that an event carries. One that cannot be read is the event's error, not the stream's end.
func (c *Core) snapshot(e *xen.Event) {
	e.Snapshot, e.Raw, e.Err = nil, nil, nil
	r := xen.NewRecord(e.Class)
	if r == nil {
		e.Raw = c.lexer.Raw()
		return
	}
	outer := c.Bad
	c.Bad = nil
	c.Record(r)
	if e.Err = c.TakeBad(); e.Err == nil {
		e.Snapshot = r
	}
	c.Bad = outer
}

// batch reads the result of event.from.
func (c *Core) batch(b *xen.EventBatch) {
	more, name := false, ""
	c.Frame(func() { more = c.lexer.OpenStruct(); name = c.lexer.MemberName() })
	for more && c.Err == nil {
		switch name {
		case "events":
			b.Events = nil
			c.events(&b.Events)
		case "valid_ref_counts":
			c.Single(func() { c.Other(&b.ValidRefCounts) })
		case "token":
			c.Single(func() { b.Token = c.lexer.String() })
		default:
			c.Single(c.lexer.Skip)
		}
		c.Frame(func() { more = c.lexer.NextMember(); name = c.lexer.MemberName() })
	}
}
