// Package simulator is a XenServer pool in memory that answers as xapi does: hosts that are members with an address of
// their own, every class and every implicit message of the datamodel, sessions, events, tasks, and VM operations.
//
// It knows the datamodel, the wire as xapi writes it (internal/wire/xapid), and what xapi does when. It must not know
// the controller or the client (pkg/xapi): what a client believes about xapi is tested against this, not taken from it.
//
// New makes a pool, Start makes one for a test, Pool.Dial reaches it in memory and Pool.ListenAndServe on sockets.
// Behaviour is one entry a message in the table of behaviours.go; everything else follows from the datamodel.
package simulator
