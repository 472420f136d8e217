package xapi

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrClosed is the error of every call after Close.
var ErrClosed = errors.New("the connection to the pool is closed")

// errSessionLost ends an event.next whose session was given up.
var errSessionLost = errors.New("its session was given up")

// TransportError is a call that got no answer: no connection, a broken one, or no answer in time.
type TransportError struct {
	Address string // of the member
	Method  string // empty: no call in particular
	Err     error
	Sent    bool // the request may have reached the server. False: it provably did not run

	stopped bool // the caller's context ended it: no fault of the server
}

// Error names the member and the call.
func (e *TransportError) Error() string {
	return fmt.Sprintf("%s: %s: %v", e.Address, e.Method, e.Err)
}

// Unwrap gives the cause.
func (e *TransportError) Unwrap() error { return e.Err }

// RequestError is a call that cannot be put into a request that xapi would take. Nothing was sent.
type RequestError struct {
	Method string
	Err    error
}

// Error names the call and what stands in its way.
func (e *RequestError) Error() string { return fmt.Sprintf("%s cannot be called: %v", e.Method, e.Err) }

// Unwrap gives the cause.
func (e *RequestError) Unwrap() error { return e.Err }

// ReplyError is an answer that claims to be XML-RPC, or JSON-RPC, and cannot be read.
type ReplyError struct {
	Address, Method string
	Protocol        Protocol // that it came in
	Err             error
}

// Error names the member and the call, and leaves out what may be a reference.
func (e *ReplyError) Error() string {
	// What could not be read may have been a session's reference.
	text := anyReference.ReplaceAllString(e.Err.Error(), redacted)
	return fmt.Sprintf("%s: %s: %s-RPC: %s", e.Address, e.Method, strings.ToUpper(string(e.Protocol)), text)
}

// Unwrap gives the cause.
func (e *ReplyError) Unwrap() error { return e.Err }

// HTTPError is xapi's own page for a request that it could not take: too large, cut, or a failure below the API.
type HTTPError struct {
	Address, Method string
	Status          int
	Text            string // what xapi says of it, if anything
}

// Error gives the status, and the words of xapi where it has any.
func (e *HTTPError) Error() string {
	text := fmt.Sprintf("%s: %s: HTTP status %d", e.Address, e.Method, e.Status)
	if e.Text != "" {
		text += ": " + e.Text
	}
	return text
}

// NotXAPIError is an answer of something that is not XAPI, mostly a web server.
type NotXAPIError struct {
	Address string
	Found   string // what answered, in words
}

// Error says what answered, and which flag to look at.
func (e *NotXAPIError) Error() string {
	return fmt.Sprintf("%s does not speak XAPI: it answers with %s; check the address (--pool)", e.Address, e.Found)
}

// TrustError is a host whose certificate we were not told to trust.
type TrustError struct {
	Address     string
	Fingerprint string   // SHA-256 of the certificate that it shows, AA:BB:…; empty if it shows none
	Known       []string // those that are trusted there: the certificate has changed, or somebody is in between
	File        string   // where they stand; empty: they were configured
	Err         error
}

// Error gives the certificate's fingerprint, and says what makes it trusted.
func (e *TrustError) Error() string {
	switch {
	case e.File != "":
		return fmt.Sprintf("%s shows another certificate than before: %v, not %s; it was renewed, or somebody is in between: compare it on the host, and if it is right delete the line of %s in %s",
			e.Address, e.Err, strings.Join(e.Known, " or "), e.Address, e.File)
	case len(e.Known) > 0:
		return fmt.Sprintf("%s is not the host whose certificate was pinned: %v; if its certificate was renewed, compare it there and change --tls-fingerprint", e.Address, e.Err)
	}
	return fmt.Sprintf("%s shows a certificate that is not trusted (%v; SHA-256 %s): give its authority with --ca-file, or, once compared with the host, the certificate itself with --tls-fingerprint; --tls-known-hosts trusts what it sees first, --insecure-skip-tls-verify trusts anybody",
		e.Address, e.Err, e.Fingerprint)
}

// Unwrap gives the cause.
func (e *TrustError) Unwrap() error { return e.Err }

// OtherPoolError is a host that let us in and belongs to another pool than ours, such as one that was ejected: it keeps
// its password and its certificate.
type OtherPoolError struct {
	Address   string
	Want, Got string // uuids
	StateFile string // that only says which pool is wanted; empty: it was configured, or reached before
}

// Error gives the uuids of both pools, or of the one that was found first to be another.
func (e *OtherPoolError) Error() string {
	if e.Want == "" {
		return fmt.Sprintf("%s is the master of pool %s, another address belongs to another pool: give addresses of one pool only (--pool)", e.Address, e.Got)
	}
	text := fmt.Sprintf("%s belongs to pool %s, not to pool %s: it was ejected, or the address is wrong (--pool)", e.Address, e.Got, e.Want)
	if e.StateFile != "" {
		text += fmt.Sprintf("; if the pool was made anew, delete %s, which remembers the old one", e.StateFile)
	}
	return text
}

// notMasterError is a host that let us in although it is not its pool's master.
type notMasterError struct {
	address string
	master  string // where its master is, as far as it knows
}

// Error says where the master is.
func (e *notMasterError) Error() string {
	return fmt.Sprintf("%s is not the master, that is %s", e.address, e.master)
}

// LoginError is a user that the pool does not let in, or a password that could not be had.
type LoginError struct {
	Address string // empty: nobody was asked
	User    string
	Err     error
}

// Error names the user, never the password, and the flags to look at.
func (e *LoginError) Error() string {
	if e.Address == "" {
		return fmt.Sprintf("no password for user %q: %v (--password-file)", e.User, e.Err)
	}
	return fmt.Sprintf("%s does not let user %q in: %v; check --username and --password-file", e.Address, e.User, e.Err)
}

// Unwrap gives the cause.
func (e *LoginError) Unwrap() error { return e.Err }

// SearchError is a search for the pool's master that ended without one.
type SearchError struct {
	Tried []error // the last failure of each address that answered or was asked, in their order
	Err   error   // why it ended: of the context, or nil when no address can ever work
}

// Error gives the last failure of every address.
func (e *SearchError) Error() string {
	words := make([]string, 0, len(e.Tried))
	for _, t := range e.Tried {
		words = append(words, t.Error())
	}
	text := "no master of the pool found"
	switch {
	case errors.Is(e.Err, context.DeadlineExceeded):
		text += " in time"
	case e.Err != nil:
		text += fmt.Sprintf(" (%v)", e.Err)
	}
	if len(words) > 0 {
		text += ": " + strings.Join(words, "; ")
	}
	return text
}

// Unwrap gives the failures of all addresses and the reason of the end.
func (e *SearchError) Unwrap() []error {
	if e.Err == nil {
		return e.Tried
	}
	return append([]error{e.Err}, e.Tried...)
}
