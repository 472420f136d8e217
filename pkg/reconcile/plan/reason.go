package plan

// Reason says why a VM is as it is, in one word. Reasons are part of the API: they appear in conditions, plans and
// metrics, and keep their meaning.
type Reason string

// Why nothing needs to be done.
const (
	ReasonInSync Reason = "InSync" // what is declared is what is observed
)

// Why an action is taken.
const (
	ReasonPowerStateDrift Reason = "PowerStateDrift" // the VM's power state is not the declared one
	ReasonPlacementDrift  Reason = "PlacementDrift"  // the VM runs on a host that placement.hosts does not list
	ReasonGraceOver       Reason = "GraceOver"       // a clean shutdown failed or the grace period is over: hard_shutdown
)

// Why an action that is needed is not taken now; it will be without anybody's help.
const (
	ReasonOperationInProgress  Reason = "OperationInProgress"  // an operation of ours runs
	ReasonForeignOperation     Reason = "ForeignOperation"     // current_operations shows somebody else's
	ReasonBeingMade            Reason = "BeingMade"            // the record is still being cloned, copied, imported, …
	ReasonWaitingForGuestAgent Reason = "WaitingForGuestAgent" // XAPI offers the operation once the agent has spoken
	ReasonWaitingForSlot       Reason = "WaitingForSlot"       // a budget is used up
	ReasonWaitingForHA         Reason = "WaitingForHA"         // high availability is about to start the VM itself
	ReasonBackingOff           Reason = "BackingOff"           // it failed before; the next attempt has its time
)

// Why an action that is needed is not taken at all until somebody changes something.
const (
	ReasonNotFound            Reason = "NotFound"            // no VM of the pool has the declared nameLabel or uuid
	ReasonAmbiguousName       Reason = "AmbiguousName"       // two VMs of the pool have the declared nameLabel
	ReasonDeclaredTwice       Reason = "DeclaredTwice"       // two declarations mean the same VM
	ReasonNotManageable       Reason = "NotManageable"       // the uuid is a template's, a snapshot's or a control domain's
	ReasonOperationBlocked    Reason = "OperationBlocked"    // blocked_operations forbids it
	ReasonOperationNotAllowed Reason = "OperationNotAllowed" // XAPI does not offer the operation for this VM
	ReasonGuestAgentMissing   Reason = "GuestAgentMissing"   // the operation needs an agent that never spoke
	ReasonNoSuitableHost      Reason = "NoSuitableHost"      // every declared host is refused, each for its reason
	ReasonUnknownHost         Reason = "UnknownHost"         // placement.hosts names no host of the pool
	ReasonNoLegalWay          Reason = "NoLegalWay"          // XAPI has no operation that leads there
	ReasonHostLost            Reason = "HostLost"            // the VM's host is dead; a person has to decide
	ReasonContested           Reason = "Contested"           // somebody else, or the guest itself, keeps turning the field back
)

// Why drift is only shown.
const (
	ReasonObserveOnly Reason = "ObserveOnly" // mode: Observe
)

// Why nothing can be said.
const (
	ReasonNotListed Reason = "NotListed" // the pool was not listed since the VM was declared so
)

// Reasons returns every reason, in the order of this file.
func Reasons() []Reason {
	return []Reason{
		ReasonInSync,
		ReasonPowerStateDrift, ReasonPlacementDrift, ReasonGraceOver,
		ReasonOperationInProgress, ReasonForeignOperation, ReasonBeingMade, ReasonWaitingForGuestAgent,
		ReasonWaitingForSlot, ReasonWaitingForHA, ReasonBackingOff,
		ReasonNotFound, ReasonAmbiguousName, ReasonDeclaredTwice, ReasonNotManageable, ReasonOperationBlocked,
		ReasonOperationNotAllowed, ReasonGuestAgentMissing, ReasonNoSuitableHost, ReasonUnknownHost, ReasonNoLegalWay,
		ReasonHostLost, ReasonContested,
		ReasonObserveOnly,
		ReasonNotListed,
	}
}
