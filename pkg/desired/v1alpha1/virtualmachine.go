package v1alpha1

import (
	"encoding/json"
	"time"
)

// KindVirtualMachine is the kind of a VirtualMachine.
const KindVirtualMachine = "VirtualMachine"

// DefaultGracePeriod is how long a clean shutdown is waited for where nothing else is declared.
const DefaultGracePeriod = 2 * time.Minute

// VirtualMachine declares the state of one VM that exists in the pool. What is left out is not managed.
type VirtualMachine struct {
	TypeMeta
	Metadata Metadata           `json:"metadata"`
	Spec     VirtualMachineSpec `json:"spec"`
}

// VirtualMachineSpec is what the VM should be. Exactly one of NameLabel and UUID is set once defaults are applied.
type VirtualMachineSpec struct {
	NameLabel  string      `json:"nameLabel,omitempty"`  // the VM's name_label in the pool; default metadata.name
	UUID       string      `json:"uuid,omitempty"`       // the VM's uuid, in lower case
	PowerState *PowerState `json:"powerState,omitempty"` // nil: not managed
	Mode       Mode        `json:"mode"`                 // default Enforce
	Placement  Placement   `json:"placement,omitzero"`
	Shutdown   Shutdown    `json:"shutdown"`
}

// PowerState is a state that a VM can be declared to be in; the spelling is XAPI's (enum vm_power_state).
type PowerState string

// The power states.
const (
	Running   PowerState = "Running"
	Halted    PowerState = "Halted"
	Suspended PowerState = "Suspended"
	Paused    PowerState = "Paused"
)

// PowerStates returns every power state that can be declared.
func PowerStates() []PowerState { return []PowerState{Running, Halted, Suspended, Paused} }

// Mode says whether drift is mended or only shown.
type Mode string

// The modes. Under Observe no mutating call is ever made for the VM.
const (
	Enforce Mode = "Enforce"
	Observe Mode = "Observe"
)

// Modes returns every mode, the default first.
func Modes() []Mode { return []Mode{Enforce, Observe} }

// Placement says where the VM may run.
type Placement struct {
	Hosts []string `json:"hosts,omitempty"` // each a host's name_label or uuid; empty: any host
}

// Shutdown says how the VM is stopped when it is to be stopped.
type Shutdown struct {
	Mode        ShutdownMode
	GracePeriod time.Duration // how long a clean shutdown may take; always > 0
}

type shutdownJSON struct {
	Mode        ShutdownMode `json:"mode"`
	GracePeriod string       `json:"gracePeriod"`
}

// MarshalJSON writes the grace period as people write it: "2m0s".
func (s Shutdown) MarshalJSON() ([]byte, error) {
	return json.Marshal(shutdownJSON{Mode: s.Mode, GracePeriod: s.GracePeriod.String()})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Shutdown) UnmarshalJSON(b []byte) error {
	var j shutdownJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	d, err := time.ParseDuration(j.GracePeriod)
	if err != nil {
		return err
	}
	*s = Shutdown{Mode: j.Mode, GracePeriod: d}
	return nil
}

// ShutdownMode is a way to stop a VM.
type ShutdownMode string

// The ways to stop a VM. CleanThenHard asks the guest and, once the grace period is over, pulls the plug.
const (
	CleanThenHard ShutdownMode = "CleanThenHard"
	Clean         ShutdownMode = "Clean"
	Hard          ShutdownMode = "Hard"
)

// ShutdownModes returns every shutdown mode, the default first.
func ShutdownModes() []ShutdownMode { return []ShutdownMode{CleanThenHard, Clean, Hard} }
