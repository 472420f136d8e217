package main

import (
	"fmt"
	"strings"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

const xenImport = "github.com/xencontroller/xencontroller/pkg/xapi/xen"

// codecs are the packages that decode records. Their decoders have the same readers, each for its protocol.
var codecs = []string{"xmlrpc", "jsonrpc"}

// codecFile is a file of a codec.
func codecFile(codec, name, body string) file {
	return file{path: "internal/wire/" + codec + "/zz_" + name + ".go", pkg: codec, imports: []string{xenImport}, body: body}
}

// decoders writes the decoder of a record for each codec: one case a member, in the order of the wire, which is
// expected and not required.
func (g *generator) decoders(c *datamodel.Class) []file {
	name := recordName(c.Name)
	var b strings.Builder
	fmt.Fprintf(&b, "var shape%s = newShape(%d,\n", name, g.shapes)
	g.shapes++
	for _, f := range c.Fields {
		fmt.Fprintf(&b, "\t%q,\n", f.Name)
	}
	fmt.Fprintf(&b, ")\n\n// decode%s reads a record of class %s; members that the class lacks are kept as they are.\n", name, c.Name)
	fmt.Fprintf(&b, "func decode%s(d *decoder, r *xen.%s) {\n\tw := d.Walk(shape%s)\n\tfor d.Next(&w) {\n\t\tswitch w.Place {\n", name, name, name)
	for i, f := range c.Fields {
		fmt.Fprintf(&b, "\t\tcase %d:\n\t\t\t%s\n", i, readField("r."+camel(f.Name), f.Parsed))
	}
	b.WriteString("\t\t}\n\t}\n\tr.Unknown = w.Unknown\n}\n")
	files := make([]file, 0, len(codecs))
	for _, codec := range codecs {
		files = append(files, codecFile(codec, fileWord(c.Name), b.String()))
	}
	return files
}

// readField writes the statement that reads a member into a field: a direct call for what records are made of, and the
// general reader for the few fields of other types.
func readField(field string, t datamodel.Type) string {
	if call, ok := scalars[t.Kind]; ok {
		return field + " = " + call
	}
	switch t.Kind { //nolint:exhaustive // the others are read by the general reader
	case datamodel.String:
		return fmt.Sprintf("keepText(d, &w, &%s)", field)
	case datamodel.Ref:
		return fmt.Sprintf("keepRef(d, &w, &%s)", field)
	case datamodel.EnumKind:
		return fmt.Sprintf("keepWord(d, &w, &%s)", field)
	case datamodel.SetKind:
		switch t.Elem.Kind { //nolint:exhaustive // as above
		case datamodel.Ref:
			return fmt.Sprintf("keepRefs(d, &%s)", field)
		case datamodel.String, datamodel.EnumKind:
			return fmt.Sprintf("keepTexts(d, &w, &%s)", field)
		}
	case datamodel.MapKind:
		if isText(*t.Key) && isText(*t.Elem) {
			return fmt.Sprintf("keepMap(d, &w, &%s)", field)
		}
	}
	return fmt.Sprintf("d.Other(&%s)", field)
}

// scalars are the readers of values that are no text.
var scalars = map[datamodel.Kind]string{
	datamodel.Int: "d.Int()", datamodel.Float: "d.Float()", datamodel.Bool: "d.Bool()", datamodel.Datetime: "d.Time()",
}

// isText reports whether a type travels as plain text.
func isText(t datamodel.Type) bool {
	return t.Kind == datamodel.String || t.Kind == datamodel.Ref || t.Kind == datamodel.EnumKind
}

// dispatch writes the switch from a record to its decoder, for each codec.
func (g *generator) dispatch() []file {
	var b strings.Builder
	fmt.Fprintf(&b, "// shapes is how many classes have records.\nconst shapes = %d\n\n", g.shapes)
	b.WriteString("// Fields reads the members of a record of any class.\n")
	b.WriteString("func (d *decoder) Fields(r xen.Record) {\n\tswitch r := r.(type) {\n")
	for _, c := range g.model.Classes {
		if isRecord(c) {
			fmt.Fprintf(&b, "\tcase *xen.%s:\n\t\tdecode%s(d, r)\n", recordName(c.Name), recordName(c.Name))
		}
	}
	b.WriteString("\t}\n}\n")
	files := make([]file, 0, len(codecs))
	for _, codec := range codecs {
		files = append(files, codecFile(codec, "dispatch", b.String()))
	}
	return files
}
