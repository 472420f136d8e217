// Package xmlrpc is the client's half of XML-RPC as XAPI speaks it: requests are encoded by github.com/kolo/xmlrpc,
// replies are decoded here.
//
// It knows bytes and the types of pkg/xapi/xen. It must not know sockets, sessions or the simulator, whose half of the
// wire is separate code (internal/wire/xapid): one mistake must not hide in both.
//
// The decoder is driven by the type that is wanted, never by the tag that came. xapi: strings, integers, references and
// enumerations all travel as bare text, <value>5</value>, so the document alone does not say what a value is. Servers
// that tag their values (<string>, <int>, <i4>, …) and put white space between elements are read as well. Names of
// struct members are read up to the literal </name>, because xapi does not escape them: a key such as a&b<c> makes its
// reply ill-formed XML, but not unreadable here.
//
// Whatever the bytes, decoding ends in time linear in their number, with memory in proportion to it, in a value or in
// an error with an offset.
package xmlrpc
