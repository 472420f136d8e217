package simulator

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

// release is a version of xapi: major, minor, patch. Products that have names of their own count as the xapi in them.
type release [3]int

// newest is past every release that the datamodel knows.
var newest = release{1 << 30, 0, 0}

// parseRelease reads "24.19.2", "24.19", or a product that carries xapi 1.249: "8.2", "8.2.1". Code names, which
// lifecycles use for what is older than that, are release 0.
func parseRelease(text string) release {
	var r release
	for i, word := range strings.SplitN(text, ".", 3) {
		r[i], _ = strconv.Atoi(word)
	}
	if r[0] == 8 {
		return release{1, 249, 0}
	}
	return r
}

func (r release) atLeast(other release) bool { return slices.Compare(r[:], other[:]) >= 0 }

// wholeVersion completes a version that names a line of releases.
func wholeVersion(version string) string {
	switch version {
	case "", "24.19":
		return "24.19.2"
	case "8.2":
		return "8.2.1"
	case "26":
		return "26.17.0"
	}
	return version
}

// apiMinor is the minor version of the API that goes with a release; the major one is 2.
func (r release) apiMinor() int64 {
	switch {
	case r.atLeast(release{26, 0, 0}):
		return 23
	case r.atLeast(release{24, 0, 0}):
		return 21
	case r.atLeast(release{21, 0, 0}):
		return 20
	}
	return 15
}

// release is the xapi that a model is.
func (m *Model) release() release {
	if m.parsed == (release{}) {
		return parseRelease(m.Version)
	}
	return m.parsed
}

// since is the first release that has a class, field or message: by its lifecycle, but for what the recorded 24.19.2 has
// or lacks against it.
func since(class, name string, l datamodel.Lifecycle) release {
	switch class + "." + name {
	case "Certificate.fingerprint_sha256", "Certificate.fingerprint_sha1", "Certificate.get_fingerprint_sha256", "Certificate.get_fingerprint_sha1":
		return release{24, 19, 0}
	case "task.set_other_config", "task.add_to_other_config", "task.remove_from_other_config":
		return release{}
	case "PCI.class_id", "PCI.vendor_id", "PCI.device_id", "PCI.subsystem_vendor_id", "PCI.subsystem_device_id",
		"PCI.get_class_id", "PCI.get_vendor_id", "PCI.get_device_id", "PCI.get_subsystem_vendor_id", "PCI.get_subsystem_device_id", "Cluster.cstack_sync":
		return release{24, 20, 0}
	}
	if len(l.Transitions) == 0 {
		return release{}
	}
	return parseRelease(l.Transitions[0].Release)
}

// asInRelease words failures as the release of a call does. xapi 8.2: OTHER_OPERATION_IN_PROGRESS names the class and
// the object, not the operation.
func (c *call) asInRelease(b behaviour) behaviour {
	if c.pool.model.since(21, 0) {
		return b
	}
	return func(c *call) (any, error) {
		v, err := b(c)
		if f, ok := errors.AsType[*Failure](err); ok && f.Code == "OTHER_OPERATION_IN_PROGRESS" && len(f.Params) > 2 {
			err = fail(f.Code, f.Params[:2]...)
		}
		return v, err
	}
}

// removed says whether it was removed in a release or before.
func (r release) removed(l datamodel.Lifecycle) bool {
	if l.State != "Removed_s" {
		return false
	}
	for _, t := range l.Transitions {
		if t.Transition == "removed" {
			return r.atLeast(parseRelease(t.Release))
		}
	}
	return true
}

// hasClass says whether a release has a class.
func (r release) hasClass(c *datamodel.Class) bool { return r.atLeast(since(c.Name, "", c.Lifecycle)) }

// hasMessage says whether a release has a message. What has been removed stays: as an error.
func (r release) hasMessage(c *datamodel.Class, m *datamodel.Message) bool {
	if m.Kind == "get_all_where" && !r.atLeast(release{24, 20, 0}) { // its lifecycle is its class's
		return false
	}
	return r.hasClass(c) && r.atLeast(since(c.Name, m.Name, m.Lifecycle))
}

// hasPlainly says whether a setter, which has an asynchronous form today, was one of the generated ones in a release: without
// that form, and without a task.
func (r release) hasPlainly(wire string) bool {
	switch wire {
	case "VM.set_blocked_operations", "VM.add_to_blocked_operations", "VM.remove_from_blocked_operations":
		return !r.atLeast(release{24, 30, 0})
	}
	return false
}

// fieldsIn splits the public fields of a class into those that a release's records show, removed ones too, and those
// that it does not have yet.
func (r release) fieldsIn(c *datamodel.Class) (shown, absent []*datamodel.Field) {
	for _, f := range c.Fields {
		if r.atLeast(since(c.Name, f.Name, f.Lifecycle)) {
			shown = append(shown, f)
		} else {
			absent = append(absent, f)
		}
	}
	return shown, absent
}
