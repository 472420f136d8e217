package main

import (
	"fmt"
	"strings"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

// surprises writes, for each class with enumerations, the check of their words.
func (g *generator) surprises() []file {
	var blocks []string
	var dispatch strings.Builder
	for _, c := range g.model.Classes {
		if !isRecord(c) {
			continue
		}
		name := recordName(c.Name)
		fmt.Fprintf(&dispatch, "\tcase *%s:\n\t\tmembers = r.Unknown\n", name)
		if body := strangeWords(c); body != "" {
			fmt.Fprintf(&dispatch, "\t\tstrange%s(r, note)\n", name)
			blocks = append(blocks, fmt.Sprintf("func strange%s(r *%s, note func(member, word string)) {\n%s}\n", name, name, body))
		}
	}
	blocks = append(blocks, "// surprises notes the words of a record that its enumerations lack, and returns its unknown members.\n"+
		"func surprises(r Record, note func(member, word string)) (members Map[string, string]) {\n\tswitch r := r.(type) {\n"+
		dispatch.String()+"\t}\n\treturn members\n}\n")
	return pack(xenFolder+"zz_surprises", blocks)
}

// strangeWords writes a statement for each field of a class that holds words of an enumeration.
func strangeWords(c *datamodel.Class) string {
	var b strings.Builder
	for _, f := range c.Fields {
		field, t := "r."+camel(f.Name), f.Parsed
		switch {
		case t.Kind == datamodel.EnumKind:
			fmt.Fprintf(&b, "\tif !%s.Known() {\n\t\tnote(%q, string(%s))\n\t}\n", field, f.Name, field)
		case t.Kind == datamodel.SetKind && t.Elem.Kind == datamodel.EnumKind:
			fmt.Fprintf(&b, "\tfor _, w := range %s {\n\t\tif !w.Known() {\n\t\t\tnote(%q, string(w))\n\t\t}\n\t}\n", field, f.Name)
		case t.Kind == datamodel.MapKind && t.Elem.Kind == datamodel.EnumKind:
			fmt.Fprintf(&b, "\tfor _, p := range %s {\n\t\tif !p.Value.Known() {\n\t\t\tnote(%q, string(p.Value))\n\t\t}\n\t}\n", field, f.Name)
		}
	}
	return b.String()
}
