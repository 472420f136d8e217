package simulation

import (
	"strings"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
)

func TestARuleThatIsBrokenIsNamed(t *testing.T) {
	for method, want := range map[string]string{"VM.destroy": "rule 12", "Async.VM.start": ""} {
		h := &history{began: time.Now()}
		h.observe(simulator.Fact{Kind: simulator.FactCall, At: h.began.Add(time.Hour), Method: method, Params: []string{"OpaqueRef:vm"}})
		got := strings.Join(breaches(h), "\n")
		if want == "" && got != "" || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", method, got, want)
		}
	}
}

func TestAStoryNamesTheRuleWhereItIsBroken(t *testing.T) {
	h := &history{began: time.Now()}
	h.observe(simulator.Fact{Kind: simulator.FactLife, At: h.began, Host: "xen-1"})
	h.notef("at 1m0s click start web-1")
	h.observe(simulator.Fact{
		Kind: simulator.FactCall, At: h.began.Add(time.Minute), Host: "xen-1", Method: "VM.destroy", Params: []string{"OpaqueRef:vm"},
	})
	want := []string{"xen-1        begins as the master", "schedule     click start web-1", "controller   -> xen-1: VM.destroy OpaqueRef:vm", "RULE BROKEN  rule 12"}
	story := h.story()
	for _, line := range want {
		_, after, found := strings.Cut(story, line)
		if !found {
			t.Fatalf("%q is not told, or not in its place:\n%s", line, h.story())
		}
		story = after
	}
}
