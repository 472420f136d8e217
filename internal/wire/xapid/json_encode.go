package xapid

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// JSONAppender is a value that writes itself as JSON, so that encoded bytes can be kept and used again.
type JSONAppender interface {
	AppendJSON(dst []byte) []byte
}

// AppendSuccess appends the reply of a call that returned v; nil is void.
func (c JSONCall) AppendSuccess(dst []byte, v any) []byte {
	if c.Two {
		dst = append(dst, `{"jsonrpc":"2.0","result":`...)
		dst = AppendJSON(dst, v)
	} else {
		dst = append(dst, `{"result":`...)
		dst = AppendJSON(dst, v)
		dst = append(dst, `,"error":null`...)
	}
	return c.appendID(dst)
}

// AppendFailure appends the reply of a call that failed: the code, then its parameters. Version 2 has an object for it,
// with 1 for every code.
func (c JSONCall) AppendFailure(dst []byte, description []string) []byte {
	if !c.Two {
		dst = append(dst, `{"result":null,"error":`...)
		dst = appendJSONTexts(dst, description)
		return c.appendID(dst)
	}
	dst = append(dst, `{"jsonrpc":"2.0","error":{"code":1,"message":`...)
	dst = AppendJSONText(dst, description[0])
	dst = append(dst, `,"data":`...)
	dst = appendJSONTexts(dst, description[1:])
	return c.appendID(append(dst, '}'))
}

func (c JSONCall) appendID(dst []byte) []byte {
	dst = append(dst, `,"id":`...)
	dst = AppendJSON(dst, c.ID)
	return append(dst, '}')
}

// AppendEarlyFailure appends what xapi since 24.18 answers before the dispatcher: version 2 with an array for the error
// and 0 for the id, whatever was asked.
func AppendEarlyFailure(dst []byte, description []string) []byte {
	dst = append(dst, `{"jsonrpc":"2.0","error":`...)
	dst = appendJSONTexts(dst, description)
	return append(dst, `,"id":0}`...)
}

// AppendOldEarlyFailure is AppendEarlyFailure of xapi before 24.18.
func AppendOldEarlyFailure(dst []byte, description []string) []byte {
	return JSONCall{ID: int64(0)}.AppendFailure(dst, description)
}

func appendJSONTexts(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendJSONText(dst, s)
	}
	return append(dst, ']')
}

// AppendJSON appends a value as xapi writes it: no white space, void as "", floats with a point, times as text.
// It panics on a type that is no value of the API, which is a mistake of the caller.
func AppendJSON(dst []byte, v any) []byte {
	switch v := v.(type) {
	case JSONAppender:
		return v.AppendJSON(dst)
	case nil:
		return append(dst, `""`...)
	case string:
		return AppendJSONText(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case I4:
		return strconv.AppendInt(dst, int64(v), 10)
	case bool:
		return strconv.AppendBool(dst, v)
	case float64:
		return append(dst, formatJSONFloat(v)...)
	case time.Time:
		dst = append(dst, '"')
		dst = AppendTime(dst, v)
		return append(dst, '"')
	case Date:
		return AppendJSONText(dst, string(v))
	case Base64:
		return AppendJSONText(dst, string(v))
	case Nil: // only in the echo of system.isAlive
		return append(dst, "null"...)
	case Set:
		return appendJSONSet(dst, v)
	case Map:
		return appendJSONMap(dst, v)
	default:
		panic(fmt.Sprintf("xapid: %T is no value of the API", v))
	}
}

func appendJSONSet(dst []byte, s Set) []byte {
	dst = append(dst, '[')
	for i, e := range s {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendJSON(dst, e)
	}
	return append(dst, ']')
}

func appendJSONMap(dst []byte, m Map) []byte {
	dst = append(dst, '{')
	for i, e := range m {
		dst = AppendJSONMember(dst, i, e.Key, e.Value)
	}
	return append(dst, '}')
}

// AppendJSONMember appends the i-th member of an object.
func AppendJSONMember(dst []byte, i int, name string, v any) []byte {
	if i > 0 {
		dst = append(dst, ',')
	}
	dst = AppendJSONText(dst, name)
	dst = append(dst, ':')
	return AppendJSON(dst, v)
}

// AppendJSONText appends a string: quotes, backslashes and control characters escaped, DEL too, the slash not, and
// everything beyond ASCII as it is.
func AppendJSONText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c != 0x7f {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		if k := strings.IndexByte("\"\\\b\f\n\r\t", c); k >= 0 {
			dst = append(dst, '\\', `"\bfnrt`[k])
		} else {
			dst = append(dst, `\u00`...)
			dst = append(dst, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		}
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}

// formatJSONFloat writes a float as Yojson does: 16 digits if they are exact, else 17, with ".0" where it would look like
// an integer, and bare words for what is no number.
func formatJSONFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	s := FormatFloat(f)
	if back, err := strconv.ParseFloat(s, 64); err != nil || back != f {
		s = formatG(f, 17)
	}
	if strings.Trim(s, "-0123456789") == "" {
		s += ".0"
	}
	return s
}
