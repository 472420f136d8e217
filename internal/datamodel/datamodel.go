// Package datamodel holds XAPI's own description of its API: every class, field, message, enum and error, as xapi
// itself generates its server from it.
//
// It knows the embedded datamodel.json, Go types that mirror it, and the grammar of its types. It must not know
// sockets, encodings, the client or the simulator: the generator of pkg/xapi/xen and the simulator read the same facts here.
package datamodel

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"
)

//go:embed datamodel.json
var embedded []byte

// Load returns the embedded datamodel. It is parsed once, on the first call, and shared: callers must not change it.
func Load() (*Model, error) { return load() }

var load = sync.OnceValues(func() (*Model, error) { return Parse(embedded) })

// Parse reads a datamodel in the form of datamodel.json and checks that every type in it follows the type grammar.
func Parse(data []byte) (*Model, error) {
	m := new(Model)
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("reading the datamodel: %w", err)
	}
	if err := m.index(); err != nil {
		return nil, fmt.Errorf("reading the datamodel: %w", err)
	}
	return m, nil
}

// Class returns the class of that name in API spelling ("VM", "host_metrics"), hidden classes included, or nil.
func (m *Model) Class(name string) *Class { return m.byName[name] }

// AllClasses lists public and hidden classes in the order of xapi's source, which is the order of system.listMethods
// and of events in an event.from reply.
func (m *Model) AllClasses() []*Class { return m.ordered }

// Field returns the field of that wire name, hidden fields included, or nil.
func (c *Class) Field(name string) *Field { return c.fieldByName[name] }

// Message returns the message of that name, hidden messages included, or nil.
func (c *Class) Message(name string) *Message { return c.messageByName[name] }

// AllFields lists the public fields in wire order, followed by the hidden ones.
func (c *Class) AllFields() []*Field { return c.allFields }

// AllMessages lists the public messages, followed by the hidden ones.
func (c *Class) AllMessages() []*Message { return c.allMessages }

// DatabaseName is the field's name in xapi's database and in MAP_DUPLICATE_KEY: name spaces joined by two underscores.
func (f *Field) DatabaseName() string {
	if f.Namespace == "" {
		return f.Name
	}
	return f.Namespace + "__" + f.Name[len(f.Namespace)+1:]
}

// Void says that the message returns nothing.
func (m *Message) Void() bool { return m.ResultType.Kind == Void }

// Removed says that the message is no longer served: xapi answers MESSAGE_REMOVED.
func (m *Message) Removed() bool { return m.Lifecycle.State == "Removed_s" }

// Removed says that the field is still a member of records, always with its default.
func (f *Field) Removed() bool { return f.Lifecycle.State == "Removed_s" }
