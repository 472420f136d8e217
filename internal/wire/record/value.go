package record

import (
	"reflect"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Raw is a value as it stands in the reply: a target for those who look into it themselves.
type Raw []byte

// appender is a xen.Map of any key and value.
type appender interface {
	AppendKey(text string) (value any, err error)
}

// Value reads a value into what a pointer points to, which has to be zero. The types of package xen and everything made
// of them are understood; others are a mistake of the caller, and panic.
func (c *Core) Value(into any) {
	switch v := into.(type) {
	case nil, *xen.Void: // xapi: an empty string
		c.lexer.Skip()
	case *string:
		*v = c.lexer.String()
	case *int64:
		*v = c.lexer.Int()
	case *float64:
		*v = c.lexer.Float()
	case *bool:
		*v = c.lexer.Bool()
	case *time.Time:
		*v = c.lexer.Time()
	case *Raw:
		*v = c.lexer.Raw()
	case *xen.Event:
		c.readEvent()
		*v = c.event
	case xen.Record:
		c.Record(v)
	case appender:
		for ok := c.lexer.OpenStruct(); ok; ok = c.lexer.NextMember() {
			c.member(v)
		}
	default:
		c.general(reflect.ValueOf(into).Elem())
	}
}

// Other reads a member of a record that has no reader of its own. Where a member comes twice, the second one counts.
func (c *Core) Other(into any) {
	Clear(into)
	c.Value(into)
}

// member reads a member of a map.
func (c *Core) member(m appender) {
	value, err := m.AppendKey(c.lexer.MemberName())
	if err != nil {
		c.Mismatch(c.Pos, "%v", err)
		c.lexer.Skip()
		return
	}
	c.Value(value)
}

// general reads what has no case of its own: named texts, slices, pointers.
func (c *Core) general(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(c.lexer.String())
	case reflect.Slice:
		for ok := c.lexer.OpenArray(); ok; ok = c.lexer.NextItem() {
			c.element(v)
		}
	case reflect.Pointer:
		if c.lexer.Absent() {
			return
		}
		target := reflect.New(v.Type().Elem())
		c.Value(target.Interface())
		v.Set(target)
	default:
		panic("record: " + v.Type().String() + " is no type of package xen")
	}
}

// element reads an item of a set.
func (c *Core) element(set reflect.Value) {
	item := reflect.New(set.Type().Elem())
	c.Value(item.Interface())
	set.Set(reflect.Append(set, item.Elem()))
}

// Record reads a value into a record of any class.
func (c *Core) Record(r xen.Record) {
	c.open++
	c.lexer.Fields(r)
	c.close()
}

// close ends what open++ began. With the outermost record all texts get their place.
func (c *Core) close() {
	if c.open--; c.open == 0 {
		c.Settle()
	}
}

// Settle sets all strings, sets and maps that were read so far.
func (c *Core) Settle() {
	if c.Err != nil {
		c.Text.Back(Mark{})
		return
	}
	if bad := c.Text.Finish(c.lexer.Escape(), c.lexer.Resolve); bad >= 0 {
		c.unreadable(bad)
	}
}
