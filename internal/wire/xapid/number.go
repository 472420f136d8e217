package xapid

import (
	"errors"
	"strconv"
	"strings"
)

// ParseInt reads an integer as OCaml's Int64.of_string does: a sign, 0x, 0o, 0b or 0u, and underscores are fine, blanks
// are not.
func ParseInt(s string) (int64, bool) {
	rest := strings.TrimPrefix(s, "+")
	negative := false
	if rest == s {
		rest, negative = strings.CutPrefix(s, "-")
	}
	base := 10
	if len(rest) > 1 && rest[0] == '0' {
		switch rest[1] {
		case 'x', 'X':
			base = 16
		case 'o', 'O':
			base = 8
		case 'b', 'B':
			base = 2
		case 'u':
			rest = rest[2:]
		}
		if base != 10 {
			rest = rest[2:]
		}
	}
	if rest == "" || rest[0] == '_' || rest[0] == '+' || rest[0] == '-' {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.ReplaceAll(rest, "_", ""), base, 64)
	switch {
	case err != nil:
		return 0, false
	case base != 10: // hexadecimal text may use all 64 bits
		if negative {
			return -int64(n), true
		}
		return int64(n), true
	case negative:
		return -int64(n), n <= 1<<63
	default:
		return int64(n), n < 1<<63
	}
}

// ParseFloat reads a number as OCaml's float_of_string does: as C does, but without blanks behind it, and with underscores.
func ParseFloat(s string) (float64, bool) {
	text := strings.TrimLeft(strings.ReplaceAll(s, "_", ""), " \t\n\r\v\f")
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // out of range is infinite or nothing, as in C
		return 0, false
	}
	return f, true
}
