package desired

import (
	"strings"

	"github.com/xencontroller/xencontroller/internal/yaml"
	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
)

// header checks apiVersion and kind first: they decide whether the rest of the document is ours to judge.
func (d *decoder) header(n *node) bool {
	if n.Kind != yaml.Mapping || n.Tag != "!!map" {
		d.bad(n, "", "", "a manifest is a mapping that begins with apiVersion and kind, not %s", describe(n))
		return false
	}
	apiVersion, kind := child(n, "apiVersion"), child(n, "kind")
	if foreign(apiVersion) {
		of := apiVersion.Value
		if kind != nil && kind.Kind == yaml.Scalar {
			of += " " + kind.Value
		}
		if kind != nil && strings.HasSuffix(kind.Value, "List") {
			d.bad(kind, "kind", "", `%s is not supported; write each item as a document of its own, separated by "---"`, kind.Value)
			return false
		}
		d.bad(apiVersion, "apiVersion", "", "%q is not an object of %s; keep it out of what -f names", of, v1alpha1.Group)
		return false
	}
	versionOK := d.headerField(n, apiVersion, "apiVersion", v1alpha1.APIVersion)
	kindOK := d.headerField(n, kind, "kind", v1alpha1.KindVirtualMachine)
	return versionOK && kindOK
}

// headerField reports whether the rest can be checked: the value is right, missing, or a slip of the pen.
func (d *decoder) headerField(n, value *node, name, want string) bool {
	switch {
	case value == nil:
		if near := slip(n, name); near != nil {
			return true // said as an unknown field
		}
		d.bad(n, name, "", "is missing; write %q", name+": "+want)
		return true
	case value.Tag == "!!null":
		return true // said with the fields
	case value.Kind == yaml.Scalar && value.Value == want:
		return true
	case value.Kind != yaml.Scalar:
		d.bad(value, name, "", "must be %s, not %s", want, describe(value))
		return true
	}
	meant := near(value.Value, want)
	if name == "apiVersion" {
		meant = want
	}
	if meant == "" && strings.HasSuffix(value.Value, "List") {
		d.bad(value, name, "", `%s is not supported; write each item as a document of its own, separated by "---"`, value.Value)
		return false
	}
	words := "%q is not %s"
	if meant == "" {
		words += ", the only kind there is so far"
	}
	d.bad(value, name, meant, words, value.Value, want)
	return meant != ""
}

// foreign reports whether an apiVersion is somebody else's, and not a slip in ours.
func foreign(apiVersion *node) bool {
	if apiVersion == nil || apiVersion.Kind != yaml.Scalar || apiVersion.Tag == "!!null" {
		return false
	}
	group, version, grouped := strings.Cut(apiVersion.Value, "/")
	if !grouped {
		group, version = "", group
	}
	ours := group == v1alpha1.Group || near(group, v1alpha1.Group) != "" ||
		group == "" && (v1alpha1.Group+"/"+version == v1alpha1.APIVersion || version == v1alpha1.Group)
	return !ours
}

func child(n *node, name string) *node {
	for i := 0; i+1 < len(n.Children); i += 2 {
		if n.Children[i].Value == name {
			return n.Children[i+1]
		}
	}
	return nil
}

// slip finds a key that was meant to be name.
func slip(n *node, name string) *node {
	for i := 0; i+1 < len(n.Children); i += 2 {
		if near(n.Children[i].Value, name) != "" {
			return n.Children[i]
		}
	}
	return nil
}

func parentOf(path string) string {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i]
	}
	return ""
}
