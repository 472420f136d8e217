package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// declaredHosts finds the hosts that placement.hosts names, each by uuid or name_label, and the names that mean none or
// several.
func (d *decider) declaredHosts(words []string) (hosts []xen.HostRef, unknown []string) {
	for _, word := range words {
		refs := d.in.Snapshot.ByNameLabel(xen.ClassHost, word)
		if ref, ok := d.in.Snapshot.ByUUID(xen.ClassHost, word); ok {
			refs = []string{ref}
		}
		if len(refs) != 1 {
			unknown = append(unknown, word)
			continue
		}
		if ref := xen.HostRef(refs[0]); !slices.Contains(hosts, ref) {
			hosts = append(hosts, ref)
		}
	}
	return hosts, unknown
}

func unknownHosts(s subject) *hold {
	return stall(ReasonUnknownHost, "placement.hosts of %s names no host of the pool: %s", s.decl.Metadata.Name, strings.Join(s.unknown, ", "))
}

// place chooses the host of a Start or Resume.
func (d *decider) place(s subject, a *Action) *hold {
	if len(s.hosts) == 0 {
		return unknownHosts(s)
	}
	host, refused := d.choose(s)
	if host == "" {
		return noHost(s, refused)
	}
	a.Host, a.HostName, a.Memory = host, d.hostName(host), memoryNeed(s.vm)
	d.promise(a)
	return nil
}

// migrate is the action that brings a VM to a declared host.
func (d *decider) migrate(s subject, drift Drift) (*Action, *hold) {
	name := s.decl.Metadata.Name
	if s.vm.PowerState != xen.Running {
		return nil, stall(ReasonNoLegalWay, "%s is %s on %s: only a Running VM can be moved", name, s.vm.PowerState, drift.Found)
	}
	a := d.action(s, drift, step{verb: Migrate})
	a.Reason, a.From = ReasonPlacementDrift, s.vm.ResidentOn
	a.Because = fmt.Sprintf("%s runs on %s, declared on %s", name, drift.Found, drift.Wanted)
	since := s.history.Since
	if since.IsZero() {
		since = d.in.Now
	}
	if h := d.gate(s, a, since, since); h != nil {
		return nil, h
	}
	if h := d.place(s, a); h != nil {
		return nil, h
	}
	return a, nil
}

func noHost(s subject, refused []Refusal) *hold {
	words := make([]string, len(refused))
	for i, r := range refused {
		words[i] = r.Host + " " + r.Why
	}
	h := stall(ReasonNoSuitableHost, "no declared host can take %s: %s", s.decl.Metadata.Name, strings.Join(words, "; "))
	h.refused = refused
	return h
}

// choose picks the declared host with the most free memory among those that can take the VM; ties go to the first by
// name, then uuid. Every other host is refused for a reason.
func (d *decider) choose(s subject) (xen.HostRef, []Refusal) {
	type candidate struct {
		ref  xen.HostRef
		host *xen.Host
		free int64
	}
	var fit []candidate
	var refused []Refusal
	need := memoryNeed(s.vm)
	for _, ref := range s.hosts {
		host, ok := store.Get[xen.Host](d.in.Snapshot, string(ref))
		if !ok {
			continue
		}
		free := d.freeMemory(ref, host)
		why := d.refuse(s, ref, host)
		if why == "" && free < need {
			why = fmt.Sprintf("has %d MiB free of the %d MiB needed", free>>20, need>>20)
		}
		if why != "" {
			refused = append(refused, Refusal{Host: host.NameLabel, Why: why})
			continue
		}
		fit = append(fit, candidate{ref, host, free})
	}
	slices.SortFunc(refused, func(a, b Refusal) int { return strings.Compare(a.Host, b.Host) })
	if len(fit) == 0 {
		return "", refused
	}
	return slices.MinFunc(fit, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.free, a.free), strings.Compare(a.host.NameLabel, b.host.NameLabel),
			strings.Compare(a.host.UUID, b.host.UUID))
	}).ref, refused
}

// names lists hosts by name, in the order of the declaration.
func (d *decider) names(hosts []xen.HostRef) string {
	words := make([]string, len(hosts))
	for i, ref := range hosts {
		words[i] = d.hostName(ref)
	}
	return strings.Join(words, " or ")
}

// sorted joins words in order.
func sorted(words []string) string {
	slices.Sort(words)
	return strings.Join(words, ", ")
}
