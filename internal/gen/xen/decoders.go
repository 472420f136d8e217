package main

import (
	"fmt"
	"strings"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

const xenImport = "github.com/xencontroller/xencontroller/pkg/xapi/xen"

// decoder writes the decoder of a record: one case a member, in the order of the wire.
func (g *generator) decoder(c *datamodel.Class) file {
	name := recordName(c.Name)
	var b strings.Builder
	fmt.Fprintf(&b, "// decode%s reads a struct into a record of class %s; members that the record lacks are skipped.\n", name, c.Name)
	fmt.Fprintf(&b, "func decode%s(d *decoder, r *xen.%s) {\n\tfor d.openStruct(); d.nextMember(); d.endMember() {\n\t\tswitch string(d.name) {\n", name, name)
	for _, f := range c.Fields {
		fmt.Fprintf(&b, "\t\tcase %q:\n\t\t\t%s\n", f.Name, decodeField("r."+camel(f.Name), f.Parsed))
	}
	b.WriteString("\t\tdefault:\n\t\t\td.skip()\n\t\t}\n\t}\n}\n")
	return file{path: wireFolder + "zz_" + fileWord(c.Name) + ".go", pkg: "xmlrpc", imports: []string{xenImport}, body: b.String()}
}

// decodeField writes the statement that reads a member into a field: a direct call for what records are made of, and
// the general reader for the few fields of other types.
func decodeField(field string, t datamodel.Type) string {
	if t.Kind == datamodel.EnumKind || t.Kind == datamodel.Ref {
		read := map[datamodel.Kind]string{datamodel.EnumKind: "d.word()", datamodel.Ref: "d.text()"}[t.Kind]
		return fmt.Sprintf("%s = xen.%s(%s)", field, goType(t), read)
	}
	if call, ok := scalars[t.Kind]; ok {
		return field + " = " + call
	}
	if t.Kind == datamodel.SetKind && isText(*t.Elem) {
		read := "texts"
		if t.Elem.Kind == datamodel.EnumKind {
			read = "words"
		}
		return fmt.Sprintf("%s = %s[%s](d)", field, read, qualified(*t.Elem))
	}
	if t.Kind == datamodel.MapKind && isText(*t.Key) && isText(*t.Elem) {
		return fmt.Sprintf("%s = textMap[%s, %s](d)", field, qualified(*t.Key), qualified(*t.Elem))
	}
	return fmt.Sprintf("d.value(&%s)", field)
}

// scalars are the readers of single values.
var scalars = map[datamodel.Kind]string{
	datamodel.String: "d.text()", datamodel.Int: "d.int()", datamodel.Float: "d.float()",
	datamodel.Bool: "d.bool()", datamodel.Datetime: "d.time()",
}

// isText reports whether a type travels as plain text.
func isText(t datamodel.Type) bool {
	return t.Kind == datamodel.String || t.Kind == datamodel.Ref || t.Kind == datamodel.EnumKind
}

// qualified is a textual type as another package writes it.
func qualified(t datamodel.Type) string {
	if t.Kind == datamodel.String {
		return "string"
	}
	return "xen." + goType(t)
}

// dispatch writes the switch from a record to its decoder.
func (g *generator) dispatch() file {
	var b strings.Builder
	b.WriteString("// record reads a struct into a record of any class; false where it is none of the datamodel's.\n")
	b.WriteString("func (d *decoder) record(r xen.Record) bool {\n\tswitch r := r.(type) {\n")
	for _, c := range g.model.Classes {
		if isRecord(c) {
			fmt.Fprintf(&b, "\tcase *xen.%s:\n\t\tdecode%s(d, r)\n", recordName(c.Name), recordName(c.Name))
		}
	}
	b.WriteString("\tdefault:\n\t\treturn false\n\t}\n\treturn true\n}\n")
	return file{path: wireFolder + "zz_dispatch.go", pkg: "xmlrpc", imports: []string{xenImport}, body: b.String()}
}
