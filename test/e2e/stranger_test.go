package e2e

import (
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"net/http"
	"strings"
	"testing"
)

// stranger is an XML-RPC client that shares no code with ours: the standard library and string concatenation.
type stranger struct {
	tb      testing.TB
	url     string
	session string
}

// value is a value of XML-RPC.
type value struct {
	Text   string  `xml:",chardata"`
	String *string `xml:"string"`
	Array  []value `xml:"array>data>value"`
	Struct []struct {
		Name  string `xml:"name"`
		Value value  `xml:"value"`
	} `xml:"struct>member"`
}

// text is a scalar.
func (v value) text() string {
	if v.String != nil {
		return *v.String
	}
	return v.Text
}

// texts are the items of an array.
func (v value) texts() []string {
	var all []string
	for _, item := range v.Array {
		all = append(all, item.text())
	}
	return all
}

// member is a member of a struct.
func (v value) member(name string) value {
	for _, m := range v.Struct {
		if m.Name == name {
			return m.Value
		}
	}
	return value{}
}

// try makes a call; params are texts or booleans.
func (s *stranger) try(method string, params ...any) (value, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0"?><methodCall><methodName>%s</methodName><params>`, method)
	for _, p := range params {
		switch p := p.(type) {
		case bool:
			fmt.Fprintf(&b, "<param><value><boolean>%d</boolean></value></param>", map[bool]int{true: 1}[p])
		default:
			fmt.Fprintf(&b, "<param><value><string>%s</string></value></param>", html.EscapeString(fmt.Sprint(p)))
		}
	}
	b.WriteString("</params></methodCall>")
	response, err := http.Post(s.url, "text/xml", strings.NewReader(b.String()))
	if err != nil {
		return value{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return value{}, err
	}
	var reply struct {
		Value value `xml:"params>param>value"`
	}
	if err := xml.Unmarshal(body, &reply); err != nil {
		return value{}, fmt.Errorf("%s: %w: %s", method, err, body)
	}
	if status := reply.Value.member("Status").text(); status != "Success" {
		return value{}, fmt.Errorf("%s: %v", method, reply.Value.member("ErrorDescription").texts())
	}
	return reply.Value.member("Value"), nil
}

// call makes a call with the session that has to work.
func (s *stranger) call(method string, params ...any) value {
	s.tb.Helper()
	v, err := s.try(method, append([]any{s.session}, params...)...)
	if err != nil {
		s.tb.Fatal(err)
	}
	return v
}

// login logs in at a host.
func login(tb testing.TB, url string) *stranger {
	tb.Helper()
	s := &stranger{tb: tb, url: url}
	eventually(tb, "a stranger is let in at "+url, func() error {
		v, err := s.try("session.login_with_password", "root", "xenroot", "1.0", "stranger")
		s.session = v.text()
		return err
	})
	return s
}

// vm finds a VM by its name.
func (s *stranger) vm(name string) string {
	s.tb.Helper()
	refs := s.call("VM.get_by_name_label", name).texts()
	if len(refs) != 1 {
		s.tb.Fatalf("%d VMs are called %s", len(refs), name)
	}
	return refs[0]
}

// powerState is the power state of a VM.
func (s *stranger) powerState(name string) string {
	s.tb.Helper()
	return s.call("VM.get_power_state", s.vm(name)).text()
}

// host is the name of the host that a VM is resident on.
func (s *stranger) host(name string) string {
	s.tb.Helper()
	ref := s.call("VM.get_resident_on", s.vm(name)).text()
	if ref == "OpaqueRef:NULL" {
		return ""
	}
	return s.call("host.get_name_label", ref).text()
}

// becomes waits for a VM to reach a power state.
func (s *stranger) becomes(name, state string) {
	s.tb.Helper()
	eventually(s.tb, name+" is "+state, func() error {
		if got := s.powerState(name); got != state {
			return fmt.Errorf("it is %s", got)
		}
		return nil
	})
}

// noTasks waits until no task is left but those that belong to nobody's call of ours.
func (s *stranger) noTasks() {
	s.tb.Helper()
	eventually(s.tb, "no task is left", func() error {
		var left []string
		for _, ref := range s.call("task.get_all").texts() {
			name, err := s.try("task.get_name_label", s.session, ref)
			if err == nil && strings.HasPrefix(name.text(), "Async.") {
				left = append(left, name.text())
			}
		}
		if len(left) > 0 {
			return fmt.Errorf("%v are", left)
		}
		return nil
	})
}
