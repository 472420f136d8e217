package xmlrpc

import "github.com/xencontroller/xencontroller/internal/wire/record"

// What both protocols have in common under its name here.
type (
	// SyntaxError is a reply that cannot be read.
	SyntaxError = record.SyntaxError
	// TypeError is a well-formed reply that holds another kind of value than the call returns.
	TypeError = record.TypeError
	// Raw is a value as it stands in the reply, from <value> to </value>.
	Raw = record.Raw
)

// ErrTooLong is a reply beyond the limits.
var ErrTooLong = record.ErrTooLong
