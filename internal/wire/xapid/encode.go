package xapid

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"time"
)

const (
	head        = `<?xml version="1.0"?><methodResponse><params><param>`
	foot        = `</param></params></methodResponse>`
	successHead = head + `<value><struct><member><name>Status</name><value>Success</value></member><member><name>Value</name>`
	failureHead = head + `<value><struct><member><name>Status</name><value>Failure</value></member><member><name>ErrorDescription</name>`
	structFoot  = `</member></struct></value>` + foot
)

// AppendSuccess appends the reply of a call that returned v; nil is void.
func AppendSuccess(dst []byte, v any) []byte {
	dst = append(dst, successHead...)
	dst = AppendValue(dst, v)
	return append(dst, structFoot...)
}

// AppendFailure appends the reply of a call that failed: the code, then its parameters.
func AppendFailure(dst []byte, description []string) []byte {
	dst = append(dst, failureHead+`<value><array><data>`...)
	for _, s := range description {
		dst = AppendValue(dst, s)
	}
	return append(dst, `</data></array></value>`+structFoot...)
}

// AppendBare appends a reply without the Status struct: only system.listMethods answers so.
func AppendBare(dst []byte, v any) []byte {
	dst = append(dst, head...)
	dst = AppendValue(dst, v)
	return append(dst, foot...)
}

// AppendValue appends <value>…</value> as xapi writes it: strings and integers bare, member names not escaped.
// It panics on a type that is no value of the API, which is a mistake of the caller.
func AppendValue(dst []byte, v any) []byte {
	if a, ok := v.(Appender); ok {
		return a.AppendXML(dst)
	}
	dst = append(dst, `<value>`...)
	switch v := v.(type) {
	case nil:
	case string:
		dst = AppendEscaped(dst, v)
	case int64:
		dst = strconv.AppendInt(dst, v, 10)
	case I4:
		dst = append(dst, `<i4>`...)
		dst = strconv.AppendInt(dst, int64(v), 10)
		dst = append(dst, `</i4>`...)
	case bool:
		if v {
			dst = append(dst, `<boolean>1</boolean>`...)
		} else {
			dst = append(dst, `<boolean>0</boolean>`...)
		}
	case float64:
		dst = append(dst, `<double>`+FormatFloat(v)+`</double>`...)
	case time.Time:
		dst = append(dst, `<dateTime.iso8601>`...)
		dst = AppendTime(dst, v)
		dst = append(dst, `</dateTime.iso8601>`...)
	case Date: // a date that xapi writes without a zone: host.get_server_localtime
		dst = append(dst, `<dateTime.iso8601>`+string(v)+`</dateTime.iso8601>`...)
	case Nil: // this and the next only in the echo of system.isAlive
		dst = append(dst, `<nil/>`...)
	case Base64:
		dst = append(dst, `<base64>`+base64.StdEncoding.EncodeToString([]byte(v))+`</base64>`...)
	case Set:
		dst = append(dst, `<array><data>`...)
		for _, e := range v {
			dst = AppendValue(dst, e)
		}
		dst = append(dst, `</data></array>`...)
	case Map:
		dst = append(dst, `<struct>`...)
		for _, e := range v {
			dst = AppendMember(dst, e.Key, e.Value)
		}
		dst = append(dst, `</struct>`...)
	default:
		panic(fmt.Sprintf("xapid: %T is no value of the API", v))
	}
	return append(dst, `</value>`...)
}

// AppendMember appends one member of a struct. The name is not escaped: xapi never does, in any version.
func AppendMember(dst []byte, name string, v any) []byte {
	dst = append(dst, `<member><name>`...)
	dst = append(dst, name...)
	dst = append(dst, `</name>`...)
	dst = AppendValue(dst, v)
	return append(dst, `</member>`...)
}

// AppendEscaped appends text with < > & " escaped and control characters but TAB, LF and CR dropped.
func AppendEscaped(dst []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		var with string
		switch c := s[i]; {
		case c == '<':
			with = "&lt;"
		case c == '>':
			with = "&gt;"
		case c == '&':
			with = "&amp;"
		case c == '"':
			with = "&quot;"
		case c >= 0x20 || c == '\t' || c == '\n' || c == '\r':
			continue
		}
		dst = append(append(dst, s[from:i]...), with...)
		from = i + 1
	}
	return append(dst, s[from:]...)
}
