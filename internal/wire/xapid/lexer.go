package xapid

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// lexer cuts XML into tags and character data as Xmlm does, with its error texts.
type lexer struct {
	in        string // line ends are LF
	pos       int
	malformed bool     // in ends where the next character is none of XML
	stack     []string // open elements
	ahead     tag      // a tag that was looked at
	has       bool
	pending   bool // the end tag of <x/> is still to come
}

type tag struct {
	name string
	end  bool
}

// strayText is character data where only a tag can stand.
type strayText struct{ text string }

func (s *strayText) Error() string { return "text " + s.text }

func newLexer(body []byte) *lexer {
	text := string(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if latin1(text) {
		text = fromLatin1(text)
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	l := &lexer{in: text, stack: make([]string, 0, 8)} // as deep as most calls go
	if bad := firstBad(text); bad >= 0 {
		l.in, l.malformed = text[:bad], true
	}
	return l
}

// latin1 says whether the declaration names an encoding of one byte a character.
func latin1(text string) bool {
	declaration, _, ok := strings.Cut(text, "?>")
	if !ok || !strings.HasPrefix(text, "<?xml") {
		return false
	}
	return strings.Contains(strings.ToLower(declaration), "iso-8859-1")
}

func fromLatin1(text string) string {
	var b strings.Builder
	for i := range len(text) {
		b.WriteRune(rune(text[i]))
	}
	return b.String()
}

// firstBad is the offset of the first byte that is no character of XML, -1 if all are.
func firstBad(text string) int {
	plain := 0
	for plain < len(text) && text[plain] >= 0x20 && text[plain] < utf8.RuneSelf {
		plain++
	}
	for i, r := range text[plain:] {
		i += plain
		if !isChar(r) {
			return i
		}
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD") {
			return i
		}
	}
	return -1
}

// isChar is the production Char of XML 1.0.
func isChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}

// errorf makes Xmlm's error for the present position: line and column count from 1.
func (l *lexer) errorf(format string, args ...any) error {
	before := l.in[:l.pos]
	line := 1 + strings.Count(before, "\n")
	column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return &ParseError{fmt.Sprintf("Xmlm.Error(%d:%d, %q)", line, column, fmt.Sprintf(format, args...))}
}

// ended is the error at the end of what can be read.
func (l *lexer) ended() error {
	l.pos = len(l.in)
	if l.malformed {
		return l.errorf("malformed character stream")
	}
	return l.errorf("unexpected end of input")
}

// prolog skips what may stand before the root element.
func (l *lexer) prolog() error {
	for {
		l.skipBlanks()
		rest := l.in[l.pos:]
		var err error
		switch {
		case rest == "":
			return l.ended()
		case strings.HasPrefix(rest, "<?"):
			err = l.skipPast("?>")
		case strings.HasPrefix(rest, "<!--"):
			err = l.skipPast("-->")
		case strings.HasPrefix(rest, "<!DOCTYPE"):
			err = l.skipDoctype()
		case rest[0] == '<':
			return nil
		default:
			return l.errorf("expected root element")
		}
		if err != nil {
			return err
		}
	}
}

func (l *lexer) skipBlanks() {
	for l.pos < len(l.in) && strings.IndexByte(" \t\n\r", l.in[l.pos]) >= 0 {
		l.pos++
	}
}

func (l *lexer) skipPast(end string) error {
	i := strings.Index(l.in[l.pos:], end)
	if i < 0 {
		return l.ended()
	}
	l.pos += i + len(end)
	return nil
}

// skipDoctype skips a document type with its internal subset; entities that it declares are not known afterwards.
func (l *lexer) skipDoctype() error {
	depth := 0
	for ; l.pos < len(l.in); l.pos++ {
		switch l.in[l.pos] {
		case '[':
			depth++
		case ']':
			depth--
		case '>':
			if depth <= 0 {
				l.pos++
				return nil
			}
		}
	}
	return l.ended()
}

// peekTag reads the next tag and leaves it to be read again. Character data before it is skipped: between tags it can
// only be white space.
func (l *lexer) peekTag() (tag, error) {
	if l.has {
		return l.ahead, nil
	}
	t, err := l.readTag()
	if err != nil {
		return tag{}, err
	}
	l.ahead, l.has = t, true
	return t, nil
}

func (l *lexer) nextTag() (tag, error) {
	t, err := l.peekTag()
	l.has = false
	return t, err
}

func (l *lexer) readTag() (tag, error) {
	if l.pending {
		l.pending = false
		return l.pop(), nil
	}
	text, err := l.text()
	if err != nil {
		return tag{}, err
	}
	if strings.Trim(text, " \t\n") != "" {
		return tag{}, &strayText{text}
	}
	if strings.HasPrefix(l.in[l.pos:], "</") {
		return l.endTag()
	}
	return l.startTag()
}

func (l *lexer) pop() tag {
	name := l.stack[len(l.stack)-1]
	l.stack = l.stack[:len(l.stack)-1]
	return tag{name, true}
}

func (l *lexer) endTag() (tag, error) {
	name, rest, ok := strings.Cut(l.in[l.pos+2:], ">")
	if !ok {
		return tag{}, l.ended()
	}
	name = strings.TrimRight(name, " \t\n\r")
	if len(l.stack) == 0 || l.stack[len(l.stack)-1] != name {
		return tag{}, l.errorf("unexpected end tag </%s>", name)
	}
	l.pos = len(l.in) - len(rest)
	return l.pop(), nil
}

// startTag reads a start tag; attributes are skipped.
func (l *lexer) startTag() (tag, error) {
	from := l.pos + 1
	end := from
	for end < len(l.in) && strings.IndexByte(" \t\n\r/>", l.in[end]) < 0 {
		end++
	}
	name := l.in[from:end]
	var quote byte
	for ; end < len(l.in); end++ {
		switch c := l.in[end]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			if name == "" || strings.ContainsAny(name, "<&") {
				return tag{}, l.errorf("character sequence illegal here (%q)", "<"+name)
			}
			l.pos = end + 1
			l.stack = append(l.stack, name)
			l.pending = l.in[end-1] == '/'
			return tag{name: name}, nil
		}
	}
	return tag{}, l.ended()
}

// text reads character data up to the next tag: references are replaced, CDATA is taken as it stands, comments and
// instructions vanish.
func (l *lexer) text() (string, error) {
	if l.pending || l.has {
		return "", nil
	}
	if i := strings.IndexByte(l.in[l.pos:], '<'); i >= 0 && l.isPlain(i) {
		text := l.in[l.pos : l.pos+i]
		l.pos += i
		return text, nil
	}
	var b strings.Builder
	for {
		i := strings.IndexAny(l.in[l.pos:], "<&")
		if i < 0 {
			return "", l.ended()
		}
		b.WriteString(l.in[l.pos : l.pos+i])
		l.pos += i
		rest := l.in[l.pos:]
		var err error
		switch {
		case rest[0] == '&':
			err = l.reference(&b)
		case strings.HasPrefix(rest, "<![CDATA["):
			from := l.pos + len("<![CDATA[")
			if err = l.skipPast("]]>"); err == nil {
				b.WriteString(l.in[from : l.pos-len("]]>")])
			}
		case strings.HasPrefix(rest, "<!--"):
			err = l.skipPast("-->")
		case strings.HasPrefix(rest, "<?"):
			err = l.skipPast("?>")
		default:
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
	}
}

// isPlain says that the next n bytes stand for themselves, and that an element's tag follows them.
func (l *lexer) isPlain(n int) bool {
	end := l.pos + n
	return end+1 < len(l.in) && l.in[end+1] != '!' && l.in[end+1] != '?' && strings.IndexByte(l.in[l.pos:end], '&') < 0
}

// reference reads &name; or &#n;.
func (l *lexer) reference(b *strings.Builder) error {
	name, _, ok := strings.Cut(l.in[l.pos+1:], ";")
	if !ok {
		return l.ended()
	}
	l.pos += len(name) + 2
	if plain, ok := map[string]string{"lt": "<", "gt": ">", "amp": "&", "quot": `"`, "apos": "'"}[name]; ok {
		b.WriteString(plain)
		return nil
	}
	number, ok := strings.CutPrefix(name, "#")
	if !ok {
		return l.errorf("unknown entity reference (%s)", name)
	}
	base := 10
	if hex, ok := strings.CutPrefix(number, "x"); ok {
		number, base = hex, 16
	}
	r, err := strconv.ParseUint(number, base, 32)
	if err != nil || !isChar(rune(r)) {
		return l.errorf("illegal character reference (#%s)", number)
	}
	b.WriteRune(rune(r))
	return nil
}
