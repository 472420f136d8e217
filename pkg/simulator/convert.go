package simulator

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/internal/datamodel"
	"github.com/xencontroller/xencontroller/internal/wire/xapid"
)

// convert turns a value of a request into a value of type t, as rpclib does for xapi: digits in a string are an
// integer, an integer is a float, enums compare without case, only a boolean is a boolean. A misfit is INTERNAL_ERROR
// with the text of the exception.
func (s *schema) convert(v any, t datamodel.Type) (any, error) {
	switch t.Kind {
	case datamodel.Int:
		return convertInt(v)
	case datamodel.Float:
		return convertFloat(v)
	case datamodel.Bool:
		return expect[bool](v, "bool")
	case datamodel.Datetime:
		return convertTime(v)
	case datamodel.EnumKind:
		return s.convertEnum(v, t.Name)
	case datamodel.SetKind:
		return s.convertSet(v, *t.Elem)
	case datamodel.MapKind:
		return s.convertMap(v, t)
	case datamodel.RecordKind:
		return s.convertRecord(v, t.Name)
	default:
		return expect[string](v, "string")
	}
}

// misfit is an exception of OCaml's standard library, as it travels in INTERNAL_ERROR.
func misfit(format string, args ...any) error {
	return internalError(`Failure("` + fmt.Sprintf(format, args...) + `")`)
}

func expect[T any](v any, want string) (any, error) {
	if x, ok := v.(T); ok {
		return x, nil
	}
	return nil, misfit("Expected %s, got '%s'", want, xapid.Describe(v))
}

func convertInt(v any) (any, error) {
	switch v := v.(type) {
	case int64:
		return v, nil
	case string:
		if n, ok := xapid.ParseInt(v); ok {
			return n, nil
		}
		return nil, misfit("Int64.of_string")
	}
	return nil, misfit("Expected int64, got '%s'", xapid.Describe(v))
}

func convertFloat(v any) (any, error) {
	switch v := v.(type) {
	case float64:
		return v, nil
	case int64:
		return float64(v), nil
	case string:
		if f, ok := xapid.ParseFloat(v); ok {
			return f, nil
		}
		return nil, misfit("float_of_string")
	}
	return nil, misfit("Expected float, got '%s'", xapid.Describe(v))
}

// convertTime takes the forms of a date that xapi takes; without a zone it is UTC, and an offset is kept.
func convertTime(v any) (any, error) {
	text := ""
	switch v := v.(type) {
	case xapid.Date:
		text = string(v)
	case string:
		text = v
	default:
		return nil, misfit("Expected datetime, got '%s'", xapid.Describe(v))
	}
	for _, layout := range [...]string{
		xapid.TimeLayout, "2006-01-02T15:04:05Z", "20060102T15:04:05Z07:00", "2006-01-02T15:04:05Z07:00",
		"20060102T15:04:05", "2006-01-02T15:04:05",
	} {
		if at, err := time.Parse(layout, text); err == nil {
			_, offset := at.Zone()
			if at = at.Truncate(time.Second); offset == 0 {
				return at.UTC(), nil
			}
			return at.In(time.FixedZone("", offset)), nil
		}
	}
	return nil, internalError("Invalid argument: Clock__Date.of_iso8601: " + text)
}

func (s *schema) convertEnum(v any, enum string) (any, error) {
	text, _ := v.(string) // what is no string is an unknown word
	if word, ok := s.enumFold[enum][strings.ToLower(text)]; ok {
		return word, nil
	}
	return nil, misfit("Unknown tag/contents")
}

func (s *schema) convertSet(v any, elem datamodel.Type) (any, error) {
	in, ok := v.(Set)
	if !ok {
		return nil, misfit("Expecting Rpc.Enum, but found '%s'", xapid.Describe(v))
	}
	out := make(Set, len(in))
	for i, e := range in {
		x, err := s.convert(e, elem)
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return out, nil
}

func (s *schema) convertMap(v any, t datamodel.Type) (any, error) {
	in, ok := v.(Map)
	if !ok {
		return nil, misfit("Expecting Rpc.Dict, but found '%s'", xapid.Describe(v))
	}
	out := make(Map, 0, len(in))
	for _, e := range in {
		key, err := s.convert(e.Key, *t.Key)
		if err != nil {
			return nil, err
		}
		x, err := s.convert(e.Value, *t.Elem)
		if err != nil {
			return nil, err
		}
		if t.Key.Kind == datamodel.EnumKind {
			e.Key = key.(string)
		}
		out = append(out, Entry{Key: e.Key, Value: x})
	}
	return out, nil
}

// convertRecord takes the members that a constructor reads, in the datamodel's order; extra members are ignored and a
// missing one without a default is an error that names it.
func (s *schema) convertRecord(v any, className string) (any, error) {
	in, ok := v.(Map)
	if !ok {
		return nil, misfit("bad __structure")
	}
	c := s.classes[className]
	var out Map
	for i, f := range c.fields[:c.public()] {
		raw, given := in.Get(f.Name)
		if f.Qualifier == "RO/runtime" || !given && f.Default != nil {
			out = append(out, Entry{Key: f.Name, Value: c.initial[i]})
			continue
		}
		if !given {
			return nil, internalError(`Server_helpers.Dispatcher_FieldNotFound("` + f.Name + `")`)
		}
		x, err := s.convert(raw, f.Parsed)
		if err != nil {
			return nil, err
		}
		out = append(out, Entry{Key: f.Name, Value: x})
	}
	return out, nil
}

// arguments checks the number of parameters and converts them: before the session is looked at, as xapi does. Numbers
// in the error leave out the session, so that a call with nothing at all received -1.
func (s *schema) arguments(m *message, params []any) (session string, args []any, err error) {
	declared := m.Params
	received := len(params)
	if m.Session {
		received--
		declared = declared[1:]
	}
	optional := m.known > m.required
	if received < m.required || received > m.known && !optional {
		return "", nil, fail("MESSAGE_PARAMETER_COUNT_MISMATCH", m.wire, strconv.Itoa(m.required), strconv.Itoa(received))
	}
	if m.Session {
		v, err := expect[string](params[0], "string")
		if err != nil {
			return "", nil, err
		}
		session, params = v.(string), params[1:]
	}
	params = params[:min(len(params), m.known)]
	args = make([]any, len(declared))
	for i, p := range declared {
		if i >= len(params) {
			args[i] = s.parameterDefault(p)
			continue
		}
		if args[i], err = s.convert(params[i], p.Parsed); err != nil {
			return "", nil, err
		}
	}
	return session, args, nil
}

func (s *schema) parameterDefault(p *datamodel.Param) any {
	if p.DefaultValue != nil {
		return fromJSON(p.DefaultValue, p.Parsed)
	}
	return zero(p.Parsed)
}
