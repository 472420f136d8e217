package main

import (
	"fmt"
	"strings"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

// changed writes, for each class, the numbers of its fields and the comparison of two records, field by field.
func (g *generator) changed() []file {
	var blocks []string
	var dispatch, names strings.Builder
	for _, c := range g.model.Classes {
		if !isRecord(c) {
			continue
		}
		blocks = append(blocks, fieldNumbers(c), comparison(c))
		name := recordName(c.Name)
		fmt.Fprintf(&dispatch, "\tcase *%s:\n\t\tif b, ok := newer.(*%s); ok {\n\t\t\treturn changed%s(a, b), true\n\t\t}\n", name, name, name)
		fmt.Fprintf(&names, "\tClass%s: {", camel(c.Name))
		for _, f := range c.Fields {
			fmt.Fprintf(&names, "%q, ", f.Name)
		}
		names.WriteString("},\n")
	}
	blocks = append(blocks,
		"// changed compares two records of one class; false where they are of two, or of none of the datamodel's.\n"+
			"func changed(older, newer Record) (Fields, bool) {\n\tswitch a := older.(type) {\n"+dispatch.String()+"\t}\n\treturn Fields{}, false\n}\n",
		"// fieldNames are the fields of each class as the API spells them, in the order of their numbers.\n"+
			"var fieldNames = map[Class][]string{\n"+names.String()+"}\n")
	return pack(xenFolder+"zz_changed", blocks)
}

// fieldNumbers writes a constant for each field of a class.
func fieldNumbers(c *datamodel.Class) string {
	var b strings.Builder
	fmt.Fprintf(&b, "// The fields of class %s.\nconst (\n", c.Name)
	for i, f := range c.Fields {
		first := ""
		if i == 0 {
			first = " Field = iota"
		}
		fmt.Fprintf(&b, "\t%sField%s%s\n", recordName(c.Name), camel(f.Name), first)
	}
	b.WriteString(")\n")
	return b.String()
}

// comparison writes the function that compares two records of a class.
func comparison(c *datamodel.Class) string {
	var b strings.Builder
	name := recordName(c.Name)
	fmt.Fprintf(&b, "func changed%s(a, b *%s) (f Fields) {\n", name, name)
	for _, f := range c.Fields {
		field := camel(f.Name)
		fmt.Fprintf(&b, "\tif %s {\n\t\tf.add(%sField%s)\n\t}\n", differs("a."+field, "b."+field, f.Parsed), name, field)
	}
	b.WriteString("\tif !sameList(a.Unknown, b.Unknown) {\n\t\tf.add(FieldUnknown)\n\t}\n\treturn f\n}\n")
	return b.String()
}

// differs is the expression that compares two values of a type.
func differs(a, b string, t datamodel.Type) string {
	switch t.Kind {
	case datamodel.Datetime:
		return fmt.Sprintf("!%s.Equal(%s)", a, b)
	case datamodel.Float:
		return fmt.Sprintf("!sameFloat(%s, %s)", a, b)
	case datamodel.SetKind:
		if plain(*t.Elem) {
			return fmt.Sprintf("!sameList(%s, %s)", a, b)
		}
	case datamodel.MapKind:
		switch {
		case plain(*t.Elem):
			return fmt.Sprintf("!sameList(%s, %s)", a, b)
		case t.Elem.Kind == datamodel.Float:
			return fmt.Sprintf("!sameMap(%s, %s, sameFloat)", a, b)
		case t.Elem.Kind == datamodel.SetKind && plain(*t.Elem.Elem):
			return fmt.Sprintf("!sameMap(%s, %s, sameList)", a, b)
		}
	case datamodel.Option:
		if plain(*t.Elem) {
			return fmt.Sprintf("!sameOption(%s, %s)", a, b)
		}
		return fmt.Sprintf("!same%s(%s, %s)", strings.TrimPrefix(goType(*t.Elem), "*"), a, b)
	default:
		if plain(t) {
			return a + " != " + b
		}
	}
	fatal(fmt.Errorf("no comparison of fields of type %s", t))
	return ""
}

// plain reports whether Go's == says whether two values of a type are the same.
func plain(t datamodel.Type) bool {
	return isText(t) || t.Kind == datamodel.Int || t.Kind == datamodel.Bool
}
