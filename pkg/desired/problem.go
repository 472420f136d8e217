package desired

import (
	"fmt"
	"strings"
	"unicode"
)

// Problem is one mistake in what is declared, worded for whoever wrote it.
type Problem struct {
	File       string // "" only where the mistake is not in a file
	Line       int    // from 1; 0: the whole file
	Column     int    // from 1, in characters (runes), as editors count
	Path       string // the field: spec.placement.hosts[0]; "" for the whole document
	Text       string // what is wrong and what to do
	DidYouMean string // the nearest thing that would have been right; "": nothing is near
	Excerpt    string // the source line, a newline, and a caret under the column; "" with Line 0
}

// Error is the problem as one line, then the excerpt, indented:
//
//	fleet/db.yaml:14:15: spec.powerState: "Runing" is not Running, Halted, Suspended or Paused; did you mean "Running"?
//	    powerState: Runing
//	                ^
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Summary())
	for line := range strings.Lines(p.Excerpt) {
		b.WriteString("\n    " + strings.TrimSuffix(line, "\n"))
	}
	return b.String()
}

// Summary is the problem on one line, without the excerpt: for logs and status.
func (p Problem) Summary() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(printable(p.File))
	}
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	if p.File != "" {
		b.WriteString(": ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Text)
	if p.DidYouMean != "" {
		fmt.Fprintf(&b, "; did you mean %q?", p.DidYouMean)
	}
	return b.String()
}

// Problems is every mistake of one Load, in order of file, line and column. It is never returned empty.
type Problems []Problem

// Error is every problem with its excerpt, one after the other.
func (ps Problems) Error() string {
	texts := make([]string, len(ps))
	for i, p := range ps {
		texts[i] = p.Error()
	}
	return strings.Join(texts, "\n")
}

// maxExcerpt bounds the source shown, in characters: a manifest can be one endless line (JSON often is).
const maxExcerpt = 120

// excerpt shows one line of source with a caret under a column. Tabs stay, so that the caret is right whatever their
// width is; other characters that a terminal would not print, or would act on, show as U+FFFD.
func excerpt(line string, column int) string {
	runes := []rune(strings.TrimRight(printable(line), " \t"))
	at := column - 1
	first, before, after := 0, "", ""
	if len(runes) > maxExcerpt {
		first = min(max(0, at-maxExcerpt/2), len(runes)-maxExcerpt)
		if first > 0 {
			before = "…"
		}
		if first+maxExcerpt < len(runes) {
			after = "…"
		}
		runes = runes[first:min(first+maxExcerpt, len(runes))]
	}
	var caret strings.Builder
	caret.WriteString(strings.Repeat(" ", len([]rune(before))))
	for i := range at - first {
		if i < len(runes) && runes[i] == '\t' {
			caret.WriteByte('\t')
		} else {
			caret.WriteByte(' ')
		}
	}
	return before + string(runes) + after + "\n" + caret.String() + "^"
}

// printable replaces what a terminal would act on.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}
