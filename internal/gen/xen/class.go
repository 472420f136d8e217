package main

import (
	"fmt"
	"strings"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

// class writes a class: its reference, its record, its enumerations, its messages.
func (g *generator) class(c *datamodel.Class) []string {
	name := camel(c.Name)
	var ref strings.Builder
	ref.WriteString(comment(0, fmt.Sprintf("%sRef is a reference to an object of class %s. %s", name, c.Name, sentence(c.Description))))
	fmt.Fprintf(&ref, "type %sRef string\n\n", name)
	fmt.Fprintf(&ref, "// IsNull reports whether the reference names no object.\nfunc (ref %sRef) IsNull() bool { return isNull(ref) }\n", name)
	blocks := []string{ref.String()}
	if isRecord(c) {
		blocks = append(blocks, g.record(c))
	}
	for _, e := range c.Enums {
		if !g.enums[e.Name] {
			g.enums[e.Name] = true
			blocks = append(blocks, g.enum(e))
		}
	}
	for _, m := range c.Messages {
		blocks = append(blocks, g.message(c, m))
	}
	return blocks
}

// record writes the struct of a class.
func (g *generator) record(c *datamodel.Class) string {
	name := recordName(c.Name)
	var b strings.Builder
	b.WriteString(comment(0, fmt.Sprintf("%s is the record of class %s. %s", name, c.Name, sentence(c.Description))))
	fmt.Fprintf(&b, "type %s struct {\n", name)
	uuid, label := false, false
	for _, f := range c.Fields {
		uuid = uuid || f.Name == "uuid" && f.Parsed.Kind == datamodel.String
		label = label || f.Name == "name_label"
		b.WriteString(comment(1, sentence(fieldDoc(f))))
		fmt.Fprintf(&b, "\t%s %s `json:%q`\n", camel(f.Name), goType(f.Parsed), f.Name)
	}
	b.WriteString("\n\t// Unknown are the members that this datamodel lacks, as the server wrote their values.\n")
	b.WriteString("\tUnknown Map[string, string] `json:\"-\"`\n}\n\n")
	fmt.Fprintf(&b, "// Class is Class%[1]s.\nfunc (*%[2]s) Class() Class { return Class%[1]s }\n\n", camel(c.Name), name)
	value := `""`
	recv := ""
	if uuid {
		value, recv = "r.UUID", "r "
	}
	fmt.Fprintf(&b, "// ObjectUUID is the object's uuid; empty where the class has none.\nfunc (%s*%s) ObjectUUID() string { return %s }\n", recv, name, value)
	if label {
		fmt.Fprintf(&b, "\n// ObjectName is the object's name_label.\nfunc (r *%s) ObjectName() string { return r.NameLabel }\n", name)
	}
	return b.String()
}

// fieldDoc says what a field is, and how it has aged.
func fieldDoc(f *datamodel.Field) string {
	doc := camel(f.Name) + ": " + f.Description
	if f.Description == "" {
		doc = camel(f.Name) + " is " + f.Name
	}
	switch f.Lifecycle.State {
	case "Deprecated_s":
		doc = sentence(doc) + " Deprecated by XAPI."
	case "Removed_s":
		doc = sentence(doc) + " Removed from XAPI: reads as its default."
	}
	return doc
}

// enum writes an enumeration and its words.
func (g *generator) enum(e *datamodel.Enum) string {
	typ, prefix := enumNames(e.Name)
	var b strings.Builder
	b.WriteString(comment(0, fmt.Sprintf("%s is %s. A word that this datamodel does not know is kept as it came.", typ, e.Name)))
	fmt.Fprintf(&b, "type %s string\n\n", typ)
	fmt.Fprintf(&b, "// The words of %s.\nconst (\n", typ)
	for _, v := range e.Values {
		name := enumWord(prefix, v.Name)
		b.WriteString(comment(1, sentence(name+": "+v.Doc)))
		fmt.Fprintf(&b, "\t%s %s = %q\n", name, typ, v.Name)
	}
	b.WriteString(")\n\n")
	fmt.Fprintf(&b, "// Known reports whether the word is one of the datamodel's.\nfunc (w %s) Known() bool {\n\tswitch w {\n\tcase ", typ)
	for i, v := range e.Values {
		if i > 0 {
			b.WriteString(",\n\t\t")
		}
		b.WriteString(enumWord(prefix, v.Name))
	}
	b.WriteString(":\n\t\treturn true\n\t}\n\treturn false\n}\n")
	return b.String()
}

// mustTake reserves a name or ends the generator: two things with one name need a human.
func (g *generator) mustTake(name, owner string) {
	if err := g.take(name, owner); err != nil {
		fatal(err)
	}
}
