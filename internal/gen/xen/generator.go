package main

import (
	"fmt"
	"strings"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

const (
	xenFolder = "pkg/xapi/xen/"
	// maxLines keeps generated files readable in review; a formatted file stays under 1,000 lines.
	maxLines = 900
)

// generator holds the model and the names given so far, so that no two things get the same one.
type generator struct {
	model *datamodel.Model
	taken map[string]string // Go name → what has it
	codes []code
	enums map[string]bool // enumerations already written: four stand in two classes

	shapes int // records that have decoders
}

// code is an error code with its Go name.
type code struct {
	name string
	decl *datamodel.ErrorDecl
}

// newGenerator names classes and enumerations first; an error code whose name is taken by then gets a suffix.
func newGenerator(model *datamodel.Model) (*generator, error) {
	g := &generator{model: model, taken: map[string]string{}, enums: map[string]bool{}}
	for _, name := range []string{"Class", "Error", "ErrorCode", "Event", "EventBatch", "Map", "Message", "Object", "ObjectList", "Pair", "Record", "Request", "Void"} {
		g.taken[name] = "the hand-written type " + name
	}
	for _, c := range model.Classes {
		if c.Name == "event" || c.Name == "message" { // their structs: see recordName
			continue
		}
		for _, name := range []string{camel(c.Name), camel(c.Name) + "Ref", "Class" + camel(c.Name)} {
			if err := g.take(name, "class "+c.Name); err != nil {
				return nil, err
			}
		}
	}
	if err := g.takeEnums(); err != nil {
		return nil, err
	}
	for _, e := range model.Errors {
		name := codeName(e.Name)
		if g.taken[name] != "" {
			name += "Error"
		}
		if err := g.take(name, "error "+e.Name); err != nil {
			return nil, err
		}
		g.codes = append(g.codes, code{name, e})
	}
	return g, nil
}

// takeEnums reserves the names of all enumerations and their words.
func (g *generator) takeEnums() error {
	seen := map[string]bool{}
	for _, c := range g.model.Classes {
		for _, e := range c.Enums {
			if seen[e.Name] {
				continue
			}
			seen[e.Name] = true
			typ, prefix := enumNames(e.Name)
			if err := g.take(typ, "enum "+e.Name); err != nil {
				return err
			}
			for _, v := range e.Values {
				if err := g.take(enumWord(prefix, v.Name), "enum "+e.Name); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// take reserves a name of the package xen.
func (g *generator) take(name, owner string) error {
	if other := g.taken[name]; other != "" {
		return fmt.Errorf("%s and %s would both be called %s", other, owner, name)
	}
	g.taken[name] = owner
	return nil
}

// files makes all generated files.
func (g *generator) files() []file {
	files := []file{g.classes()}
	files = append(files, g.errors()...)
	for _, c := range g.model.Classes {
		files = append(files, pack(xenFolder+"zz_"+fileWord(c.Name), g.class(c))...)
		if isRecord(c) {
			files = append(files, g.decoders(c)...)
		}
	}
	return append(files, g.dispatch()...)
}

// pack puts blocks of code of package xen into as few files as hold them within maxLines: NAME.go, NAME_2.go, ….
func pack(name string, blocks []string) []file {
	var files []file
	var body strings.Builder
	lines := 0
	flush := func() {
		suffix := ""
		if len(files) > 0 {
			suffix = fmt.Sprintf("_%d", len(files)+1)
		}
		f := file{path: name + suffix + ".go", pkg: "xen", body: body.String()}
		if usesTime(f.body) {
			f.imports = []string{"time"}
		}
		files = append(files, f)
		body.Reset()
		lines = 0
	}
	for _, b := range blocks {
		n := strings.Count(b, "\n") + 1
		if lines > 0 && lines+n > maxLines {
			flush()
		}
		body.WriteString(b)
		body.WriteByte('\n')
		lines += n
	}
	flush()
	return files
}

// isRecord reports whether a class becomes a struct. xapi: auth has no fields; an event carries a record of any class
// and is written by hand.
func isRecord(c *datamodel.Class) bool { return len(c.Fields) > 0 && c.Name != "event" }

// comment turns text into a doc comment of lines under 118 columns, indented by tabs tabs.
func comment(tabs int, text string) string {
	indent := strings.Repeat("\t", tabs) + "//"
	var b strings.Builder
	line := indent
	for w := range strings.FieldsSeq(text) {
		if len(line)+1+len(w) > 118-3*tabs && line != indent {
			b.WriteString(line + "\n")
			line = indent
		}
		line += " " + w
	}
	b.WriteString(line + "\n")
	return b.String()
}

// sentence ends a text with a full stop.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

// classes writes the table of all classes.
func (g *generator) classes() file {
	var b strings.Builder
	b.WriteString("// The classes of the datamodel.\nconst (\n")
	for _, c := range g.model.Classes {
		fmt.Fprintf(&b, "\tClass%s Class = %q\n", camel(c.Name), c.Name)
	}
	b.WriteString(")\n\nvar classList = []Class{\n")
	for _, c := range g.model.Classes {
		fmt.Fprintf(&b, "\tClass%s,\n", camel(c.Name))
	}
	b.WriteString("}\n\nvar classTable = map[Class]classInfo{\n")
	for _, c := range g.model.Classes {
		fmt.Fprintf(&b, "\tClass%s: {%q, %t, %t},\n", camel(c.Name), c.EventClass, c.GeneratesEvents, c.HasGetAllRecords)
	}
	b.WriteString("}\n\nvar classByEventWord = map[string]Class{\n")
	for _, c := range g.model.Classes {
		fmt.Fprintf(&b, "\t%q: Class%s,\n", c.EventClass, camel(c.Name))
	}
	b.WriteString("}\n\n// NewRecord makes an empty record of a class; nil where the datamodel has none.\nfunc NewRecord(c Class) Record {\n\tswitch c {\n")
	for _, c := range g.model.Classes {
		if isRecord(c) {
			fmt.Fprintf(&b, "\tcase Class%s:\n\t\treturn new(%s)\n", camel(c.Name), recordName(c.Name))
		}
	}
	b.WriteString("\t}\n\treturn nil\n}\n")
	return file{path: xenFolder + "zz_classes.go", pkg: "xen", body: b.String()}
}

// errors writes the error codes, each with its words and the names of its parameters.
func (g *generator) errors() []file {
	blocks := make([]string, 0, len(g.codes))
	for _, c := range g.codes {
		text := c.name + ": " + sentence(c.decl.Doc)
		if c.decl.Doc == "" {
			text = c.name + " is raised without being documented."
		}
		if len(c.decl.Params) > 0 {
			text += " Parameters: " + strings.Join(c.decl.Params, ", ") + "."
		}
		blocks = append(blocks, comment(0, text)+fmt.Sprintf("const %s ErrorCode = %q\n", c.name, c.decl.Name))
	}
	return pack(xenFolder+"zz_errors", blocks)
}
