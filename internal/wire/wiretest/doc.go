// Package wiretest is what the tests of the client's codecs share: a pool of many VMs to decode, replies of a real
// xapi, writers of replies, and slow, obvious readers of XML-RPC and JSON to compare the fast ones with.
//
// It knows the types of pkg/xapi/xen, and the standard library's readers of XML and JSON. It must not know the codecs
// that it helps to test. It is for tests only.
package wiretest
