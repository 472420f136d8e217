package desired

import (
	"errors"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/xencontroller/xencontroller/internal/yaml"
)

// syntaxProblem says in plain words, and at the right place, what the YAML parser said about a document. lines is the
// document; the position is relative to it.
func syntaxProblem(lines []string, err error) (position, string) {
	message := err.Error()
	var line int
	message, line = splitMessage(message)
	for _, k := range knownSyntax() {
		if !strings.HasPrefix(message, k.message) {
			continue
		}
		if !k.lineIsRight || line < 1 || line > len(lines) {
			line = firstLineWith(lines, message)
		}
		text := lines[line-1]
		return position{line, runeColumn(text, k.at(text, message))}, k.words(text, message)
	}
	if line < 1 || line > len(lines) {
		line = firstLineWith(lines, message)
	}
	return position{line, runeColumn(lines[line-1], indent(lines[line-1], ""))}, "this is not YAML: " + message
}

// syntaxCase explains one message of the parser.
type syntaxCase struct {
	message     string
	lineIsRight bool                           // the line that the message names is the one to look at
	at          func(line, message string) int // byte offset of the caret
	words       func(line, message string) string
}

// knownSyntax lists what people run into. yaml.v3's scanner names the right line; its parser names the beginning of the
// block, less one, or none.
func knownSyntax() []syntaxCase {
	says := func(words string) func(string, string) string { return func(string, string) string { return words } }
	return []syntaxCase{
		{"found a tab character", true, tab, says("a tab cannot indent YAML; use spaces")},
		{"found character that cannot start any token", true, oddStart, oddStartWords},
		{"mapping values are not allowed in this context", true, secondColon, says(
			`": " is not allowed here; quote the value, or check the indentation and whether the line above lacks its colon`)},
		{"could not find expected ':'", true, indent, says(`expected a key, a colon and a space: "name: value"`)},
		{"block sequence entries are not allowed in this context", true, dashAfterColon, says(
			`a list item ("- …") is not allowed here; put it on a line of its own, indented as the others`)},
		{"found unexpected end of stream", true, lastQuote, says("the quoted text that begins here has no closing quote")},
		{"found unknown escape character", true, backslash, says(
			`unknown escape; within double quotes a backslash is written \\, within single quotes it needs nothing`)},
		{"did not find expected alphabetic or numeric character", true, anchorMark, says(
			"a value that begins with * or & must be quoted")},
		{"did not find expected key", false, indent, says("the indentation does not fit the lines above, or a quote is missing")},
		{"did not find expected '-' indicator", false, indent, says("the indentation does not fit the list above")},
		{"did not find expected ',' or ']'", false, openBracket('['), says(`the list that "[" opens here is not closed, or a comma is missing`)},
		{"did not find expected ',' or '}'", false, openBracket('{'), says(`the mapping that "{" opens here is not closed, or a comma is missing`)},
		{"did not find expected node content", false, indent, says("a value is missing here")},
		{"did not find expected <document start>", false, indent, says("this does not belong to what comes before it; is the indentation right?")},
		{"unknown anchor", false, unknownAnchor, unknownAnchorWords},
		{"exceeded max depth", false, indent, says("this is nested too deeply")},
	}
}

// splitMessage takes "yaml: line 3: words" apart.
func splitMessage(message string) (words string, line int) {
	words = strings.TrimPrefix(message, "yaml: ")
	if rest, found := strings.CutPrefix(words, "line "); found {
		if number, after, found := strings.Cut(rest, ": "); found {
			if n, err := strconv.Atoi(number); err == nil {
				return after, n - 1 // less the empty line that parseDocument puts first
			}
		}
	}
	return words, 0
}

// parseDocument is yaml.Parse with an empty line in front, which positions do not count: yaml.v3 cannot name the first line.
func parseDocument(lines []string) (*node, error) {
	return yaml.Parse("\n" + strings.Join(lines, "\n") + "\n")
}

// firstLineWith finds the line that brings a message about: the last line of the shortest beginning of the document that
// has it. The parser reads forwards, so that a longer beginning has it too.
func firstLineWith(lines []string, message string) int {
	n := sort.Search(len(lines), func(i int) bool {
		_, err := parseDocument(lines[:i+1])
		var said *yaml.Error
		if !errors.As(err, &said) {
			return false
		}
		words, _ := splitMessage(said.Message)
		return words == message
	})
	return min(n+1, len(lines))
}

func runeColumn(line string, offset int) int {
	return len([]rune(line[:max(0, min(offset, len(line)))])) + 1
}

func indent(line, _ string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }
func tab(line, _ string) int    { return strings.IndexByte(line, '\t') }

var (
	colonSpace = regexp.MustCompile(`:(\s|$)`)
	oddCharact = regexp.MustCompile("(?:^|[\\s\\[{,])([\t@`%|>])")
	escape     = regexp.MustCompile(`\\[^0abtnvfre "/\\N_LPxuU\t]`)
)

func secondColon(line, _ string) int {
	found := colonSpace.FindAllStringIndex(line, 2)
	if len(found) == 0 {
		return indent(line, "")
	}
	return found[len(found)-1][0]
}

func dashAfterColon(line, _ string) int {
	if i := strings.Index(line, ": -"); i >= 0 {
		return i + len(": ")
	}
	return indent(line, "")
}

func oddStart(line, _ string) int {
	if m := oddCharact.FindStringSubmatchIndex(line); m != nil {
		return m[2]
	}
	return indent(line, "")
}

func oddStartWords(line, message string) string {
	at := line[min(oddStart(line, message), len(line)):]
	if at == "" || at[0] == '\t' {
		return "a tab cannot indent YAML; use spaces"
	}
	return "a value that begins with " + strconv.Quote(at[:1]) + " must be quoted"
}

func lastQuote(line, _ string) int {
	first := strings.IndexAny(line, `"'`)
	if first < 0 {
		return indent(line, "")
	}
	if last := strings.LastIndexAny(line, `"'`); strings.Count(line, line[first:first+1])%2 == 0 {
		return last
	}
	return first
}

func backslash(line, _ string) int {
	if m := escape.FindStringIndex(line); m != nil {
		return m[0]
	}
	return indent(line, "")
}

func anchorMark(line, _ string) int {
	return max(indent(line, ""), strings.IndexAny(line, "*&"))
}

func openBracket(open byte) func(string, string) int {
	return func(line, _ string) int { return max(indent(line, ""), strings.IndexByte(line, open)) }
}

func unknownAnchor(line, message string) int {
	return max(indent(line, ""), strings.Index(line, "*"+anchorName(message)))
}

func unknownAnchorWords(_, message string) string {
	return "nothing in this document is marked &" + anchorName(message) + "; quote the value if the * belongs to it"
}

func anchorName(message string) string {
	_, rest, _ := strings.Cut(message, "'")
	name, _, _ := strings.Cut(rest, "'")
	return name
}
