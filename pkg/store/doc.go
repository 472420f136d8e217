// Package store holds the objects of one pool as the last that was heard of them: typed records by reference, with
// indexes by uuid, name_label, resident host, and whatever a user adds ([Index]).
//
// One goroutine writes (the informer), everybody reads. A reader takes a [Snapshot], which never changes, and keeps it
// for one whole decision; taking one is a single atomic load, and neither readers nor the writer ever wait for each
// other. Every write publishes a new snapshot that shares all that did not change with the one before. A cache that fell out of
// step with its pool is marked stale, and goes on being read.
//
// It knows records, references and the classes of the datamodel. It must not know events, sessions, sockets or YAML.
package store
