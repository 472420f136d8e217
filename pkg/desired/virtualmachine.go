package desired

import (
	"github.com/xencontroller/xencontroller/internal/yaml"
	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
)

// declaration is one decoded document and where it names things, for mistakes that only show beside the others.
type declaration struct {
	vm       *v1alpha1.VirtualMachine
	whole    bool // no mistake in it
	source   *source
	name     position // of metadata.name, in the file
	identity position // of spec.nameLabel or spec.uuid, else of metadata.name
}

// virtualMachine decodes a document whose header has been checked. What it returns is complete only if d has no problems.
func (d *decoder) virtualMachine(n *node) declaration {
	vm := &v1alpha1.VirtualMachine{}
	vm.APIVersion, vm.Kind = v1alpha1.APIVersion, v1alpha1.KindVirtualMachine
	out := declaration{vm: vm, source: d.source}
	checked := func(*node, string) {}
	nameGiven, metadataGiven := false, false
	d.fields(n, "",
		field{"apiVersion", checked},
		field{"kind", checked},
		field{"metadata", func(n *node, path string) {
			metadataGiven = true
			nameGiven = d.metadata(n, path, &out)
		}},
		field{"spec", func(n *node, path string) { d.spec(n, path, &out) }},
	)
	if !metadataGiven && !d.complainedOf("metadata") {
		d.bad(n, "metadata.name", "", "is missing; every VirtualMachine needs a name")
	}
	if nameGiven && out.identity.line == 0 {
		out.identity = out.name
	}
	return out
}

// metadata reports whether there was a name, good or bad.
func (d *decoder) metadata(n *node, path string, out *declaration) (named bool) {
	m := &out.vm.Metadata
	d.fields(n, path,
		field{"name", func(n *node, path string) {
			named, out.name = true, position{d.first + n.Line, n.Column}
			if s, ok := d.text(n, path); ok && d.objectName(n, path, s) {
				m.Name = s
			}
		}},
		field{"labels", func(n *node, path string) { m.Labels = d.textMap(n, path, d.label) }},
		field{"annotations", func(n *node, path string) { m.Annotations = d.textMap(n, path, d.annotation) }},
	)
	if !named && n.Kind == yaml.Mapping && !d.complainedOf(join(path, "name")) {
		d.bad(n, join(path, "name"), "", "is missing; every VirtualMachine needs a name")
	}
	return named
}

func (d *decoder) spec(n *node, path string, out *declaration) {
	s := &out.vm.Spec
	identity := func(read func(*node, string)) func(*node, string) {
		return func(n *node, path string) {
			if out.identity.line > 0 {
				d.bad(n, path, "", "nameLabel and uuid exclude each other; keep one")
			}
			out.identity = position{d.first + n.Line, n.Column}
			read(n, path)
		}
	}
	d.fields(n, path,
		field{"nameLabel", identity(func(n *node, path string) { s.NameLabel, _ = d.text(n, path) })},
		field{"uuid", identity(func(n *node, path string) { s.UUID, _ = d.uuid(n, path) })},
		field{"powerState", func(n *node, path string) {
			if v, ok := enum(d, n, path, v1alpha1.PowerStates()); ok {
				s.PowerState = &v
			}
		}},
		field{"mode", func(n *node, path string) { s.Mode, _ = enum(d, n, path, v1alpha1.Modes()) }},
		field{"placement", func(n *node, path string) {
			d.fields(n, path, field{"hosts", func(n *node, path string) {
				s.Placement.Hosts = d.texts(n, path, "leave the field out where any host will do")
			}})
		}},
		field{"shutdown", func(n *node, path string) { d.shutdown(n, path, &s.Shutdown) }},
	)
}

func (d *decoder) shutdown(n *node, path string, s *v1alpha1.Shutdown) {
	d.fields(n, path,
		field{"mode", func(n *node, path string) { s.Mode, _ = enum(d, n, path, v1alpha1.ShutdownModes()) }},
		field{"gracePeriod", func(n *node, path string) { s.GracePeriod, _ = d.duration(n, path) }},
	)
}

// complainedOf reports whether something has been said about a field, or meant for it, so that the author does not read
// of one slip twice.
func (d *decoder) complainedOf(path string) bool {
	for _, p := range d.problems {
		if p.Path == path || p.DidYouMean != "" && join(parentOf(p.Path), p.DidYouMean) == path || p.DidYouMean == path {
			return true
		}
	}
	return false
}
