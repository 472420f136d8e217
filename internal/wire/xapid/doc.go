// Package xapid is xapi's own side of the wire: it reads XML-RPC requests as xapi reads them and writes replies as
// xapi writes them, bit for bit, oddities included.
//
// It knows the byte level of XML-RPC as rpclib and Xmlm implement it for xapi. It must not know the datamodel, HTTP,
// sessions, or the client's codec (internal/wire/xmlrpc): a mistake made in one of the two must show in the other.
package xapid
