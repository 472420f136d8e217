// Package record is what the client's two codecs, internal/wire/xmlrpc and internal/wire/jsonrpc, have in common: how a
// reply flows through a window of bounded size, how what a record keeps is put into few allocations, how values that
// come again and again are remembered by their bytes, and the errors of a reply that cannot be read.
//
// It knows bytes, and the maps of pkg/xapi/xen. It must not know how XML-RPC or JSON write a value, nor sockets or
// sessions, nor the simulator's half of the wire (internal/wire/xapid).
package record
