package simulator

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
)

// provisionedDisk is a disk that the VMs of a template begin with.
type provisionedDisk struct {
	device   string
	size     int64  // bytes
	sr       string // uuid
	bootable bool
	kind     string // VDI.type
}

// unparsable is the refusal of a document that says something else than disks, as OCaml names it.
func unparsable() error { return internalError("Xapi_templates.Parse_failure") }

// parseProvision reads the document in other_config "disks" of a template. xapi: what is no XML and what is another
// document are two errors.
func parseProvision(document string) ([]provisionedDisk, error) {
	d := xml.NewDecoder(strings.NewReader(document))
	var disks []provisionedDisk
	for depth := 0; ; {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && depth == 0 && d.InputOffset() > 0 && strings.Contains(document, "<"):
			return disks, nil
		case err != nil, depth == 0 && strayText(token):
			return nil, internalError("XML Error: " + xmlTrouble(document, err) + " line " + strconv.Itoa(lineOf(document, d.InputOffset())))
		}
		switch element := token.(type) {
		case xml.StartElement:
			depth++
			switch {
			case depth == 1 && element.Name.Local == "provision" && len(element.Attr) == 0:
			case depth == 2 && element.Name.Local == "disk":
				disk, ok := parseDisk(element.Attr)
				if !ok {
					return nil, unparsable()
				}
				disks = append(disks, disk)
			default:
				return nil, unparsable()
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if strayText(element) {
				return nil, unparsable()
			}
		}
	}
}

// strayText reports whether a token is text that means something.
func strayText(token xml.Token) bool {
	text, ok := token.(xml.CharData)
	return ok && strings.Trim(string(text), " \n\t") != ""
}

// xmlTrouble says what is wrong with a document that is no XML, in the parser's words.
func xmlTrouble(document string, err error) string {
	syntax, ok := errors.AsType[*xml.SyntaxError](err)
	switch {
	case document == "", ok && syntax.Msg == "unexpected EOF":
		return "unexpected end of input"
	case err == nil, errors.Is(err, io.EOF):
		return "expected root element"
	}
	return "character sequence illegal here"
}

func lineOf(document string, offset int64) int { return 1 + strings.Count(document[:offset], "\n") }

// parseDisk reads one disk. xapi: a type that it does not know is system.
func parseDisk(attributes []xml.Attr) (provisionedDisk, bool) {
	given := map[string]string{}
	for _, a := range attributes {
		given[a.Name.Local] = a.Value
	}
	for _, needed := range []string{"device", "size", "sr", "bootable"} {
		if _, ok := given[needed]; !ok {
			return provisionedDisk{}, false
		}
	}
	size, err := strconv.ParseInt(given["size"], 0, 64)
	disk := provisionedDisk{device: given["device"], size: size, sr: given["sr"], bootable: given["bootable"] == "true", kind: "system"}
	switch given["type"] {
	case "user", "ephemeral", "suspend", "crashdump":
		disk.kind = given["type"]
	}
	return disk, err == nil
}
