// Package xapi is a connection to a pool of XenServer or XCP-ng: it finds the pool's master, logs in, proves that it is
// the right pool, makes calls, and finds the master again when it is gone.
//
// It knows the wire as xapi speaks it: transport and trust, sessions, members and failover, calls, tasks, events, and
// which failures are worth another try. It must not know what a virtual machine should be, nor keep any object.
//
//	client, err := xapi.New(xapi.Config{
//		Addresses: []string{"https://xen-1", "https://xen-2"},
//		Username:  "root",
//		Password:  passwordFromFile,
//		TLS:       xapi.TLSConfig{CAFile: "pool.pem"},
//	})
//	…
//	defer client.Close(ctx)
//	state, err := xapi.Call(ctx, client, vm.GetPowerState()) // xen.PowerState, inferred
//
// A [Client] is for as long as the program runs; it always has one session at most that it hands out. A [Session] is one
// login on one master, and has an epoch: whoever keeps objects of the pool has to list them again when it changes,
// because events of the time between are lost.
//
// # When a call runs twice, and when it does not run
//
// A call is repeated only where it provably did not run: nothing was sent, or xapi refused it before looking at it
// (SESSION_INVALID, HOST_IS_SLAVE, HOST_STILL_BOOTING). Calls that only read are repeated once after a lost reply as
// well. A changing call whose reply was lost ends in an [*OutcomeUnknownError], and nobody but the observed state of the
// pool can say whether it happened.
//
// # Secrets
//
// Passwords and session references never appear in errors, logs or metrics: xapi repeats them in the parameters of some
// failures, and they are taken out there.
package xapi
