package simulator

import (
	"slices"
	"strings"
)

// srFacts is all that decides which operations an SR allows.
type srFacts struct {
	Ref      string
	Current  []runningOperation
	Features map[string]bool // of its driver: "VDI_CREATE"
	PBDs     int             // connections to hosts
	Plugged  int             // those that are attached
	Managed  bool            // it has disks that xapi manages
}

// srOperation is one operation on an SR and what its driver must be able to do for it; "" is nothing.
type srOperation struct{ name, feature string }

// srOperations are the operations in the order in which an SR's allowed_operations stand on the wire. xapi: the order of
// a hash table, always the same.
var srOperations = []srOperation{
	{"vdi_enable_cbt", "VDI_CONFIG_CBT"},
	{"vdi_list_changed_blocks", "VDI_CONFIG_CBT"},
	{"vdi_introduce", "VDI_INTRODUCE"},
	{"destroy", ""},
	{"unplug", ""},
	{"plug", ""},
	{"pbd_create", ""},
	{"vdi_disable_cbt", "VDI_CONFIG_CBT"},
	{"update", "SR_UPDATE"},
	{"pbd_destroy", ""},
	{"vdi_resize", "VDI_RESIZE"},
	{"forget", ""},
	{"vdi_clone", ""},
	{"vdi_data_destroy", "VDI_CONFIG_CBT"},
	{"scan", ""},
	{"vdi_snapshot", "VDI_SNAPSHOT"},
	{"vdi_mirror", "VDI_MIRROR"},
	{"vdi_create", "VDI_CREATE"},
	{"vdi_destroy", "VDI_DELETE"},
	{"vdi_set_on_boot", "VDI_RESET_ON_BOOT"},
}

// srAllowedList computes the list for an SR, in wire order.
func srAllowedList(f srFacts) []string {
	allowed := make([]string, 0, len(srOperations))
	for _, op := range srOperations {
		if checkSROperation(f, op.name) == nil {
			allowed = append(allowed, op.name)
		}
	}
	return allowed
}

// checkSROperation says why an operation on an SR is not allowed now; nil: it is. xapi: operations on one SR exclude each
// other, but for plug beside plug.
func checkSROperation(f srFacts, op string) *Failure {
	needed := ""
	for _, o := range srOperations {
		if o.name == op {
			needed = o.feature
		}
	}
	onlyPlugs := !slices.ContainsFunc(f.Current, func(r runningOperation) bool { return r.Operation != "plug" })
	switch {
	case needed != "" && !f.Features[needed]:
		return fail("SR_OPERATION_NOT_SUPPORTED", f.Ref)
	case f.Plugged > 0 && (op == "destroy" || op == "forget"):
		return fail("SR_HAS_PBD", f.Ref)
	case f.PBDs == 0 && op == "destroy":
		return fail("SR_HAS_NO_PBDS", f.Ref)
	case f.Managed && op == "destroy":
		return fail("SR_NOT_EMPTY")
	case len(f.Current) > 0 && (op != "plug" || !onlyPlugs):
		return otherOperation("SR", f.Ref, f.Current, srOperationInWords)
	}
	return nil
}

// srOperationInWords spells an operation of an SR as the error texts do: "VDI.create" for vdi_create.
func srOperationInWords(op string) string {
	if name, ok := strings.CutPrefix(op, "vdi_"); ok {
		return "VDI." + name
	}
	if name, ok := strings.CutPrefix(op, "pbd_"); ok {
		return "PBD." + name
	}
	return op
}

// srFacts collects what decides an SR's allowed operations.
func (t *tx) srFacts(sr string) srFacts {
	f := srFacts{Ref: sr, Current: t.currentOperations("SR", sr), Features: t.driverFeatures(sr)}
	for _, pbd := range t.strs("SR", sr, "PBDs") {
		f.PBDs++
		if t.flag("PBD", pbd, "currently_attached") {
			f.Plugged++
		}
	}
	if f.Plugged == 0 { // only then does it matter, and only then are the disks worth looking through
		for _, vdi := range t.strs("SR", sr, "VDIs") {
			f.Managed = f.Managed || t.flag("VDI", vdi, "managed")
		}
	}
	return f
}

// driverFeatures is what the driver of an SR can do; nothing where there is no driver of that type.
func (t *tx) driverFeatures(sr string) map[string]bool {
	features := map[string]bool{}
	for _, sm := range t.find("SM", "type", t.str("SR", sr, "type")) {
		for _, c := range t.strs("SM", sm, "capabilities") {
			features[c] = true
		}
	}
	return features
}

// refreshSR recomputes an SR's allowed_operations.
func (t *tx) refreshSR(sr string) {
	if t.exists("SR", sr) {
		t.set("SR", sr, "allowed_operations", setOf(srAllowedList(t.srFacts(sr))...))
	}
}

// srHost is the host that carries out an operation on an SR: the coordinator if it has the SR, or else another that has.
func (t *tx) srHost(sr string) (string, error) {
	if err := t.must("SR", sr); err != nil {
		return nullRef, err
	}
	found := nullRef
	for _, pbd := range t.strs("SR", sr, "PBDs") {
		if !t.flag("PBD", pbd, "currently_attached") {
			continue
		}
		host := t.str("PBD", pbd, "host")
		if host == t.masterHost() {
			return host, nil
		}
		if found == nullRef && t.hostLive(host) {
			found = host
		}
	}
	if found == nullRef {
		return nullRef, fail("SR_HAS_NO_PBDS", sr)
	}
	return found, nil
}
