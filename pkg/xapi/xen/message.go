package xen

import "strings"

// Request is a call of the API without its session: what to call, on what, with what. It is a value: it can be
// compared, counted, printed (its method only: parameters may hold secrets) or carried out.
type Request struct {
	// Method is the wire name, such as VM.start.
	Method string
	// Params are the parameters after the session.
	Params []any
	// NoSession marks the few calls that are made without a session, such as session.login_with_password.
	NoSession bool
}

// Message is a [Request] whose result has the type T. Messages are made by the methods of the references and by the
// functions of this package, and carried out by xapi.Call.
type Message[T any] struct{ Request }

// Void is the result of a call that returns nothing.
type Void struct{}

// message makes a message; the generated constructors call it.
func message[T any](method string, params ...any) Message[T] {
	return Message[T]{Request{Method: method, Params: params}}
}

// withOptional adds the parameters that may be left off at the end.
func withOptional(optional []any, params ...any) []any { return append(params, optional...) }

// sessionless makes a message of a call that takes no session.
func sessionless[T any](method string, params ...any) Message[T] {
	return Message[T]{Request{Method: method, Params: params, NoSession: true}}
}

// GetAllRecords lists all objects of a class, whichever it is; see [Class.HasGetAllRecords].
func GetAllRecords(c Class) Message[ObjectList] {
	return message[ObjectList](string(c) + ".get_all_records")
}

// Class is the class that a request is addressed to: what stands before the last dot of its method, without Async.
func (r Request) Class() Class {
	name := strings.TrimPrefix(r.Method, "Async.")
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		name = name[:dot]
	}
	return Class(name)
}
