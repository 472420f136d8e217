package desired

import "strings"

// fieldPaths lists every field of a VirtualMachine. The decoder decides what is read; a test keeps the two in step.
func fieldPaths() []string {
	return []string{
		"apiVersion", "kind", "metadata", "spec",
		"metadata.name", "metadata.labels", "metadata.annotations",
		"spec.nameLabel", "spec.uuid", "spec.powerState", "spec.mode",
		"spec.placement", "spec.placement.hosts",
		"spec.shutdown", "spec.shutdown.mode", "spec.shutdown.gracePeriod",
	}
}

// required reports whether a field may not be left out.
func required(path string) bool {
	switch path {
	case "apiVersion", "kind", "metadata", "metadata.name":
		return true
	}
	return false
}

// unknownField words a key that a mapping does not have: what it may have meant here, or where else it belongs.
func unknownField(path, key string, here []string) (meant, words string) {
	if path == "" && key == "status" {
		return "", "is written by the controller, not declared; remove it"
	}
	words = "unknown field"
	if meant = near(key, here...); meant != "" {
		return meant, words
	}
	for _, p := range fieldPaths() {
		last := p[strings.LastIndexByte(p, '.')+1:]
		if parent := strings.TrimSuffix(strings.TrimSuffix(p, last), "."); parent != path && fold(last) == fold(key) {
			return p, words
		}
	}
	parent := path
	if parent == "" {
		parent = "a VirtualMachine"
	}
	return "", words + "; " + parent + " has " + strings.Join(here, ", ")
}
