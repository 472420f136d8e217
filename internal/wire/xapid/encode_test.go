package xapid

import (
	"bytes"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

func TestAppendValue(t *testing.T) {
	at := time.Date(2026, 8, 21, 2, 0, 23, 0, time.UTC)
	cases := []struct {
		v    any
		want string
	}{
		{nil, ""},
		{"", ""},
		{" a\tb\r\n", " a\tb\r\n"},
		{`<a> & "b" 'c'`, "&lt;a&gt; &amp; &quot;b&quot; 'c'"},
		{"a\x00\x01b\x1f\x7fé", "ab\x7fé"},
		{int64(-5), "-5"},
		{int64(math.MinInt64), "-9223372036854775808"},
		{I4(3), "<i4>3</i4>"},
		{true, "<boolean>1</boolean>"},
		{false, "<boolean>0</boolean>"},
		{0.5, "<double>0.5</double>"},
		{at, "<dateTime.iso8601>20260821T02:00:23Z</dateTime.iso8601>"},
		{at.In(time.FixedZone("", 3600)), "<dateTime.iso8601>20260821T03:00:23+01:00</dateTime.iso8601>"},
		{Date("20260821T04:00:23"), "<dateTime.iso8601>20260821T04:00:23</dateTime.iso8601>"},
		{Nil{}, "<nil/>"},
		{Base64("hi"), "<base64>aGk=</base64>"},
		{Set{}, "<array><data></data></array>"},
		{Set{"a", int64(1)}, "<array><data><value>a</value><value>1</value></data></array>"},
		{Map{}, "<struct></struct>"},
		{Map{{`a&b<c>"d"`, "&"}}, `<struct><member><name>a&b<c>"d"</name><value>&amp;</value></member></struct>`},
	}
	for _, c := range cases {
		if got, want := string(AppendValue(nil, c.v)), "<value>"+c.want+"</value>"; got != want {
			t.Errorf("%#v is written as %s, want %s", c.v, got, want)
		}
	}
}

// The right side is what C's printf("%.16g") writes.
func TestFormatFloat(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0", 1: "1", -1: "-1", 0.1: "0.1", 0.30000000000000004: "0.3", 1e20: "1e+20", 1e15: "1000000000000000", 1e16: "1e+16",
		123456: "123456", 1724207000.123456: "1724207000.123456", 1e-5: "1e-05", 0.0001: "0.0001", 1.5e-10: "1.5e-10", 1e100: "1e+100",
		1.0 / 6: "0.1666666666666667", 2147483648: "2147483648", 100000: "100000", math.Inf(1): "inf", math.Inf(-1): "-inf", 1e5 + 0.5: "100000.5",
	} {
		if got := FormatFloat(f); got != want {
			t.Errorf("%v is written as %s, want %s", f, got, want)
		}
	}
	if got := FormatFloat(math.NaN()); got != "nan" {
		t.Errorf("NaN is written as %s", got)
	}
}

// Every reply of the real xapi, taken apart by a scanner that shares no code with this package, is written again byte
// for byte.
func TestReencode(t *testing.T) {
	ar, err := txtar.ParseFile("testdata/replies.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range ar.Files {
		want := string(bytes.TrimSuffix(f.Data, []byte("\n")))
		s := &scanner{t: t, rest: strings.TrimPrefix(want, head)}
		status := s.value().(Map)
		var got []byte
		if status[0].Value == "Success" {
			got = AppendSuccess(nil, status[1].Value)
		} else {
			var words []string
			for _, w := range status[1].Value.(Set) {
				words = append(words, w.(string))
			}
			got = AppendFailure(nil, words)
		}
		if string(got) != want {
			t.Errorf("%s: written as\n%s\nwant\n%s", f.Name, got, want)
		}
	}
}

// scanner reads xapi's replies as they are: no white space, names not escaped.
type scanner struct {
	t    *testing.T
	rest string
}

func (s *scanner) eat(word string) bool {
	rest, ok := strings.CutPrefix(s.rest, word)
	if ok {
		s.rest = rest
	}
	return ok
}

func (s *scanner) until(end string) string {
	text, rest, ok := strings.Cut(s.rest, end)
	if !ok {
		s.t.Fatalf("no %s in %.80s", end, s.rest)
	}
	s.rest = rest
	return text
}

var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&amp;", "&")

func (s *scanner) value() any {
	if !s.eat("<value>") {
		s.t.Fatalf("no value at %.80s", s.rest)
	}
	var v any
	switch {
	case s.eat("<boolean>"):
		v = s.until("</boolean>") == "1"
	case s.eat("<double>"):
		text := s.until("</double>")
		f := map[string]float64{"0": 0, "1": 1, "0.25": 0.25, "-1": -1, "20": 20}
		if _, ok := f[text]; !ok {
			s.t.Fatalf("a float %s", text)
		}
		v = f[text]
	case s.eat("<dateTime.iso8601>"):
		v = Date(s.until("</dateTime.iso8601>"))
	case s.eat("<array><data>"):
		set := Set{}
		for !s.eat("</data></array>") {
			set = append(set, s.value())
		}
		v = set
	case s.eat("<struct>"):
		m := Map{}
		for !s.eat("</struct>") {
			s.eat("<member><name>")
			e := Entry{Key: s.until("</name>")}
			e.Value = s.value()
			s.eat("</member>")
			m = append(m, e)
		}
		v = m
	default:
		return unescape.Replace(s.until("</value>"))
	}
	s.eat("</value>")
	return v
}

func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{"x", "S(x)"},
		{int64(5), "I(5)"},
		{true, "B(true)"},
		{1.5, "F(1.5)"},
		{Date("20260821T02:00:23Z"), "D(20260821T02:00:23Z)"},
		{Nil{}, "N"},
		{Set{"a", int64(1)}, "[S(a);I(1)]"},
		{Map{{"k", "v"}, {"l", Set{}}}, "{k:S(v);l:[]}"},
		{Base64("b"), "B64(b)"},
	} {
		if got := Describe(c.v); got != c.want {
			t.Errorf("%#v is described as %s, want %s", c.v, got, c.want)
		}
	}
}

var badControl = regexp.MustCompile(`[\x00-\x08\x0b\x0c\x0e-\x1f]`)

func FuzzAppendEscaped(f *testing.F) {
	f.Add("a<b>&\"'\x00\r\n")
	f.Fuzz(func(t *testing.T, s string) {
		got := string(AppendEscaped(nil, s))
		if want := badControl.ReplaceAllString(s, ""); unescape.Replace(got) != want || strings.ContainsAny(got, "<>\"") {
			t.Errorf("%q is written as %q", s, got)
		}
	})
}
