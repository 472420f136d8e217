// Package xapi is a connection to a pool of XenServer or XCP-ng: it finds the pool's master, logs in, proves that it is
// the right pool, makes calls, and finds the master again when it is gone.
//
// It knows the wire as xapi speaks it: transport and trust, sessions, members and failover, calls, tasks, events, and
// which failures are worth another try. It must not know what a virtual machine should be, nor keep any object.
//
//	client, err := xapi.New(xapi.Config{
//		Addresses: []string{"https://xen-1", "https://xen-2"},
//		Username:  "root",
//		Password:  xapi.PasswordFile("password"),
//		TLS:       xapi.TLSConfig{KnownHosts: "known-hosts"},
//	})
//	…
//	defer client.Close(ctx)
//	state, err := xapi.Call(ctx, client, vm.GetPowerState()) // xen.PowerState, inferred
//
// A [Client] is for as long as the program runs; it always has one session at most that it hands out. A [Session] is one
// login on one master, and has an epoch: whoever keeps objects of the pool has to list them again when it changes,
// because events of the time between are lost.
//
// # Two protocols
//
// Calls travel as JSON-RPC where the host answers as JSON, and as XML-RPC elsewhere; [Config.Protocol] insists on one. What
// a call means does not depend on it. A method whose replies cannot be read in one goes through the other.
//
// # When a call runs twice, and when it does not run
//
// A call is repeated only where it provably did not run: nothing was sent, or xapi refused it before looking at it
// (SESSION_INVALID, HOST_IS_SLAVE, HOST_STILL_BOOTING). Calls that only read are repeated once after a lost reply as
// well. A changing call whose reply was lost ends in an [*OutcomeUnknownError], and nobody but the observed state of the
// pool can say whether it happened.
//
// # Tasks
//
// [Run] carries out a message as a task: it marks the task, waits for its end, decodes its result and destroys it; [Follow]
// does so with a task that somebody else began. With an informer as TaskConfig.Watcher they see the end at once, without
// one they ask for it. A task that vanishes leaves the outcome unknown, like a lost reply.
//
// # Secrets
//
// Passwords, session references, and what has the name of a secret never appear in errors, logs, metrics, transitions,
// records or files: xapi repeats them in the parameters of some failures, and they are taken out there.
package xapi
