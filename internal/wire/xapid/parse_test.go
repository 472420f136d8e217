package xapid

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func callOf(value string) string {
	return "<?xml version='1.0'?>\n<methodCall>\n<methodName>m</methodName>\n<params>\n<param>\n" + value + "\n</param>\n</params>\n</methodCall>\n"
}

func TestParseValue(t *testing.T) {
	cases := []struct {
		xml  string
		want any
	}{
		{"<value>x</value>", "x"},
		{"<value> x </value>", " x "},
		{"<value><string>x</string></value>", "x"},
		{"<value>\n<string> x </string>\n</value>", " x "},
		{"<value/>", ""},
		{"<value></value>", ""},
		{"<value><string/></value>", ""},
		{"<value>  </value>", "  "},
		{"<value><int>5</int></value>", int64(5)},
		{"<value><i4>+5</i4></value>", int64(5)},
		{"<value><i8>-0x10</i8></value>", int64(-16)},
		{"<value><int>1_000</int></value>", int64(1000)},
		{"<value><boolean>1</boolean></value>", true},
		{"<value><boolean>true</boolean></value>", false},
		{"<value><boolean> 1</boolean></value>", false},
		{"<value><double>1.5</double></value>", 1.5},
		{"<value><dateTime.iso8601>20260821T02:00:23Z</dateTime.iso8601></value>", Date("20260821T02:00:23Z")},
		{"<value><base64>aGk=</base64></value>", Base64("hi")},
		{"<value><double> 1_0.5</double></value>", 10.5},
		{"<value><nil/></value>", Nil{}},
		{"<value><nil> </nil></value>", Nil{}},
		{"<value><array></array></value>", Set{}},
		{"<value><struct> </struct></value>", Map{}},
		{"<value><string> <!-- a --> </string></value>", "  "},
		{"<value><array/></value>", Set{}},
		{"<value><array><data/></array></value>", Set{}},
		{"<value><array> <data> <value>a</value>\n<value><int>1</int></value> </data> </array></value>", Set{"a", int64(1)}},
		{"<value><struct/></value>", Map{}},
		{"<value><struct><member><name> k </name><value>v</value></member></struct></value>", Map{{" k ", "v"}}},
		{"<value>a&lt;&gt;&amp;&quot;&apos;&#65;&#x42;</value>", `a<>&"'AB`},
		{"<value><![CDATA[a <b> & c]]></value>", "a <b> & c"},
		{"<value>a<!-- no -->b</value>", "ab"},
		{"<value>a\r\nb\rc&#13;d</value>", "a\nb\nc\rd"},
		{`<value a="1>2">x</value>`, "x"},
	}
	for _, c := range cases {
		call, err := ParseCall([]byte(callOf(c.xml)))
		if err != nil {
			t.Errorf("%s: %v", c.xml, err)
			continue
		}
		if len(call.Params) != 1 || !reflect.DeepEqual(call.Params[0], c.want) {
			t.Errorf("%s is %#v, want %#v", c.xml, call.Params, c.want)
		}
	}
}

func TestParseCall(t *testing.T) {
	const bare = "<methodCall><methodName> VM.get_all </methodName><params></params></methodCall>"
	for name, xml := range map[string]string{
		"plain":                   bare,
		"byte order mark":         "\xef\xbb\xbf" + bare,
		"doctype":                 `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y "z">]>` + bare,
		"comment":                 "<!-- a --> " + bare,
		"junk behind":             bare + "\x00<<<",
		"parameters as <params/>": "<methodCall><methodName> VM.get_all </methodName><params/></methodCall>",
	} {
		call, err := ParseCall([]byte(xml))
		if err != nil || call.Method != " VM.get_all " || call.Params == nil || len(call.Params) != 0 {
			t.Errorf("%s: %#v, %v", name, call, err)
		}
	}
	call, err := ParseCall([]byte(`<?xml version="1.0" encoding="ISO-8859-1"?><methodCall><methodName>caf` + "\xe9" + `</methodName><params/></methodCall>`))
	if err != nil || call.Method != "café" {
		t.Errorf("Latin-1: %q, %v", call.Method, err)
	}
}

// Texts of exceptions as a real xapi showed them where it did; elsewhere that there is one.
func TestParseErrors(t *testing.T) {
	for xml, want := range map[string]string{
		"":       `Xmlm.Error(1:1, "unexpected end of input")`,
		"hello":  `Xmlm.Error(1:1, "expected root element")`,
		"<foo/>": `Xmlrpc.Parse_error("open_tag(foo)", "open_tag(methodCall)", _)`,
		"<methodCall><methodName>m</methodName></methodCall>":                      `Xmlrpc.Parse_error("close_tag", "open_tag", _)`,
		callOf("<value><int>x</int></value>"):                                      `Failure("Int64.of_string")`,
		callOf("<value><int> 5</int></value>"):                                     `Failure("Int64.of_string")`,
		callOf("<value><int/></value>"):                                            `Xmlrpc.Parse_error("empty_int", "int", _)`,
		callOf("<value><boolean></boolean></value>"):                               `Xmlrpc.Parse_error("empty_boolean", "boolean", _)`,
		callOf("<value><foo/></value>"):                                            `Xmlrpc.Parse_error("empty_foo", "foo", _)`,
		callOf("<value><foo>x</foo></value>"):                                      `Xmlrpc.Parse_error("open_tag(foo)", "` + valueTags + `", _)`,
		callOf("<value>x<int>5</int></value>"):                                     `Xmlrpc.Parse_error("open_tag(int)", "close_tag(value)", _)`,
		callOf("<value><int>5</int>é\n</value>"):                                   `Xmlrpc.Parse_error("data(\\195\\169\\n)", "close_tag(value)", _)`,
		callOf("<value><int><b/></int></value>"):                                   `Xmlrpc.Parse_error("open_tag(b)", "data", _)`,
		callOf("<value><array> </array></value>"):                                  `Xmlrpc.Parse_error("close_tag", "open_tag", _)`,
		callOf("<value><array>x</array></value>"):                                  `Xmlrpc.Parse_error("data(x)", "open_tag", _)`,
		callOf("<value><array><data/>x</array></value>"):                           `Xmlrpc.Parse_error("data(x)", "close_tag(array)", _)`,
		callOf("<value><nil>x</nil></value>"):                                      `Xmlrpc.Parse_error("data(x)", "close_tag(nil)", _)`,
		callOf("<value><base64>aG k=</base64></value>"):                            `Invalid_argument("Malformed input")`,
		callOf("<value><struct><member><name/><value/></member></struct></value>"): `Xmlrpc.Parse_error("open_tag(value)", "close_tag(name)", _)`,
		"<methodCall><methodName/><params/></methodCall>":                          `Xmlrpc.Parse_error("open_tag(params)", "close_tag(methodName)", _)`,
		"<methodCall><methodName>m</methodName><params/>x</methodCall>":            `Xmlrpc.Parse_error("data(x)", "close_tag(methodCall)", _)`,
		callOf("<value>&#1;</value>"):                                              `Xmlm.Error(6:12, "illegal character reference (#1)")`,
		callOf("<value>a\x01b</value>"):                                            `Xmlm.Error(6:9, "malformed character stream")`,
		callOf("<value>\xff</value>"):                                              `Xmlm.Error(6:8, "malformed character stream")`,
		callOf("<value>&lol;</value>"):                                             `Xmlm.Error(6:13, "unknown entity reference (lol)")`,
		"<methodCall><methodName>m</methodCall>":                                   "",
		callOf("<value><ex:nil/></value>"):                                         "",
		callOf("<value><double>x</double></value>"):                                "",
		callOf("<value><base64>%</base64></value>"):                                "",
		"<methodCall><params/><methodName>m</methodName></methodCall>":             "",
		"<methodCall>x</methodCall>":                                               "",
		"<!DOCTYPE x [":                                                            "",
		"<a b='":                                                                   "",
	} {
		_, err := ParseCall([]byte(xml))
		if _, ok := errors.AsType[*ParseError](err); !ok {
			t.Errorf("%q: %v, want a ParseError", xml, err)
		} else if want != "" && err.Error() != want {
			t.Errorf("%q: %v, want %s", xml, err, want)
		}
	}
}

// A request of the largest size, nested as deep as it goes, is read or refused, and ends.
func TestParseDeep(t *testing.T) {
	const n = 9000
	deep := strings.Repeat("<value><array><data>", n) + strings.Repeat("</data></array></value>", n)
	if _, err := ParseCall([]byte(callOf(deep))); err != nil {
		t.Errorf("%d levels: %v", n, err)
	}
	if _, err := ParseCall([]byte(callOf(deep[:len(deep)/2]))); err == nil {
		t.Error("a cut request was read")
	}
}

func TestParseInt(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "5": 5, "+5": 5, "-5": -5, "0x1F": 31, "0o17": 15, "0b101": 5, "0u7": 7, "1_000": 1000,
		"9223372036854775807": 1<<63 - 1, "-9223372036854775808": -1 << 63, "0xffffffffffffffff": -1,
	} {
		if got, ok := ParseInt(s); !ok || got != want {
			t.Errorf("%s is %d, %t; want %d", s, got, ok, want)
		}
	}
	for _, s := range []string{"", " 5", "5 ", "x", "1.5", "+", "0x", "_1", "--1", "9223372036854775808", "-9223372036854775809"} {
		if got, ok := ParseInt(s); ok {
			t.Errorf("%q was read as %d", s, got)
		}
	}
}

// Whatever comes, the parser answers a call or a ParseError, and what it read is valid text.
func FuzzParseCall(f *testing.F) {
	f.Add([]byte(callOf("<value><struct><member><name>k</name><value><array><data><value>a&lt;</value></data></array></value></member></struct></value>")))
	f.Add([]byte(`<?xml version="1.0" encoding="iso-8859-1"?><methodCall><methodName>` + "\xe9" + `</methodName><params/></methodCall>`))
	f.Add([]byte("<!DOCTYPE x [<!-- ]> <![CDATA["))
	f.Add([]byte("<a/>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		call, err := ParseCall(body)
		if _, ok := errors.AsType[*ParseError](err); err != nil && !ok {
			t.Errorf("%v is no ParseError", err)
		}
		if err == nil && !utf8.ValidString(call.Method) {
			t.Errorf("method %q", call.Method)
		}
	})
}
