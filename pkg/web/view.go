package web

import (
	"slices"
	"time"
)

// View is everything the API and the page show, as it is at one instant. Whoever makes it never changes it afterwards;
// lists are in the order in which they are to be shown.
type View struct {
	Time            time.Time        `json:"time"` // when the view was made
	Pools           []Pool           `json:"pools"`
	Hosts           []Host           `json:"hosts"`
	VirtualMachines []VirtualMachine `json:"virtualMachines"`
	Actions         []Action         `json:"actions"` // in flight first, then finished ones, the newest first
}

// Pool is one pool and how well it is known.
type Pool struct {
	Name       string     `json:"name"` // as configured; the label "pool" of every metric
	UUID       string     `json:"uuid,omitempty"`
	NameLabel  string     `json:"nameLabel,omitempty"`
	Master     string     `json:"master,omitempty"`        // name of the host that is master
	Address    string     `json:"masterAddress,omitempty"` // where the current session goes
	Synced     bool       `json:"synced"`                  // false: nothing is done, and what is shown may be old
	Reason     string     `json:"reason,omitempty"`        // why it is not in sync, in words
	StaleSince *time.Time `json:"staleSince,omitempty"`
	Revision   uint64     `json:"revision"`         // of the snapshot: rises with every change in the pool
	DryRun     bool       `json:"dryRun,omitempty"` // no action leaves the process
	Declared   Declared   `json:"declared"`         // the declared set in force
	Unmanaged  int        `json:"unmanagedVMs"`     // VMs that nobody declares, which are never touched
}

// Declared is the set of manifests that is in force.
type Declared struct {
	Revision string     `json:"revision,omitempty"` // hash of the set; empty: none was loaded yet
	Objects  int        `json:"objects"`
	LoadedAt *time.Time `json:"loadedAt,omitempty"`
	Error    string     `json:"error,omitempty"` // why the newest set was refused; the last good one stays in force
}

// Host is one member of a pool.
type Host struct {
	Pool             string `json:"pool"`
	Name             string `json:"name"` // its name_label
	UUID             string `json:"uuid"`
	Address          string `json:"address,omitempty"`
	Master           bool   `json:"master"`
	Enabled          bool   `json:"enabled"` // false: it takes no VMs
	Live             bool   `json:"live"`    // xapi: host_metrics.live
	MemoryTotalBytes int64  `json:"memoryTotalBytes"`
	MemoryFreeBytes  int64  `json:"memoryFreeBytes"`
}

// VirtualMachine is one VM: declared, observed, or both. Control domains, templates and snapshots are not VMs here.
type VirtualMachine struct {
	Pool        string      `json:"pool"`
	Name        string      `json:"name"` // metadata.name; for a VM that nobody declares its name_label
	NameLabel   string      `json:"nameLabel,omitempty"`
	UUID        string      `json:"uuid,omitempty"`
	Managed     bool        `json:"managed"`               // declared
	PowerState  string      `json:"powerState,omitempty"`  // as observed; empty: the pool has no such VM, or nobody knows yet, and then Ready is Unknown
	Host        string      `json:"host,omitempty"`        // where it is resident
	MemoryBytes int64       `json:"memoryBytes,omitempty"` // what it takes on a host while it runs
	Spec        *Spec       `json:"spec,omitempty"`        // nil unless managed
	Drift       []Drift     `json:"drift,omitempty"`
	Conditions  []Condition `json:"conditions,omitempty"`
	Action      *Action     `json:"action,omitempty"` // the one in flight
	Failures    int         `json:"consecutiveFailures,omitempty"`
	NextAttempt *time.Time  `json:"nextAttempt,omitempty"` // while it backs off
}

// Spec is the part of a manifest that is shown.
type Spec struct {
	PowerState string   `json:"powerState,omitempty"` // empty: not managed
	Hosts      []string `json:"hosts,omitempty"`      // empty: any
	Mode       string   `json:"mode,omitempty"`       // Enforce or Observe
}

// Drift is one field in which the pool differs from what is declared.
type Drift struct {
	Field    string `json:"field"` // powerState, host
	Declared string `json:"declared"`
	Observed string `json:"observed"`
}

// Condition follows the Kubernetes conventions.
type Condition struct {
	Type               string    `json:"type"`   // Ready, Reconciling, Stalled, …
	Status             string    `json:"status"` // True, False, Unknown
	Reason             string    `json:"reason"`
	Message            string    `json:"message,omitempty"`
	LastTransitionTime time.Time `json:"lastTransitionTime"`
}

// Action is one step that was or is being taken.
type Action struct {
	ID       string     `json:"id,omitempty"`
	Pool     string     `json:"pool"`
	VM       string     `json:"vm"`   // metadata.name
	Verb     string     `json:"verb"` // Start, Migrate, …
	Host     string     `json:"host,omitempty"`
	Reason   string     `json:"reason"`            // PowerStateDrift, …
	Because  string     `json:"because,omitempty"` // the same for people
	Started  time.Time  `json:"started"`
	Finished *time.Time `json:"finished,omitempty"` // nil: in flight
	Progress float64    `json:"progress"`           // 0 to 1, as the task says
	Outcome  string     `json:"outcome,omitempty"`  // once finished: success, failure, unknown, …
	Error    string     `json:"error,omitempty"`
}

// Ready returns the condition Ready; its zero value where there is none yet.
func (vm VirtualMachine) Ready() Condition {
	for _, c := range vm.Conditions {
		if c.Type == "Ready" {
			return c
		}
	}
	return Condition{}
}

// Observed is the power state for people: "missing" where the pool has no such VM, "unknown" before anybody looked.
func (vm VirtualMachine) Observed() string {
	switch {
	case vm.PowerState != "":
		return vm.PowerState
	case vm.Managed && vm.Ready().Status != "True" && vm.Ready().Status != "False":
		return "unknown"
	}
	return "missing"
}

// Notable returns the conditions that say something the rest of a row does not: all that are true but Ready, and Ready
// while it is not. UpToDate is what the row shows as drift, and what two conditions say in the same words is said once.
func (vm VirtualMachine) Notable() []Condition {
	var notable []Condition
	for _, c := range vm.Conditions {
		said := slices.ContainsFunc(notable, func(n Condition) bool { return n.Reason == c.Reason && n.Message == c.Message })
		if !said && c.Type != "UpToDate" && (c.Type == "Ready") != (c.Status == "True") {
			notable = append(notable, c)
		}
	}
	return notable
}

// Took returns how long a finished action took, or how long one in flight has taken at now.
func (a Action) Took(now time.Time) time.Duration {
	if a.Finished != nil {
		now = *a.Finished
	}
	return now.Sub(a.Started)
}

// notReady returns a line for each reason why the view is not to be relied on; none means ready.
func (v View) notReady() []string {
	if len(v.Pools) == 0 {
		return []string{"no pool is connected yet"}
	}
	var lines []string
	for _, p := range v.Pools {
		if !p.Synced {
			reason := p.Reason
			if reason == "" {
				reason = "not in sync"
			}
			lines = append(lines, "pool "+p.Name+": "+reason)
		}
	}
	return lines
}
