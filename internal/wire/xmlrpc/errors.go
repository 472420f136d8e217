package xmlrpc

import "fmt"

// SyntaxError is a reply that cannot be read: cut, ill-formed, or not XML-RPC at all.
type SyntaxError struct {
	// Offset is where reading stopped, in bytes from the start of the reply.
	Offset int
	// What was wrong there.
	What string
}

// Error says where reading stopped, and why.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("the reply cannot be read as XML-RPC: byte %d: %s", e.Offset, e.What)
}

// TypeError is a well-formed reply that holds another kind of value than the call returns.
type TypeError struct {
	// Offset is where the value stands, in bytes from the start of the reply.
	Offset int
	// What was expected and what came.
	What string
}

// Error says where the value stands, and what is wrong with it.
func (e *TypeError) Error() string {
	return fmt.Sprintf("the reply holds an unexpected value: byte %d: %s", e.Offset, e.What)
}
