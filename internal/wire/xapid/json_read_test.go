package xapid

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestReadJSON(t *testing.T) {
	cases := []struct {
		in   string
		want any
	}{
		{` [1, -2 ,0,9223372036854775807] `, Set{int64(1), int64(-2), int64(0), int64(math.MaxInt64)}},
		{`[1.0,1e3,-0.5E-1,1E+2]`, Set{1.0, 1000.0, -0.05, 100.0}},
		{`[Infinity,-Infinity,true,false,null]`, Set{math.Inf(1), math.Inf(-1), true, false, Nil{}}},
		{`{"a":"b",c_1:{},"a":[]}`, Map{{"a", "b"}, {"c_1", Map{}}, {"a", Set{}}}},
		{`"\"\\\/\b\f\n\r\t\u0001\u00e9\u4e2d\ud83d\ude00"`, "\"\\/\b\f\n\r\t\x01é中😀"},
		{"\"raw \x01 and \xff\"", "raw \x01 and \xff"},
		{"/* a\nb */ [ // c\n1/**/]//", Set{int64(1)}},
	}
	for _, c := range cases {
		got, err := readJSON([]byte(c.in))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s is read as %#v, %v; want %#v", c.in, got, err, c.want)
		}
	}
}

// The first five stand in recordings of xapi 24.19; the others follow from Yojson's grammar.
func TestParseJSONCallErrors(t *testing.T) {
	const call = `{"method":"m","params":[],"id":1`
	cases := []struct{ in, want string }{
		{``, `Yojson.Json_error("Blank input data")`},
		{`this is not json`, `Yojson.Json_error("Line 1, bytes 0-16:\nInvalid token 'this is not json'")`},
		{`{"jsonrpc":"2.0","method":"VM.get_all",`, `Yojson.Json_error("Line 1, bytes 38-39:\nUnexpected end of input")`},
		{"<?xml version='1.0'?>\n<methodCall>\n<methodName>", `Yojson.Json_error("Line 1, bytes 1-34:\nExpected string or identifier but found '?xml version='1.0'?>\n<methodCall>'")`},
		{`[` + call + `}]`, `Jsonrpc.Malformed_method_request("Invalid request body")`},
		{" \n/**/", `Yojson.Json_error("Blank input data")`},
		{"[\n1,\n ]", `Yojson.Json_error("Line 3, bytes 1-2:\nInvalid token ']'")`},
		{`{"a":1,}`, `Yojson.Json_error("Line 1, bytes 7-8:\nExpected string or identifier but found '}'")`},
		{`{"a" 1}`, `Yojson.Json_error("Line 1, bytes 5-7:\nExpected ':' but found '1}'")`},
		{`[1 2]`, `Yojson.Json_error("Line 1, bytes 3-5:\nExpected ',' or ']' but found '2]'")`},
		{`{} x`, `Yojson.Json_error("Line 1, bytes 2-4:\nJunk after end of JSON value: 'x'")`},
		{`"\x"`, `Yojson.Json_error("Line 1, bytes 2-4:\nInvalid escape sequence 'x"'")`},
		{`"\ud800"`, `Yojson.Json_error("Line 1, bytes 7-8:\nMissing escape sequence representing low surrogate for code point beyond U+FFFF '"'")`},
		{`{"params":[],"id":1}`, `Jsonrpc.Malformed_method_request("Required field method is missing")`},
		{`{"method":1,"params":[],"id":1}`, `Jsonrpc.Malformed_method_request("Invalid field 'method' in request body")`},
		{`{"method":"m","id":1}`, `Jsonrpc.Malformed_method_request("Required field params is missing")`},
		{`{"method":"m","params":{},"id":1}`, `Jsonrpc.Malformed_method_request("Invalid field 'params' in request body")`},
		{`{"method":"m","params":"x","id":1,"jsonrpc":"2.0"}`, `Jsonrpc.Malformed_method_request("Invalid field 'params' in request body")`},
		{call + `,"jsonrpc":2.0}`, `Jsonrpc.Malformed_method_request("Invalid field 'jsonrpc' in request body")`},
		{call + `,"jsonrpc":"1.0"}`, `Jsonrpc.Malformed_method_request("Invalid field 'jsonrpc' in request body")`},
		{`{"method":"m","params":[]}`, `Jsonrpc.Malformed_method_request("Invalid field 'id' in request body")`},
		{`{"method":"m","params":[],"id":null}`, `Jsonrpc.Malformed_method_request("Invalid field 'id' in request body")`},
		{`{"method":"m","params":[],"id":true}`, `Jsonrpc.Malformed_method_request("Invalid field 'id' in request body")`},
		{`{"method":"m","params":[9223372036854775808],"id":1}`, `Failure("Int64.of_string")`},
		{`{"method":"m","params":[("a",1)],"id":1}`, `Jsonrpc.Malformed_method_request("Unable to parse (\"a\",1)")`},
		{`{"method":"m","params":[<"a":(1)>],"id":1}`, `Jsonrpc.Malformed_method_request("Unable to parse <\"a\":(1)>")`},
	}
	for _, c := range cases {
		_, err := ParseJSONCall([]byte(c.in))
		got := "nothing"
		if err != nil {
			got = strings.ReplaceAll(err.Error(), `\"`, `"`)
		}
		if want := strings.ReplaceAll(c.want, `\"`, `"`); got != want {
			t.Errorf("%s is refused with\n%s\nwant\n%s", c.in, got, want)
		}
	}
}

func TestParseJSONCall(t *testing.T) {
	cases := []struct {
		in   string
		want JSONCall
	}{
		{`{"id":"x","params":["a"],"method":"m","other":1}`, JSONCall{Call{"m", []any{"a"}}, false, "x"}},
		{`{"jsonrpc":"2.0","method":"m","id":9007199254740993}`, JSONCall{Call{"m", []any{}}, true, int64(9007199254740993)}},
		{`{"jsonrpc":"2.0","method":"m","params":null,"id":1}`, JSONCall{Call{"m", []any{}}, true, int64(1)}},
		{`{"jsonrpc":"2.0","method":"m","params":{"a":1},"id":1,"id":2}`, JSONCall{Call{"m", []any{Map{{"a", int64(1)}}}}, true, int64(1)}},
	}
	for _, c := range cases {
		got, err := ParseJSONCall([]byte(c.in))
		if err != nil || got.Method != c.want.Method || got.Two != c.want.Two || got.ID != c.want.ID || Describe(Set(got.Params)) != Describe(Set(c.want.Params)) {
			t.Errorf("%s is read as %+v, %v; want %+v", c.in, got, err, c.want)
		}
	}
}

func TestAppendJSON(t *testing.T) {
	two, one := JSONCall{Two: true, ID: int64(7)}, JSONCall{ID: "q\""}
	cases := []struct{ got, want string }{
		{string(two.AppendSuccess(nil, nil)), `{"jsonrpc":"2.0","result":"","id":7}`},
		{string(one.AppendSuccess(nil, true)), `{"result":true,"error":null,"id":"q\""}`},
		{string(two.AppendFailure(nil, []string{"EVENTS_LOST"})), `{"jsonrpc":"2.0","error":{"code":1,"message":"EVENTS_LOST","data":[]},"id":7}`},
		{string(one.AppendFailure(nil, []string{"A", "b"})), `{"result":null,"error":["A","b"],"id":"q\""}`},
		{string(AppendEarlyFailure(nil, []string{"A", "b"})), `{"jsonrpc":"2.0","error":["A","b"],"id":0}`},
		{string(AppendOldEarlyFailure(nil, []string{"A"})), `{"result":null,"error":["A"],"id":0}`},
		{string(AppendJSON(nil, Map{{`a"<`, Set{int64(-1), I4(3), Date("x")}}, {"", Nil{}}})), `{"a\"<":[-1,3,"x"],"":null}`},
		{string(AppendJSONText(nil, "a\x01\b\f\n\r\t\x1f\x7f\"\\/é\xff")), `"a\u0001\b\f\n\r\t\u001f\u007f\"\\/é` + "\xff\""},
	}
	for f, want := range map[float64]string{
		0: "0.0", 1: "1.0", -2: "-2.0", 0.1: "0.1", 1e20: "1e+20", 0.30000000000000004: "0.30000000000000004",
		123456789: "123456789.0", 1e-7: "1e-07", math.Inf(1): "Infinity", math.Inf(-1): "-Infinity", 1e16: "1e+16",
	} {
		cases = append(cases, struct{ got, want string }{string(AppendJSON(nil, f)), want})
	}
	cases = append(cases, struct{ got, want string }{string(AppendJSON(nil, math.NaN())), "NaN"})
	for _, c := range cases {
		if c.got != c.want {
			t.Errorf("written as %s, want %s", c.got, c.want)
		}
	}
}

// FuzzReadJSON holds the reader to encoding/json: what is JSON is read, and what was read is written as the same.
func FuzzReadJSON(f *testing.F) {
	for _, s := range []string{
		`{"method":"VM.start","params":["a",1,1.5,true,null,{"k":[]}],"id":1,"jsonrpc":"2.0"}`, `["\ud83d\ude00\n\/", -0, 1e5]`,
		"/*x*/[NaN,(1,2),<\"a\">,<b:1>]//", `{"a":1,}`, `"\ud800x"`, "\"\xff\"", `[1 2]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, err := ParseJSONCall(body); err != nil && len(err.Error()) > 8*len(body)+400 {
			t.Errorf("an error of %d bytes for %d", len(err.Error()), len(body))
		}
		v, err := readJSON(body)
		if err != nil {
			if json.Valid(body) && !strings.Contains(err.Error(), "Int64") && !strings.Contains(err.Error(), "surrogate") {
				t.Errorf("%q is JSON, and refused: %v", body, err)
			}
			return
		}
		text := AppendJSON(nil, v)
		again, err := readJSON(text)
		if err != nil || Describe(again) != Describe(v) {
			t.Errorf("%q is written as %q and read as %s, %v", body, text, Describe(again), err)
		}
	})
}
