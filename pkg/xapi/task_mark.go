package xapi

import (
	"strings"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// The keys of the marks in other_config of our tasks. xapi puts "http:" before those that come with a call.
const (
	MarkOwner = "xencontroller-owner"     // whose task it is: the same in every life of a program
	MarkID    = "xencontroller-operation" // of one call, different from all others'
	MarkVM    = "xencontroller-vm"        // uuid of the VM that it is about, where there is one
)

// TaskMark is what a task says of itself. Empty: nothing.
type TaskMark struct{ Owner, ID, VM string }

// MarkOf reads the marks from a task, whoever's they are. HTTP header names know no case.
func MarkOf(task *xen.Task) TaskMark {
	var m TaskMark
	for key, value := range task.OtherConfig.All() {
		switch strings.TrimPrefix(strings.ToLower(key), "http:") {
		case MarkOwner:
			m.Owner = value
		case MarkID:
			m.ID = value
		case MarkVM:
			m.VM = value
		}
	}
	return m
}
