// Package desired reads what people declare: YAML manifests become one immutable Set, or a list of every mistake in
// them, each with its place.
//
// It knows files, the kinds of the YAML API (v1alpha1), strict decoding, defaults and validation. It must not know pools,
// XAPI or time: whether a VM exists, and what is done about it, is decided elsewhere. Watching files is the sub-package
// source.
package desired

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
)

// Set is everything that is declared, defaults applied. It never changes and may be read by everybody at once; the
// objects it hands out are read-only. The nil *Set declares nothing.
type Set struct {
	vms    []*v1alpha1.VirtualMachine // by name
	places map[string]Place           // by name
	hash   string
}

// Place is where an object is declared.
type Place struct {
	File string // as it was named to Load, or found below the directory that was
	Line int    // of the document's metadata.name, from 1
}

// VMs returns the declared VMs in order of their names.
func (s *Set) VMs() []*v1alpha1.VirtualMachine {
	if s == nil {
		return nil
	}
	return slices.Clone(s.vms)
}

// VM returns the VM with this metadata.name.
func (s *Set) VM(name string) (*v1alpha1.VirtualMachine, bool) {
	if s == nil {
		return nil, false
	}
	i, found := slices.BinarySearchFunc(s.vms, name, func(vm *v1alpha1.VirtualMachine, name string) int {
		return strings.Compare(vm.Metadata.Name, name)
	})
	if !found {
		return nil, false
	}
	return s.vms[i], true
}

// Place says where the object with this metadata.name is declared; the zero Place if it is not.
func (s *Set) Place(name string) Place {
	if s == nil {
		return Place{}
	}
	return s.places[name]
}

// Empty reports whether nothing is declared.
func (s *Set) Empty() bool { return s == nil || len(s.vms) == 0 }

// Hash is the revision of the set: 64 hexadecimal digits that depend on what is declared and on nothing else: not on
// file names, order, comments, formatting, or whether a default was written out.
func (s *Set) Hash() string {
	if s == nil {
		return newSet(nil, nil).hash
	}
	return s.hash
}

func newSet(vms []*v1alpha1.VirtualMachine, places map[string]Place) *Set {
	slices.SortFunc(vms, func(a, b *v1alpha1.VirtualMachine) int {
		return strings.Compare(a.Metadata.Name, b.Metadata.Name)
	})
	h := sha256.New()
	for _, vm := range vms {
		b, err := json.Marshal(vm) // struct fields in order, map keys sorted: one text for one meaning
		if err != nil {
			panic("desired: a VirtualMachine that cannot be written as JSON: " + err.Error()) // no field of it can fail
		}
		h.Write(append(b, '\n'))
	}
	return &Set{vms: vms, places: places, hash: hex.EncodeToString(h.Sum(nil))}
}
