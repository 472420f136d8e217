package xen

import "strings"

// ErrorCode is the first word of a failure, such as VM_BAD_POWER_STATE. It is an error itself, so that
// errors.Is(err, xen.VMBadPowerState) works on every error that wraps an [*Error] with this code.
type ErrorCode string

// Error is the code.
func (c ErrorCode) Error() string { return string(c) }

// Error is a failure as the pool reports it. Callers decide on Code; people read the rest.
type Error struct {
	// Code is the kind of failure. Codes that this datamodel does not know are kept as they came.
	Code ErrorCode
	// Params are the words that came with the code. xapi: their number and order differ from the published list in
	// places; treat each as optional.
	Params []string
	// Method is the call that failed; never its arguments, they may hold secrets.
	Method string
}

// Error puts the failure in words: method, code, parameters.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Method != "" {
		b.WriteString(e.Method)
		b.WriteString(": ")
	}
	b.WriteString(string(e.Code))
	if len(e.Params) > 0 {
		b.WriteString(" [")
		b.WriteString(strings.Join(e.Params, ", "))
		b.WriteString("]")
	}
	return b.String()
}

// Unwrap gives the code, for errors.Is.
func (e *Error) Unwrap() error { return e.Code }

// Param returns a parameter, or "" where the server sent fewer.
func (e *Error) Param(i int) string {
	if i < 0 || i >= len(e.Params) {
		return ""
	}
	return e.Params[i]
}
