// Package reconcile keeps a pool as it is declared: a Controller looks again at every VM that something touched, lets
// package plan decide, and carries the decision out, one operation per VM at a time.
//
// It knows work queues, budgets, operations and their tasks, conditions and the journal. It must not know sockets, HTTP,
// YAML or how a decision is made: those are pkg/xapi, pkg/desired and pkg/reconcile/plan.
//
// # The life of an operation
//
//	decided ── precondition on the newest snapshot, a slot of the budgets, an entry in the journal
//	   │
//	  sent ─── Async call on the session of that snapshot, marked as ours
//	   ├── refused, or provably not run ──► over
//	   ├── no reply ──► lost ── found by its mark ──► followed
//	   │                 └── nothing shows it for a while ──► over: look at the VM
//	followed ── by events of its task and VM
//	   ├── too long ──► cancelled, followed on
//	   ├── task gone ──► the VM shows the result, or after a while ──► over: look at the VM
//	   └── task ended, VM free of it ──► over; the task is destroyed until it is gone
//
// An operation succeeded when the VM is observed in the state that it was to reach, whatever its task says.
package reconcile
