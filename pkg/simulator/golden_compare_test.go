package simulator

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	generation = regexp.MustCompile(`\b\d{20}\b`)

	token = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

	contentLength = regexp.MustCompile(`content-length: \d+`)

	// figures are what depends on when and how long the real server ran: times, ids of events and domains, generations, and how many
	// rows each table had.
	figures = []struct {
		pattern *regexp.Regexp
		with    string
	}{
		{regexp.MustCompile(`\b20\d{6}T\d\d:\d\d:\d\d`), "TIME"},
		{regexp.MustCompile(`\b\d{20},\d{20}\b`), "GENERATIONS"},
		{regexp.MustCompile(`(<name>id</name><value>|"id":")\d+(</value></member><member><name>timestamp</name><value>|","timestamp":")\d+\.(</value>|")`), "${1}N${2}N$3"},
		{regexp.MustCompile(`(<name>id</name><value>|"id":")[1-9]\d*(</value>|",)`), "${1}N$2"},
		{regexp.MustCompile(`(<name>domid</name><value>)\d+`), "${1}N"},
		{regexp.MustCompile(`<i4>\d+</i4>`), "<i4>N</i4>"},
		{regexp.MustCompile(`"(\w+)":\d+(,|\},"token")`), `"$1":N$2`},
	}
)

func withoutFigures(body string) string {
	for _, f := range figures {
		body = f.pattern.ReplaceAllString(body, f.with)
	}
	return body
}

// compare tells the first difference. A token that the recording made on the way is learned.
func (r *replay) compare(got, want string) string {
	if g, w := generation.FindAllString(got, -1), generation.FindAllString(want, -1); len(g) == len(w) {
		for i := range g {
			if strings.Trim(w[i], "0") != "" {
				r.learned[w[i]] = g[i]
			}
		}
	}
	got, want = withoutFigures(got), withoutFigures(want)
	ours, golden := token.FindAllString(got, -1), token.FindAllString(want, -1)
	if diff := firstDifference(token.ReplaceAllString(got, "TOKEN"), token.ReplaceAllString(want, "TOKEN")); diff != "" {
		return diff
	}
	for i := range golden {
		known, seen := r.learned[golden[i]]
		switch {
		case golden[i] == ours[i] || seen && known == ours[i]:
		case seen || r.loaded["OpaqueRef:"+golden[i]]:
			return fmt.Sprintf("token %d is %s, want %s", i, ours[i], golden[i])
		default:
			r.learned[golden[i]] = ours[i]
		}
	}
	return ""
}

// withoutEventsOf is an answer of event.next without the events of an object.
func withoutEventsOf(ref, body string) string {
	const each = "<value><struct><member><name>id</name>"
	parts := strings.Split(body, each)
	tail := ""
	last := len(parts) - 1
	if i := strings.LastIndex(parts[last], "</data></array>"); i >= 0 {
		parts[last], tail = parts[last][:i], parts[last][i:]
	}
	parts = slices.DeleteFunc(parts, func(event string) bool { return strings.Contains(event, "<name>ref</name><value>"+ref+"<") })
	return strings.Join(parts, each) + tail
}

// sorted is a body whose members or elements are in the order of what they say, with references that were made on the way
// left out of it: get_all_records has them in the order of random references.
func (r *replay) sorted(body string) string {
	for _, separator := range []string{"<member><name>OpaqueRef:", "<value>OpaqueRef:"} {
		parts := strings.Split(body, separator)
		if len(parts) < 2 {
			continue
		}
		last := len(parts) - 1
		end := strings.LastIndex(strings.TrimSuffix(parts[last], "</struct></value></member></struct></value></param></params></methodResponse>"), "</value>")
		if separator[1] == 'v' {
			end = strings.Index(parts[last], "</value>")
		}
		tail := parts[last][end+len("</value>"):]
		parts[last] = parts[last][:end+len("</value>")]
		if separator[1] == 'm' {
			parts[last], tail = parts[last]+"</member>", strings.TrimPrefix(tail, "</member>")
		}
		slices.SortFunc(parts[1:], func(a, b string) int { return strings.Compare(r.known(a), r.known(b)) })
		return strings.Join(parts, separator) + tail
	}
	return body
}

// known is a text with only those tokens that were loaded.
func (r *replay) known(text string) string {
	return token.ReplaceAllStringFunc(withoutFigures(text), func(t string) string {
		if r.loaded["OpaqueRef:"+t] {
			return t
		}
		return "TOKEN"
	})
}

// firstDifference shows where two texts part.
func firstDifference(got, want string) string {
	if got == want {
		return ""
	}
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	around := func(s string) string { return s[max(0, i-100):min(len(s), i+250)] }
	return fmt.Sprintf("at byte %d it is\n…%s…\nwant\n…%s…", i, around(got), around(want))
}
