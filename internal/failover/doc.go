// Package failover decides whom to ask next while the master of a pool is being looked for: State.Next takes what
// became of the last probes and returns whom to probe, how long to wait, or whom to take.
//
// It knows addresses, what a probe can find out, and the rules of docs/design.md §6. It must not know sockets, clocks,
// goroutines, randomness, sessions or logs: the same outcomes give the same effects. Addresses are opaque text to it;
// two texts that mean one host are two addresses.
//
// A search runs in rounds. A round asks each known address at most once, so that an address which every member names
// (HOST_IS_SLAVE names what the member believes, dead or not) cannot send us round in circles. The last master is asked
// alone for a moment, then everybody else at the same time; a probe that gets no answer delays nobody: a round does not
// wait for whoever was silent in the one before, and nobody is asked again before its last probe has ended. Between
// rounds there is a pause: it doubles up to Timing.MaxPause while nothing answers. While anybody shows signs of life a
// new master may be there at any moment: then it is Timing.EagerPause, and grows to Timing.CalmPause at most once no
// answer has differed from the one before for Timing.Eager rounds.
//
// Two masters are possible (an old one that comes back, without HA): whoever is named by other members is preferred.
package failover
