package desired

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// objectName checks metadata.name as Kubernetes does, so that the same names can be custom resources.
func (d *decoder) objectName(n *node, path, name string) bool {
	if len(validation.IsDNS1123Subdomain(name)) == 0 {
		return true
	}
	if suggestion := dnsName(name); suggestion != "" {
		d.bad(n, path, suggestion, "%q may only have lower-case letters, digits, \"-\" and \".\", and begins and ends with a letter or digit (what the pool calls it goes into spec.nameLabel)", name)
	} else {
		d.bad(n, path, "", "%q must be 1 to 253 lower-case letters, digits, \"-\" and \".\", beginning and ending with a letter or digit", shorten(name))
	}
	return false
}

// dnsName makes a legal name of one that is not, "" if that takes imagination.
func dnsName(name string) string {
	name = strings.Trim(strings.NewReplacer(" ", "-", "_", "-").Replace(strings.ToLower(name)), "-.")
	if len(validation.IsDNS1123Subdomain(name)) > 0 {
		return ""
	}
	return name
}

// label checks one label as Kubernetes does, so that selectors work on it.
func (d *decoder) label(key, value *node, path string) {
	d.qualifiedName(key, path)
	if len(validation.IsValidLabelValue(value.Value)) > 0 {
		d.bad(value, path, "", "%q must be at most 63 letters, digits, \"-\", \"_\" and \".\", beginning and ending with a letter or digit; free text goes into annotations", shorten(value.Value))
	}
}

func (d *decoder) annotation(key, _ *node, path string) { d.qualifiedName(key, path) }

func (d *decoder) qualifiedName(key *node, path string) {
	if len(validation.IsQualifiedName(key.Value)) > 0 {
		d.bad(key, path, "", "%q is not a name such as app or example.com/app", shorten(key.Value))
	}
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// uuid reads a uuid, which xapi writes in lower case.
func (d *decoder) uuid(n *node, path string) (string, bool) {
	s, ok := d.text(n, path)
	if !ok {
		return "", false
	}
	if lower := strings.ToLower(s); uuidForm.MatchString(lower) {
		return lower, true
	}
	d.bad(n, path, "", "%q is not a uuid such as 6e3f3a4c-9d1b-4c54-8a57-0a1e3f0b2c6d (xe vm-list shows it)", shorten(s))
	return "", false
}

// conflicts finds objects that are declared twice, and VMs that two objects claim. Each mistake names both places.
func conflicts(all []declaration) Problems {
	var problems Problems
	names, labels, uuids := map[string]declaration{}, map[string]declaration{}, map[string]declaration{}
	for _, d := range all {
		vm := d.vm
		if before, found := names[vm.Metadata.Name]; found {
			problems = append(problems, d.source.problem(d.name, "metadata.name",
				fmt.Sprintf("%q is already declared at %s; keep one", vm.Metadata.Name, before.at(before.name))))
			continue
		}
		names[vm.Metadata.Name] = d
		if !d.whole {
			continue // which VM it means may be the very mistake
		}
		path, value, claimed := "spec.nameLabel", vm.Spec.NameLabel, labels
		if vm.Spec.UUID != "" {
			path, value, claimed = "spec.uuid", vm.Spec.UUID, uuids
		}
		if before, found := claimed[value]; found {
			problems = append(problems, d.source.problem(d.identity, path,
				fmt.Sprintf("%q is the VM that %s declares at %s; one VM can only be declared once",
					value, before.vm.Metadata.Name, before.at(before.identity))))
			continue
		}
		claimed[value] = d
	}
	return problems
}

func (d declaration) at(p position) string {
	return fmt.Sprintf("%s:%d:%d", printable(d.source.name), p.line, p.column)
}
