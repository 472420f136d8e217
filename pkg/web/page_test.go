package web_test

import (
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/xencontroller/xencontroller/pkg/web"
)

func TestPageShowsThePool(t *testing.T) {
	s := web.New(web.Config{View: fixed(exampleView()), Version: "v1.2.3"})
	r := get(t, s, "/")
	page := r.Body
	for _, want := range []string{
		"<b>1</b> of <b>3</b> declared VMs ready", "<b>2</b> drifting", "<b>1</b> actions in flight", // summary
		"in sync", "master <b>xen-1</b>", "3 objects declared (<code>0123456789ab</code>)", "1 VMs not ours", // pool
		"16 of 64 GiB", "<span class=\"badge\">disabled</span>", // hosts
		`class="tile running drift" data-key="rack-1/db-1"`, `class="tile running foreign" data-key="rack-1/vendor-appliance"`,
		`class="tile halted drift acting" data-key="rack-1/web-2"`, "; powerState is Halted, declared Running",
		"<p>Ready=False Drift: on xen-2, declared xen-1</p>", // why
		`value="40"`, "success in 1.5s", "web-2 is Halted, declared Running", "v1.2.3",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	if t.Failed() {
		t.Log(page)
	}
	if csp := r.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("Content-Security-Policy: %q", csp)
	}
}

func TestPageSaysWhatIsWrong(t *testing.T) {
	view := exampleView()
	view.Pools[0].Synced = false
	view.Pools[0].Reason = "the master is gone"
	view.Pools[0].StaleSince = &noon
	view.Pools[0].Declared.Error = "fleet/db.yaml:14:15: spec.powerState: \"Runing\"\n  powerState: Runing\n              ^"
	page := get(t, web.New(web.Config{View: fixed(view)}), "/").Body
	for _, want := range []string{"not in sync", "the master is gone", "12:00:00", "the last good ones stay in force", "\n              ^</pre>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	if page := get(t, web.New(web.Config{View: fixed(web.View{})}), "/").Body; !strings.Contains(page, "No pool is connected yet.") {
		t.Error("without a pool the page does not say so")
	}
}

func TestPageSaysWhatIsNotKnownYet(t *testing.T) {
	view := exampleView()
	db, web1 := &view.VirtualMachines[0], &view.VirtualMachines[2]
	db.PowerState, db.Host, db.Drift, db.Conditions = "", "", nil, []web.Condition{{Type: "Ready", Status: "Unknown", Reason: "NotListed"}}
	web1.PowerState, web1.Host, web1.Conditions = "", "", []web.Condition{{Type: "Ready", Status: "False", Reason: "NotFound"}}
	page := get(t, web.New(web.Config{View: fixed(view)}), "/").Body
	for _, want := range []string{`class="tile unknown" data-key="rack-1/db-1"`, `class="tile missing" data-key="rack-1/web-1"`, "Ready=Unknown NotListed"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	if n := strings.Count(page, "missing"); n != 3 { // web-1: its tile's class and words, and its row
		t.Errorf("%d things are called missing", n)
	}
}

// Whoever may name a VM must not be able to run anything in the browser of whoever looks at it.
func TestHostileTextIsEscaped(t *testing.T) {
	const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>' onload='x`
	view := exampleView()
	poison(reflect.ValueOf(&view).Elem(), hostile)
	view.VirtualMachines[0].Conditions[0].Type = "Ready"
	s := web.New(web.Config{View: fixed(view), Version: hostile})
	page := get(t, s, "/").Body
	if n := strings.Count(page, "&lt;script&gt;"); n < 20 {
		t.Fatalf("the hostile text is on the page %d times; the test does not test much", n)
	}
	wantTame(t, page)
}

// poison writes text into every string of a value.
func poison(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Struct:
		for _, field := range v.Fields() {
			if field.CanSet() {
				poison(field, text)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i), text)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem(), text)
		}
	}
}

// wantTame reads the page as a browser does: one script, our own; no image; no attribute that runs anything.
func wantTame(t *testing.T, page string) {
	t.Helper()
	scripts := 0
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			if !errors.Is(z.Err(), io.EOF) {
				t.Errorf("parsing the page: %v", z.Err())
			}
			if scripts != 1 {
				t.Errorf("%d scripts on the page, want our own one", scripts)
			}
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			if token.Data == "script" {
				scripts++
			}
			if token.Data == "img" {
				t.Errorf("an image on the page: %s", token)
			}
			for _, a := range token.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || strings.HasPrefix(a.Val, "javascript:") {
					t.Errorf("attribute %s on the page: %s", a.Key, token)
				}
			}
		}
	}
}

func TestAssetsAreOurOwn(t *testing.T) {
	s := web.New(web.Config{View: fixed(web.View{})})
	for path, contentType := range map[string]string{"/page/page.css": "text/css; charset=utf-8", "/page/page.js": "text/javascript; charset=utf-8"} {
		r := get(t, s, path)
		text := r.Body
		if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != contentType {
			t.Errorf("%s: %s, %s", path, r.Status, r.Header.Get("Content-Type"))
		}
		if strings.Contains(text, "http:") || strings.Contains(text, "https:") {
			t.Errorf("%s fetches something from elsewhere", path)
		}
	}
}

func TestNotableConditions(t *testing.T) {
	vm := web.VirtualMachine{Conditions: []web.Condition{
		{Type: "Ready", Status: "False", Reason: "OperationInProgress", Message: "Start web-1"},
		{Type: "UpToDate", Status: "False", Reason: "PowerStateDrift", Message: "powerState is Halted, declared Running"},
		{Type: "Reconciling", Status: "True", Reason: "OperationInProgress", Message: "Start web-1"},
		{Type: "Contested", Status: "True", Reason: "Contested", Message: "somebody turned it back 3 times"},
		{Type: "HostLost", Status: "False", Reason: "InSync"},
	}}
	var got []string
	for _, c := range vm.Notable() {
		got = append(got, c.Type)
	}
	if want := []string{"Ready", "Contested"}; !slices.Equal(got, want) {
		t.Errorf("notable are %q, want %q", got, want)
	}
	vm.Conditions = []web.Condition{{Type: "Ready", Status: "True", Reason: "InSync"}, {Type: "UpToDate", Status: "True", Reason: "InSync"}}
	if got := vm.Notable(); len(got) != 0 {
		t.Errorf("notable of a VM that is as declared are %v, want none", got)
	}
}
