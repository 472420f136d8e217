// Package v1alpha1 holds the kinds of xencontroller.io/v1alpha1 as Go types: what people declare, one file a kind.
//
// It knows names, enumerations and the documented defaults. It must not know YAML, files, pools or what is done about a
// declaration: package desired reads and checks these types, package plan compares them with a pool.
package v1alpha1

// Group and APIVersion of every kind in this package.
const (
	Group      = "xencontroller.io"
	APIVersion = Group + "/v1alpha1"
)

// TypeMeta says what a document is.
type TypeMeta struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
}

// Metadata names an object and says things about it that the controller does not act on.
type Metadata struct {
	Name        string            `json:"name"` // unique in the declared set; a DNS-1123 subdomain as in Kubernetes
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}
