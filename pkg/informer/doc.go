// Package informer keeps a store equal to its pool: it lists every class but roles, follows the pool's events, notices
// when it may have missed some, and lists again.
//
// Register for everything first, then list, then apply what event.next gives: whatever happens while the list is made
// arrives as an event after it. Events carry whole objects, so applying one twice does no harm. The store is in sync only
// when the list is whole and every event up to its end is applied; it is stale as soon as one may have been missed, and
// goes on being read meanwhile. [EventsFrom] does the same with event.from.
//
// [On] is told of the changes of one class, a [Handler] of all; [Informer.Barrier] waits until what has happened is in the
// store; [Informer.WatchTask] sees a task to its end, for xapi.Run and xapi.Follow; a [Janitor] destroys the tasks that an
// earlier life of a program left.
//
// It knows listing, following and when the two agree. It must not know YAML, what a VM should be, or how a master is
// found: each session that the client gives it is with the verified master of the same pool.
package informer
