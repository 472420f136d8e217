package failover

import "time"

// Kind says what an Outcome reports.
type Kind int

// What can happen during a search. All kinds from Master on are answers of one probe, and name its address.
const (
	Wanted Kind = iota // a session is wanted: the search begins. Named: whom the lost master named, if it did
	Due                // the wait that an Effect asked for is over

	Master     // login worked, and this host is the master of its pool. Pool, Named: its pool's uuid, its own address
	Member     // it lives and belongs to another master. Named: that master's address, as the member believes it
	Booting    // it lives, in emergency mode or starting; it may never be a master again
	Gone       // the machine answers and xapi does not: refused, reset, closed
	Silent     // no answer in time
	Failed     // any other failure: worth a try later
	BadLogin   // user or password refused
	NotXAPI    // something that does not speak XAPI
	Untrusted  // its TLS certificate is not the one that we were told to trust
	OtherPool  // the master of another pool than ours. Pool: that pool's uuid
	NoPassword // the password could not be had, so that nobody was asked
)

var kindNames = [...]string{ //nolint:gochecknoglobals // a constant table
	"wanted", "due", "master", "member", "booting", "gone", "silent", "failed", "bad-login", "not-xapi", "untrusted",
	"other-pool", "no-password",
}

// String returns the kind as it stands in logs and test archives.
func (k Kind) String() string { return kindNames[k] }

// alive reports whether the kind is a sign that a master may soon be found here or near here.
func (k Kind) alive() bool { return k == Member || k == Booting || k == Gone }

// permanent reports whether only a person can change the kind's cause.
func (k Kind) permanent() bool { return k >= BadLogin }

// Outcome is what became of an Effect.
type Outcome struct {
	Kind    Kind
	Address string // of the probe that answered; empty with Wanted, Due and NoPassword
	Pool    string // Master, OtherPool: the pool's uuid
	Named   string // Wanted, Master, Member: an address, see there
}

// Effect is what the caller has to do now. Its parts are independent; the zero Effect asks for nothing.
type Effect struct {
	Dial []string      // probe these, all at once, and report each one's Outcome
	Wait time.Duration // report Due after this long; it replaces the wait before. 0: the wait before goes on
	Take string        // the search is over: use the session with this address, log all others out
	Fail bool          // the search is over: nothing will change without a person. State.Results says why
}
