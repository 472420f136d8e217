// Package xen is the XenAPI datamodel as Go data: references, records, enumerations, messages as values, and error
// codes, for all classes of the API.
//
// It knows what exists and how it is called, and does no I/O. It must not know sockets, sessions or wire formats: a
// [Message] is a value that says which call to make and what its result is, and pkg/xapi carries it out. Everything in
// the zz_*.go files is generated from internal/datamodel by internal/gen/xen; the words in their comments are the
// API's own.
//
// # Names
//
// The class VM_guest_metrics is the record [VMGuestMetrics], the reference [VMGuestMetricsRef] and the constant
// [ClassVMGuestMetrics]; its field PV_drivers_version is PVDriversVersion. The message VM.start is [VMRef.Start];
// messages without an object, such as VM.get_all, are functions: [VMGetAll].
//
// # Tolerance
//
// A server may be newer or older than this datamodel. Enumerations are strings: an unknown word is kept as it came.
// Members that a record does not have are skipped; members that a server did not send keep their zero value.
package xen
