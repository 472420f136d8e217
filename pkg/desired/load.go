package desired

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"
)

const (
	maxDocument = 256 << 10 // bytes; yaml.v3 takes the square of a document's size, in bad cases, and a VM needs some hundred
	maxTotal    = 1000      // mistakes, after which no further document is read
)

// Parse reads manifests that are in memory already. It returns the set, or Problems with every mistake in all of them;
// never both. No documents at all are an empty set.
func Parse(files ...File) (*Set, error) {
	set, problems := parse(files)
	if len(problems) > 0 {
		return nil, problems.inOrder()
	}
	return set, nil
}

func parse(files []File) (*Set, Problems) {
	var problems Problems
	var all []declaration
	for _, f := range files {
		s, p := newSource(f)
		if p != nil {
			problems = append(problems, *p)
			continue
		}
		for _, doc := range s.documents() {
			if len(problems) >= maxTotal {
				problems[len(problems)-1].Text += " (reading ended here; there may be more mistakes)"
				return nil, problems
			}
			decl, ps := s.declaration(doc)
			problems = append(problems, ps...)
			if decl.vm != nil && decl.vm.Metadata.Name != "" {
				decl.whole = len(ps) == 0
				all = append(all, decl)
			}
		}
	}
	for i := range all {
		applyDefaults(all[i].vm)
	}
	problems = append(problems, conflicts(all)...)
	if len(problems) > 0 {
		return nil, problems
	}
	vms, places := make([]*v1alpha1.VirtualMachine, len(all)), make(map[string]Place, len(all))
	for i, d := range all {
		vms[i] = d.vm
		places[d.vm.Metadata.Name] = Place{File: d.source.name, Line: d.name.line}
	}
	return newSet(vms, places), nil
}

// declaration reads one document; one that says nothing gives no declaration and no problem.
func (s *source) declaration(doc document) (declaration, Problems) {
	lines := s.lines[doc.from:doc.to]
	if size(lines) > maxDocument {
		return declaration{}, Problems{s.problem(position{doc.from + 1, 1}, "", fmt.Sprintf(
			`this document is larger than %d KiB; is "---" missing between manifests?`, maxDocument>>10))}
	}
	tree, err := parseDocument(lines)
	if err != nil {
		at, words := syntaxProblem(lines, err)
		return declaration{}, Problems{s.problem(position{doc.from + at.line, at.column}, "", words)}
	}
	if tree == nil || tree.Tag == "!!null" {
		return declaration{}, nil
	}
	d := &decoder{source: s, first: doc.from - 1} // less the empty line that parseDocument puts first
	if !d.header(tree) {
		return declaration{}, d.problems
	}
	decl := d.virtualMachine(tree)
	return decl, d.problems
}

// inOrder sorts by file, line and column; mistakes of a whole file come before those within it.
func (ps Problems) inOrder() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return ps
}

// Counted is "1 mistake" or "n mistakes".
func (ps Problems) Counted() string {
	if len(ps) == 1 {
		return "1 mistake"
	}
	return fmt.Sprintf("%d mistakes", len(ps))
}
