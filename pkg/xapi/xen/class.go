package xen

import "strings"

// Class is the name of a class in the API's spelling: VM, host, VM_guest_metrics.
type Class string

// EventWord is the class as events spell it: in lower case. xapi: "vm_guest_metrics" in event.next and event.from.
func (c Class) EventWord() string {
	if info, ok := classTable[c]; ok {
		return info.eventWord
	}
	return strings.ToLower(string(c))
}

// HasEvents reports whether changes of the class's objects appear as events.
func (c Class) HasEvents() bool { return classTable[c].events }

// HasGetAllRecords reports whether all objects of the class can be listed in one call.
func (c Class) HasGetAllRecords() bool { return classTable[c].getAllRecords }

// Known reports whether the datamodel has the class.
func (c Class) Known() bool {
	_, ok := classTable[c]
	return ok
}

// ClassByEventWord finds the class that events call by this word; false when the datamodel has none.
func ClassByEventWord(word string) (Class, bool) {
	c, ok := classByEventWord[word]
	return c, ok
}

// Classes returns all classes of the datamodel, sorted by name.
func Classes() []Class { return append([]Class(nil), classList...) }

// classInfo is what the datamodel says of a class.
type classInfo struct {
	eventWord     string
	events        bool
	getAllRecords bool
}
