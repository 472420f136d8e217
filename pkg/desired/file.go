package desired

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// File is the content of one manifest and the name that problems call it by.
type File struct {
	Name string
	Data []byte
}

// source is a manifest's text as lines, without their ends.
type source struct {
	name  string
	lines []string
}

// newSource splits a file into lines, or says why it is no text. Lines end as editors and YAML agree: LF, CRLF or CR;
// characters on which they do not agree (NEL, LS, PS) are refused with the control characters.
func newSource(f File) (*source, *Problem) {
	data := bytes.TrimPrefix(f.Data, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		return nil, &Problem{File: f.Name, Text: "is UTF-16; save it as UTF-8"}
	}
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data))
	s := &source{name: f.Name, lines: strings.Split(text, "\n")}
	for i, line := range s.lines {
		column := 0
		for at, r := range line {
			column++
			words := ""
			if _, size := utf8.DecodeRuneInString(line[at:]); r == utf8.RuneError && size == 1 {
				words = fmt.Sprintf("byte 0x%02x is not UTF-8; save the file as UTF-8", line[at])
			} else if forbidden(r) {
				words = fmt.Sprintf("the invisible character %U does not belong in a manifest; remove it", r)
			}
			if words != "" {
				p := s.problem(position{i + 1, column}, "", words)
				return nil, &p
			}
		}
	}
	return s, nil
}

func forbidden(r rune) bool {
	switch {
	case r == '\t':
		return false
	case r < 0x20, r >= 0x7f && r < 0xa0, r == 0x2028, r == 0x2029, r == 0xfeff, r == 0xfffe, r == 0xffff:
		return true
	}
	return false
}

// problem words a mistake at a position, which is brought into the file if it is not in it.
func (s *source) problem(at position, path, text string) Problem {
	at.line = max(1, min(at.line, len(s.lines)))
	line := s.lines[at.line-1]
	at.column = max(1, min(at.column, utf8.RuneCountInString(line)+1))
	return Problem{File: s.name, Line: at.line, Column: at.column, Path: path, Text: text, Excerpt: excerpt(line, at.column)}
}

// document is a part of a source: lines [from, to), counted from 0.
type document struct{ from, to int }

// documents cuts a source where "---" and "..." say, so that a mistake in one document does not hide those in the next.
// At the beginning of a line these mean nothing else, not even within a quoted text (YAML 1.2, 9.1.2). What holds only
// comments is no document.
func (s *source) documents() []document {
	var docs []document
	from, begun := 0, false
	cut := func(to int) {
		if begun {
			docs = append(docs, document{from, to})
		}
		from, begun = to, false
	}
	for i, line := range s.lines {
		switch {
		case isMarker(line, "---"):
			cut(i)
			from, begun = i, true // leaves out directives: yaml.v3 refuses "%YAML 1.2", and nothing here needs them
		case isMarker(line, "..."):
			cut(i + 1)
		case !begun:
			line = strings.TrimLeft(line, " \t")
			begun = line != "" && line[0] != '#' && line[0] != '%'
		}
	}
	cut(len(s.lines))
	return docs
}

// size is the number of bytes in lines, their ends included.
func size(lines []string) int {
	n := len(lines)
	for _, line := range lines {
		n += len(line)
	}
	return n
}

func isMarker(line, marker string) bool {
	rest, found := strings.CutPrefix(line, marker)
	return found && (rest == "" || rest[0] == ' ' || rest[0] == '\t')
}

// blank reports whether a document holds nothing: "---" and comments.
func (s *source) blank(d document) bool {
	for _, line := range s.lines[d.from:d.to] {
		if isMarker(line, "---") {
			line = line[len("---"):]
		}
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' && !isMarker(line, "...") {
			return false
		}
	}
	return true
}
