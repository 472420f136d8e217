// Package jsonrpc is the client's half of JSON-RPC as XAPI speaks it, versions 1.0 and 2.0: calls are encoded and replies
// decoded here.
//
// It knows bytes and the types of pkg/xapi/xen. It must not know sockets, sessions, the other protocol
// (internal/wire/xmlrpc) or the simulator, whose half of the wire is separate code (internal/wire/xapid): one mistake
// must not hide in both.
//
// The decoder is driven by the type that is wanted. xapi writes integers as numbers, but the id of an event as a string;
// floats with a point, or as the bare words NaN, Infinity and -Infinity, which no JSON reader has to know; dates as
// strings; what there is none of as null or not at all. Bytes that are no UTF-8 are kept as they came.
//
// Whatever the bytes, decoding ends in time linear in their number, with memory in proportion to it, in a value or in
// an error with an offset.
package jsonrpc
